//! Whatever a header holds, it is read as some device, and the device says nothing the header did not.

use proptest::{collection::vec, prelude::*, sample::select};
use rollcall_model::{Device, DeviceType};
use rollcall_user_agent::device;

/// Every name a browser, an app or a system is given.
const NAMES: &[&str] = &[
    "",
    "Chrome",
    "Chrome WebView",
    "DuckDuckGo",
    "Edge",
    "Electron",
    "Firefox",
    "IE",
    "Mobile Safari",
    "Opera",
    "RC Mobile",
    "Rocket.Chat",
    "Safari",
    "Samsung Internet",
    "Vivaldi",
    "Yandex",
    "Android",
    "Arch Linux",
    "CentOS",
    "Chromium OS",
    "Debian",
    "DragonFly",
    "Fedora",
    "FreeBSD",
    "Gentoo",
    "Haiku",
    "Kubuntu",
    "Linux",
    "Linux Mint",
    "Mac OS",
    "Mageia",
    "Mandriva",
    "Manjaro",
    "NetBSD",
    "OpenBSD",
    "Raspbian",
    "SUSE",
    "Slackware",
    "SunOS",
    "Tizen",
    "Ubuntu",
    "Windows",
    "Windows Phone",
    "iOS",
    "openSUSE",
    "webOS",
];

/// Every version of Windows that is a name.
const WINDOWS: &[&str] = &["10", "8.1", "8", "7", "Vista", "XP", "ME", "2000"];

/// Fragments of agents, of which noise is made that gets past the first look.
const FRAGMENTS: &[&str] = &[
    "RC Mobile",
    "RC Mobile;",
    "ios 17.4.1",
    "v4.47.0 (50123)",
    " Electron/",
    "Rocket.Chat/",
    "4.1.2",
    "Chrome/",
    "Safari/",
    "Mobile",
    "Tablet",
    "Version/",
    "Opera ",
    "Opera/9.80",
    "Mini/",
    "MSIE ",
    "Trident/",
    "rv:",
    "Firefox/",
    "Edg/",
    "; wv)",
    "(",
    ")",
    ";",
    ",",
    " ",
    "/",
    ".",
    "_",
    "-",
    "é",
    "٣",
    "\u{a0}",
    "🦀",
    "0",
    "12",
    "Windows NT ",
    "Windows ",
    "Windows Phone ",
    "10.0",
    "Vista",
    "iPhone",
    "iPad",
    "OS ",
    "16_5",
    "Mac OS X ",
    "Android ",
    "CrOS x86_64 ",
    "Ubuntu/",
    "Fedora/3-1",
    "Linux",
    "Tizen ",
    "TV",
    "Web0S",
    "webOS/",
];

fn header() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![8 => select(FRAGMENTS).prop_map(str::to_owned), 1 => any::<String>()];
    prop_oneof![
        any::<String>(),
        "(?s).{0,2000}",
        vec(fragment, 0..60).prop_map(|fragments| fragments.concat()),
    ]
}

/// Whether every character of `text` occurs in `header`.
fn is_of(text: &str, header: &str) -> bool {
    text.chars().all(|char| header.contains(char))
}

fn check(header: &str) -> Result<(), TestCaseError> {
    let Device { device_type, name, long_version, version, os_name, os_version } = device(Some(header));
    prop_assert!(NAMES.contains(&&*name));
    prop_assert!(is_of(&long_version, header));
    prop_assert!(long_version.contains(&version));
    let os_version = os_version.unwrap_or_default();
    if device_type == DeviceType::MobileApp {
        prop_assert!(is_of(&os_name, header) && is_of(&os_version, header));
    } else {
        prop_assert!(NAMES.contains(&&*os_name));
        let named = os_name == "Windows" && WINDOWS.contains(&&*os_version);
        prop_assert!(named || is_of(&os_version, &header.replace('_', ".")));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_header_is_some_device_and_only_its_own_words(header in header()) {
        check(&header)?;
    }
}

#[test]
fn a_megabyte_of_anything_is_some_device() {
    for unit in ["(", "a/", "RC Mobile;", " Electron/", "Chrome/1.", "1.", "é", "Windows ", " \t"] {
        check(&unit.repeat(1_000_000 / unit.len())).unwrap();
    }
}
