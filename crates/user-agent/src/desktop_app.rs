//! The desktop app, and every other Electron program.

use rollcall_model::{Device, DeviceType};

use crate::{
    agent::{Agent, leading, version},
    system::System,
};

/// The desktop app that `agent` names, if it names one; the short version is left empty.
pub fn device(agent: &Agent) -> Option<Device> {
    let (_, electron) = agent.text().split_once(" Electron/")?;
    let (name, long_version) =
        rocket_chat(agent).map_or(("Electron", version(electron)), |version| ("Rocket.Chat", version));
    let system = System::of(agent);
    Some(Device {
        device_type: DeviceType::DesktopApp,
        name: name.to_owned(),
        long_version: long_version.to_owned(),
        version: String::new(),
        os_name: system.name.to_owned(),
        os_version: system.version,
    })
}

/// The digits and dots of `Rocket.Chat/<version>`.
fn rocket_chat<'a>(agent: &Agent<'a>) -> Option<&'a str> {
    let version = leading(agent.version_of("Rocket.Chat")?, |char| char.is_ascii_digit() || char == '.');
    let version = version.trim_matches('.');
    (!version.is_empty()).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(agent: &str) -> Option<(String, String)> {
        device(&Agent::read(agent)).map(|device| (device.name, device.long_version))
    }

    #[test]
    fn a_white_space_before_electron_makes_it_a_desktop_app() {
        for (agent, name, long_version) in [
            ("Rocket.Chat/4.1.2 Electron/31.7.3", "Rocket.Chat", "4.1.2"),
            ("Electron/31 (x) Electron/31.7.3 Rocket.Chat/4.2.0-alpha.1", "Rocket.Chat", "4.2.0"),
            ("Rocket.Chat/develop Electron/31.7.3-beta.2 x", "Electron", "31.7.3-beta.2"),
            ("MyRocket.Chat/1.0 Electron/", "Electron", ""),
        ] {
            assert_eq!(read(agent), Some((name.to_owned(), long_version.to_owned())), "{agent}");
        }
        for agent in
            ["Electron/31.7.3", "Rocket.Chat/4.1.2 (Electron/31.7.3)", "Rocket.Chat/4.1.2", "x NotElectron/1"]
        {
            assert_eq!(read(agent), None, "{agent}");
        }
    }
}
