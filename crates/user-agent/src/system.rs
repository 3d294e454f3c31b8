//! The operating system an agent names, and the form of the device it runs on.

use rollcall_model::DeviceType;

use crate::agent::{Agent, leading};

/// Systems that call themselves by one word, most particular first: an agent on Tizen or Android says Linux
/// too, and so does every distribution.
const ONE_WORD: [(&str, &str); 28] = [
    ("Tizen", "Tizen"),
    ("Web0S", "webOS"),
    ("webOS", "webOS"),
    ("Android", "Android"),
    ("CrOS", "Chromium OS"),
    ("Ubuntu", "Ubuntu"),
    ("Kubuntu", "Kubuntu"),
    ("Fedora", "Fedora"),
    ("Debian", "Debian"),
    ("Raspbian", "Raspbian"),
    ("Mint", "Linux Mint"),
    ("openSUSE", "openSUSE"),
    ("SUSE", "SUSE"),
    ("Arch", "Arch Linux"),
    ("Manjaro", "Manjaro"),
    ("CentOS", "CentOS"),
    ("Gentoo", "Gentoo"),
    ("Mageia", "Mageia"),
    ("Mandriva", "Mandriva"),
    ("Slackware", "Slackware"),
    ("FreeBSD", "FreeBSD"),
    ("OpenBSD", "OpenBSD"),
    ("NetBSD", "NetBSD"),
    ("DragonFly", "DragonFly"),
    ("SunOS", "SunOS"),
    ("Haiku", "Haiku"),
    ("Linux", "Linux"),
    ("GNU/Linux", "Linux"),
];

/// An operating system.
pub struct System {
    /// Its name; empty when unknown.
    pub name: &'static str,
    /// Its version; `None` when only the name is known, empty when not even that.
    pub version: Option<String>,
}

impl System {
    /// The system that `agent` names.
    ///
    /// Windows comes first, because Windows phones say Android, iPhone and Mac OS X too, and iOS before Mac OS,
    /// because it says `like Mac OS X`.
    pub fn of(agent: &Agent) -> Self {
        windows(agent)
            .or_else(|| ios(agent))
            .or_else(|| mac_os(agent))
            .or_else(|| ONE_WORD.iter().find_map(|(word, name)| one_word(agent, word, name)))
            .unwrap_or(Self { name: "", version: Some(String::new()) })
    }

    /// What kind of device `agent` runs on, when it is known to be no computer.
    pub fn form_factor(&self, agent: &Agent) -> Option<DeviceType> {
        if ["SMART-TV", "SmartTV", "Web0S"].iter().any(|word| agent.text().contains(word))
            || self.name == "Tizen" && agent.text().contains("TV")
        {
            return Some(DeviceType::SmartTv);
        }
        match self.name {
            "iOS" if agent.says("iPad") => Some(DeviceType::Tablet),
            "iOS" | "Windows Phone" => Some(DeviceType::Mobile),
            // Internet Explorer on Windows computers says `Tablet PC 2.0`.
            "Windows" | "Mac OS" => None,
            _ if agent.says("Tablet") => Some(DeviceType::Tablet),
            _ if agent.says("Mobile") => Some(DeviceType::Mobile),
            "Android" => Some(DeviceType::Tablet),
            _ => None,
        }
    }
}

fn windows(agent: &Agent) -> Option<System> {
    if agent.after(&["Windows", "Phone"]).is_some() {
        let version = agent.number_after(&["Windows", "Phone"]).and_then(number);
        return Some(System { name: "Windows Phone", version });
    }
    let words = agent.after(&["Windows"])?;
    let version = match agent.number_after(&["Windows", "NT"]).and_then(number) {
        Some(release) => Some(windows_nt(&release)),
        None => match words.first() {
            Some(word @ (&"XP" | &"Vista" | &"ME")) => Some((*word).to_owned()),
            _ => agent.number_after(&["Windows"]).and_then(number),
        },
    };
    Some(System { name: "Windows", version })
}

/// The name that a release of Windows NT was sold under.
fn windows_nt(release: &str) -> String {
    let mut numbers = release.split('.');
    let name = match (numbers.next(), numbers.next()) {
        (Some("10"), Some("0")) | (Some("6"), Some("4")) => "10",
        (Some("6"), Some("3")) => "8.1",
        (Some("6"), Some("2")) => "8",
        (Some("6"), Some("1")) => "7",
        (Some("6"), Some("0")) => "Vista",
        (Some("5"), Some("1" | "2")) => "XP",
        (Some("5"), Some("0")) => "2000",
        _ => return format!("NT {release}"),
    };
    name.to_owned()
}

/// `CPU iPhone OS 17_5_1 like Mac OS X`, on an iPad `CPU OS 16_7 like Mac OS X`.
fn ios(agent: &Agent) -> Option<System> {
    let known = ["iPhone", "iPad", "iPod"].iter().any(|word| agent.says(word));
    known.then(|| System { name: "iOS", version: agent.number_after(&["OS"]).and_then(number) })
}

fn mac_os(agent: &Agent) -> Option<System> {
    let known = agent.after(&["Mac", "OS"]).is_some() || agent.says("Macintosh") || agent.says("Mac_PowerPC");
    known.then(|| System { name: "Mac OS", version: agent.number_after(&["Mac", "OS"]).and_then(number) })
}

/// `Android 14`, `CrOS x86_64 14541.0.0`, `Ubuntu`, `Ubuntu/10.10`.
fn one_word(agent: &Agent, word: &str, name: &'static str) -> Option<System> {
    let version = match agent.after(&[word]) {
        Some(_) => agent.number_after(&[word]),
        // `Fedora/3.5.3-1.fc11` is the version of the browser's package.
        None => Some(agent.version_of(word)?).filter(|version| !version.contains('-')),
    };
    Some(System { name, version: version.and_then(number) })
}

/// The numbers that `word` begins with, separated by dots.
fn number(word: &str) -> Option<String> {
    let number = leading(word, |char| char.is_ascii_digit() || matches!(char, '.' | '_'));
    let number = number.trim_end_matches(['.', '_']);
    number.starts_with(|char: char| char.is_ascii_digit()).then(|| number.replace('_', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_named_with_its_version_if_that_is_a_number() {
        for (agent, name, version) in [
            ("(Windows NT 10.0; Win64; x64)", "Windows", Some("10")),
            ("(Windows NT 10.0.22631)", "Windows", Some("10")),
            ("(Windows; U; Windows NT 5.2; de)", "Windows", Some("XP")),
            ("(compatible; Windows NT 4.0)", "Windows", Some("NT 4.0")),
            ("(Windows NT 11.0)", "Windows", Some("NT 11.0")),
            ("(Windows NT 16_5)", "Windows", Some("NT 16.5")),
            ("(Windows NT; x64)", "Windows", None),
            ("(Windows 98)", "Windows", Some("98")),
            ("(Windows XP 5.1)", "Windows", Some("XP")),
            ("(Windows Phone 8.1; Android 4.0) like iPhone OS 7_0_3 Mac OS X", "Windows Phone", Some("8.1")),
            ("(iPhone; U; CPU like Mac OS X; en)", "iOS", None),
            ("(iPad; CPU OS 16_7 like Mac OS X)", "iOS", Some("16.7")),
            ("(Macintosh; PPC Mac OS X Mach-O; en)", "Mac OS", None),
            ("(Macintosh; Intel Mac OS X 10_15_7)", "Mac OS", Some("10.15.7")),
            ("(SMART-TV; LINUX; Tizen 5.0)", "Tizen", Some("5.0")),
            ("(webOS/1.4.0; U)", "webOS", Some("1.4.0")),
            ("(Web0S; Linux/SmartTV)", "webOS", None),
            ("(Linux; U; Android 2.1-update1; de)", "Android", Some("2.1")),
            ("(Android; Mobile; rv:40.0)", "Android", None),
            ("(Linux; Android UpsideDownCake; x)", "Android", None),
            ("(X11; CrOS aarch64 15236.66.0)", "Chromium OS", Some("15236.66.0")),
            ("(X11; Linux i686) Ubuntu/11.10 x", "Ubuntu", Some("11.10")),
            ("(X11; Linux i686) Fedora/3.5.3-1.fc11 x", "Fedora", None),
            ("(X11; U; Linux x86_64; Linux Mint; en)", "Linux Mint", None),
            ("(X11; FreeBSD amd64; rv:115.0)", "FreeBSD", None),
            ("(X11; Linux x86_64)", "Linux", None),
            ("(PlayStation 4 3.11)", "", Some("")),
        ] {
            let system = System::of(&Agent::read(agent));
            assert_eq!((system.name, system.version.as_deref()), (name, version), "{agent}");
        }
    }

    #[test]
    fn a_form_is_known_by_its_words() {
        for (agent, form) in [
            ("(iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148", Some(DeviceType::Mobile)),
            ("(iPad; CPU OS 16_7 like Mac OS X) Mobile/15E148", Some(DeviceType::Tablet)),
            ("(Linux; Android 13; T-Mobile REVVL TAB 5G) Safari/537.36", Some(DeviceType::Tablet)),
            ("(Linux; Android 13; Pixel 7) Mobile Safari/537.36", Some(DeviceType::Mobile)),
            ("(Android 12; Tablet; rv:109.0)", Some(DeviceType::Tablet)),
            ("(Linux; Tizen 2.3; SM-Z130H) Mobile Safari/537.3", Some(DeviceType::Mobile)),
            ("(Linux; Tizen 2.3) TV Safari/538.1", Some(DeviceType::SmartTv)),
            ("(Web0S; Linux/SmartTV)", Some(DeviceType::SmartTv)),
            ("(Windows Phone 8.0; Touch)", Some(DeviceType::Mobile)),
            ("(Windows NT 6.1; Tablet PC 2.0)", None),
            ("(Macintosh; Intel Mac OS X 10_15_7)", None),
            ("(X11; Linux x86_64)", None),
        ] {
            let agent = Agent::read(agent);
            assert_eq!(System::of(&agent).form_factor(&agent), form, "{}", agent.text());
        }
    }
}
