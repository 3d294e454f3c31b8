//! The agents of the contract's table with every number, build and model in them at random: what the device
//! says follows the agent, so no table of whole strings could pass.

mod agents;

use proptest::{collection::vec, prelude::*, sample::select};
use rollcall_model::{
    Device,
    DeviceType::{self, Browser, DesktopApp, Mobile, MobileApp, Other, SmartTv, Tablet},
};

/// An agent of the table with holes: `{v}` the version that counts, `{s}` the system's (`{s_}` with
/// underscores), `{nt}` a Windows, `{n}` a build number, `{x}` some other version, `{m}` a model, `{b}` a build.
struct Family {
    note: &'static str,
    agent: &'static str,
    device: (DeviceType, &'static str),
    os_name: &'static str,
}

const fn family(
    note: &'static str,
    device: (DeviceType, &'static str),
    os_name: &'static str,
    agent: &'static str,
) -> Family {
    Family { note, agent, device, os_name }
}

#[rustfmt::skip]
const FAMILIES: &[Family] = &[
    family("Chrome on Windows 10 (Windows 11 sends the same string)", (Browser, "Chrome"), "Windows",
        "Mozilla/5.0 (Windows NT {nt}; Win64; x64) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{v} Safari/{x}"),
    family("Chrome, reduced version, Windows 11", (Browser, "Chrome"), "Windows",
        "Mozilla/5.0 (Windows NT {nt}; Win64; x64) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{v} Safari/{x}"),
    family("Chrome on Windows 7", (Browser, "Chrome"), "Windows",
        "Mozilla/{x} (Windows NT {nt}; Win64; x64) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{v} Safari/{x}"),
    family("Chrome on macOS: must be a browser, not an empty type", (Browser, "Chrome"), "Mac OS",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X {s_}) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{v} Safari/{x}"),
    family("Chrome on Linux", (Browser, "Chrome"), "Linux",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{v} Safari/{x}"),
    family("Brave (indistinguishable from Chrome by user agent)", (Browser, "Chrome"), "Linux",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{v} Safari/{x}"),
    family("Chrome on ChromeOS", (Browser, "Chrome"), "Chromium OS",
        "Mozilla/5.0 (X11; CrOS x86_64 {s}) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{v} Safari/{x}"),
    family("Chrome on Android phone, reduced", (Mobile, "Chrome"), "Android",
        "Mozilla/5.0 (Linux; Android {s}; {m}) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{v} Mobile Safari/{x}"),
    family("Chrome on Pixel 7", (Mobile, "Chrome"), "Android",
        "Mozilla/5.0 (Linux; Android {s}; {m}) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{v} Mobile Safari/{x}"),
    family("Chrome on Samsung Galaxy tablet", (Tablet, "Chrome"), "Android",
        "Mozilla/5.0 (Linux; Android {s}; {m}) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{v} Safari/{x}"),
    family("Chrome on iPhone", (Mobile, "Chrome"), "iOS",
        "Mozilla/5.0 (iPhone; CPU iPhone OS {s_} like Mac OS X) AppleWebKit/{x} (KHTML, like Gecko) CriOS/{v} Mobile/{b} Safari/{x}"),
    family("Firefox on Windows 10", (Browser, "Firefox"), "Windows",
        "Mozilla/5.0 (Windows NT {nt}; Win64; x64; rv:{x}) Gecko/{x} Firefox/{v}"),
    family("Firefox on macOS", (Browser, "Firefox"), "Mac OS",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X {s}; rv:{x}) Gecko/{x} Firefox/{v}"),
    family("Firefox on Ubuntu", (Browser, "Firefox"), "Ubuntu",
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:{x}) Gecko/{x} Firefox/{v}"),
    family("Firefox on Fedora", (Browser, "Firefox"), "Fedora",
        "Mozilla/5.0 (X11; Fedora; Linux x86_64; rv:{x}) Gecko/{x} Firefox/{v}"),
    family("Firefox on Android", (Mobile, "Firefox"), "Android",
        "Mozilla/5.0 (Android {s}; Mobile; rv:{x}) Gecko/{x} Firefox/{v}"),
    family("Firefox on iPhone", (Mobile, "Firefox"), "iOS",
        "Mozilla/5.0 (iPhone; CPU iPhone OS {s_} like Mac OS X) AppleWebKit/{x} (KHTML, like Gecko) FxiOS/{v} Mobile/{b} Safari/{x}"),
    family("Safari on macOS (also iPadOS asking for desktop sites)", (Browser, "Safari"), "Mac OS",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X {s_}) AppleWebKit/{x} (KHTML, like Gecko) Version/{v} Safari/{x}"),
    family("Safari on iPhone", (Mobile, "Mobile Safari"), "iOS",
        "Mozilla/5.0 (iPhone; CPU iPhone OS {s_} like Mac OS X) AppleWebKit/{x} (KHTML, like Gecko) Version/{v} Mobile/{b} Safari/{x}"),
    family("Safari on iPad, mobile user agent", (Tablet, "Mobile Safari"), "iOS",
        "Mozilla/5.0 (iPad; CPU OS {s_} like Mac OS X) AppleWebKit/{x} (KHTML, like Gecko) Version/{v} Mobile/{b} Safari/{x}"),
    family("Edge on Windows", (Browser, "Edge"), "Windows",
        "Mozilla/5.0 (Windows NT {nt}; Win64; x64) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{x} Safari/{x} Edg/{v}"),
    family("Edge on macOS", (Browser, "Edge"), "Mac OS",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X {s_}) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{x} Safari/{x} Edg/{v}"),
    family("Edge on Android", (Mobile, "Edge"), "Android",
        "Mozilla/5.0 (Linux; Android {s}; {m}) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{x} Mobile Safari/{x} EdgA/{v}"),
    family("Opera on Windows", (Browser, "Opera"), "Windows",
        "Mozilla/5.0 (Windows NT {nt}; Win64; x64) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{x} Safari/{x} OPR/{v}"),
    family("Opera on Linux", (Browser, "Opera"), "Linux",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{x} Safari/{x} OPR/{v}"),
    family("Samsung Internet", (Mobile, "Samsung Internet"), "Android",
        "Mozilla/5.0 (Linux; Android {s}; SAMSUNG {m}) AppleWebKit/{x} (KHTML, like Gecko) SamsungBrowser/{v} Chrome/{x} Mobile Safari/{x}"),
    family("Vivaldi on Windows", (Browser, "Vivaldi"), "Windows",
        "Mozilla/5.0 (Windows NT {nt}; WOW64) AppleWebKit/{x} (KHTML, like Gecko) Chrome/{x} Safari/{x} Vivaldi/{v}"),
    family("Internet Explorer 11", (Browser, "IE"), "Windows",
        "Mozilla/5.0 (Windows NT {nt}; WOW64; Trident/{x}; rv:{v}) like Gecko"),
    family("Rocket.Chat desktop on Windows", (DesktopApp, "Rocket.Chat"), "Windows",
        "Mozilla/5.0 (Windows NT {nt}; Win64; x64) AppleWebKit/{x} (KHTML, like Gecko) Rocket.Chat/{v} Chrome/{x} Electron/{x} Safari/{x}"),
    family("Rocket.Chat desktop on macOS", (DesktopApp, "Rocket.Chat"), "Mac OS",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X {s_}) AppleWebKit/{x} (KHTML, like Gecko) Rocket.Chat/{v} Chrome/{x} Electron/{x} Safari/{x}"),
    family("Rocket.Chat desktop on Linux", (DesktopApp, "Rocket.Chat"), "Linux",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/{x} (KHTML, like Gecko) Rocket.Chat/{v} Chrome/{x} Electron/{x} Safari/{x}"),
    family("Another Electron application", (DesktopApp, "Electron"), "Linux",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/{x} (KHTML, like Gecko) SomeApp/{x} Chrome/{x} Electron/{v} Safari/{x}"),
    family("Rocket.Chat mobile on iOS", (MobileApp, "RC Mobile"), "ios", "RC Mobile; ios {s}; v{v} ({n})"),
    family("Rocket.Chat mobile on Android", (MobileApp, "RC Mobile"), "android", "RC Mobile; android {s}; v{v} ({n})"),
    family("Samsung smart TV", (SmartTv, "Safari"), "Tizen",
        "Mozilla/5.0 (SMART-TV; LINUX; Tizen {s}) AppleWebKit/{x} (KHTML, like Gecko) Version/{v} TV Safari/{x}"),
    family("curl", (Other, ""), "", "curl/{x}"),
    family("python-requests", (Other, ""), "", "python-requests/{x}"),
    family("Go default client", (Other, ""), "", "Go-http-client/{x}"),
    family("Googlebot", (Other, ""), "", "Mozilla/5.0 (compatible; Googlebot/{x}; +http://www.google.com/bot.html)"),
];

/// Rows of the table in which nothing can vary.
const FIXED: &[&str] = &[
    "Rocket.Chat mobile, name only",
    "Node fetch",
    "Empty string",
    "Header absent",
    "4 KB of garbage",
    "4 KB of letters",
];

/// What the holes of an agent are filled with.
#[derive(Clone, Debug)]
struct Filling {
    version: Vec<u32>,
    system: Vec<u32>,
    windows: (&'static str, &'static str),
    build_number: u32,
    build: String,
    model: String,
    others: Vec<Vec<u32>>,
}

fn filling() -> impl Strategy<Value = Filling> {
    let numbers = || vec(0..=99_999_u32, 1..=4);
    let model = prop_oneof![
        "(SAMSUNG )?[A-Z]{2}-[A-Z][0-9]{3,4}[A-Z]?",
        "Pixel [1-9](a| Pro| XL)?",
        "moto g\\([0-9]{2}\\)( plus)?",
        "T-Mobile REVVL [0-9]",
        "[а-я]{3,8} [0-9]",
        "[A-Z]",
    ];
    (
        numbers(),
        numbers(),
        select(vec![("10.0", "10"), ("6.3", "8.1"), ("6.2", "8"), ("6.1", "7")]),
        any::<u32>(),
        "[0-9]{2}[A-Z][0-9]{1,4}[a-z]?",
        model,
        vec(numbers(), 1..=6),
    )
        .prop_map(|(version, system, windows, build_number, build, model, others)| Filling {
            version,
            system,
            windows,
            build_number,
            build,
            model,
            others,
        })
}

impl Family {
    /// The agent with its holes filled.
    fn agent(&self, filling: &Filling) -> String {
        let mut others = filling.others.iter().cycle();
        let mut agent = String::new();
        for (hole, text) in pieces(self.agent) {
            agent += &match hole {
                "" => String::new(),
                "v" => joined(&filling.version, "."),
                "s" => joined(&filling.system, "."),
                "s_" => joined(&filling.system, "_"),
                "nt" => filling.windows.0.to_owned(),
                "n" => filling.build_number.to_string(),
                "b" => filling.build.clone(),
                "m" => filling.model.clone(),
                "x" => joined(others.next().expect("there is another version"), "."),
                _ => panic!("no such hole: {hole}"),
            };
            agent += text;
        }
        agent
    }

    /// The device that the rules make of the filled agent.
    fn device(&self, filling: &Filling) -> Device {
        let (device_type, name) = self.device;
        if device_type == Other {
            return Device::other();
        }
        let version = joined(&filling.version, ".");
        let has = |hole: &str| self.agent.contains(hole);
        Device {
            device_type,
            name: name.to_owned(),
            version: joined(&filling.version[..filling.version.len().min(3)], "."),
            long_version: if has("{n}") { format!("{version} {}", filling.build_number) } else { version },
            os_name: self.os_name.to_owned(),
            os_version: if has("{nt}") {
                Some(filling.windows.1.to_owned())
            } else if has("{s}") || has("{s_}") {
                Some(joined(&filling.system, "."))
            } else {
                None
            },
        }
    }
}

/// The holes of a template with the text behind each; the text before the first hole comes with an empty one.
fn pieces(template: &str) -> impl Iterator<Item = (&str, &str)> {
    template.split('{').enumerate().map(|(at, piece)| {
        if at == 0 { ("", piece) } else { piece.split_once('}').expect("a hole is closed") }
    })
}

fn joined(numbers: &[u32], separator: &str) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(separator)
}

/// Whether `agent` is `template` with something in its holes.
fn fits(template: &str, agent: &str) -> bool {
    let mut rest = Some(agent);
    for (hole, text) in pieces(template) {
        rest = rest.and_then(|rest| match (hole, text) {
            ("", text) => rest.strip_prefix(text),
            (_, "") => Some(""),
            (_, text) => rest.split_once(text).map(|(_, rest)| rest),
        });
    }
    rest == Some("")
}

#[test]
fn every_agent_of_the_contract_is_of_a_family() {
    for row in agents::table(include_str!("user-agents.json")) {
        let Some(family) = FAMILIES.iter().find(|family| family.note == row.note) else {
            assert!(FIXED.contains(&row.note.as_str()), "{} has no family", row.note);
            continue;
        };
        assert!(fits(family.agent, &row.agent.unwrap()), "{}", row.note);
        assert_eq!(family.device, (row.device.device_type, &*row.device.name), "{}", row.note);
        assert_eq!(family.os_name, row.device.os_name, "{}", row.note);
    }
}

proptest! {
    #[test]
    fn the_device_follows_the_agent(filling in filling()) {
        for family in FAMILIES {
            let agent = family.agent(&filling);
            prop_assert_eq!(rollcall_user_agent::device(Some(&agent)), family.device(&filling), "{}", agent);
        }
    }
}
