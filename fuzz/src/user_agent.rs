//! Any header is read as a device whose texts are safe to show and whose version is its long one, cut.

use rollcall_http::client_fragment;
use rollcall_model::{DeviceType, limits};
use serde_json::Value;

/// Reads a user agent.
pub fn user_agent(data: &[u8]) {
    let header = String::from_utf8_lossy(data);
    let device = rollcall_user_agent::device(Some(&header));
    if device.device_type != DeviceType::MobileApp {
        let cut: String = header.chars().take(limits::AGENT_CHARS).collect();
        assert_eq!(device, rollcall_user_agent::device(Some(&cut)), "more is read than is kept");
    }
    assert!(device.long_version.contains(&device.version));
    let numbers: Vec<_> = device.version.split('.').collect();
    let are_numbers = numbers.iter().all(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    let all_there = numbers.iter().all(|number| !number.is_empty());
    assert!(device.version.is_empty() || (numbers.len() <= 3 && are_numbers && all_there), "{device:?}");
    // As rows show it: whatever the header says, it stays within its quotes.
    let shown: Value = match serde_json::from_str(&format!("{{{}}}", client_fragment(&device, ""))) {
        Ok(shown) => shown,
        Err(error) => panic!("{error}: {device:?}"),
    };
    let shown = &shown["device"];
    assert_eq!(shown["type"], device.device_type.as_str());
    assert_eq!(shown["name"], *device.name);
    assert_eq!(shown["longVersion"], *device.long_version);
    assert_eq!(shown["version"], *device.version);
    assert_eq!(shown["os"]["name"], *device.os_name);
    assert_eq!(shown["os"].get("version").and_then(Value::as_str), device.os_version.as_deref());
}
