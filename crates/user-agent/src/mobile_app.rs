//! The phone app: `RC Mobile; <system> <version>; v<version> (<build>)`.
//!
//! Nothing is looked up: system and versions are taken as the app writes them (`ios`, in lower case).

use rollcall_model::{Device, DeviceType};

const NAME: &str = "RC Mobile";

/// The phone app that `header` names, if it names one; the short version is left empty.
pub fn device(header: &str) -> Option<Device> {
    let mut parts = header.split(';').map(str::trim);
    if parts.next() != Some(NAME) {
        return None;
    }
    let (os_name, os_version) = system(parts.next().unwrap_or_default());
    Some(Device {
        device_type: DeviceType::MobileApp,
        name: NAME.to_owned(),
        long_version: parts.next().map(long_version).unwrap_or_default(),
        version: String::new(),
        os_name: os_name.to_owned(),
        os_version: os_version.map(str::to_owned),
    })
}

/// Name and version in `ios 17.4.1`; the app's names of systems are single words.
fn system(text: &str) -> (&str, Option<&str>) {
    match text.split_once(char::is_whitespace) {
        Some((name, version)) => (name, Some(version.trim_start())),
        None => (text, text.is_empty().then_some("")),
    }
}

/// `v4.48.1 (1234)` as `4.48.1 1234`.
fn long_version(app: &str) -> String {
    let app = app.strip_prefix('v').unwrap_or(app);
    let (version, build) = app.split_once('(').unwrap_or((app, ""));
    let build = build.split(')').next().unwrap_or_default();
    format!("{} {}", version.trim(), build.trim()).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Option<(String, Option<String>, String)> {
        device(header).map(|device| (device.os_name, device.os_version, device.long_version))
    }

    #[test]
    fn every_part_after_the_name_may_be_missing() {
        for (header, name, version, long_version) in [
            ("RC Mobile; android 14; v4.48.1 (1234)", "android", Some("14"), "4.48.1 1234"),
            (" RC Mobile ;ios  17.4.1 ;v4.47.0(50123) ", "ios", Some("17.4.1"), "4.47.0 50123"),
            ("RC Mobile; iOS 12.2; 3.4.0 (250", "iOS", Some("12.2"), "3.4.0 250"),
            ("RC Mobile; android 14; v4.48.1", "android", Some("14"), "4.48.1"),
            ("RC Mobile; android 14; v4.48.1 ()", "android", Some("14"), "4.48.1"),
            ("RC Mobile; android UpsideDownCake; v4.48.1 (1)", "android", Some("UpsideDownCake"), "4.48.1 1"),
            ("RC Mobile; android 14 beta 2; v4.48.1; more", "android", Some("14 beta 2"), "4.48.1"),
            ("RC Mobile; android; v4.48.1", "android", None, "4.48.1"),
            ("RC Mobile; ios 17.4.1", "ios", Some("17.4.1"), ""),
            ("RC Mobile; ; v4.48.1", "", Some(""), "4.48.1"),
            ("RC Mobile;", "", Some(""), ""),
            ("RC Mobile", "", Some(""), ""),
        ] {
            let expected = (name.to_owned(), version.map(str::to_owned), long_version.to_owned());
            assert_eq!(read(header), Some(expected), "{header}");
        }
    }

    #[test]
    fn only_the_exact_name_is_the_app() {
        for header in ["RC Mobile 4; ios 17", "rc mobile; ios 17", "x; RC Mobile", "RC  Mobile; ios 17", ""] {
            assert_eq!(read(header), None, "{header}");
        }
    }
}
