//! Tables of user agents and the devices they name.

use rollcall_model::{Device, DeviceType};
use serde_json::Value;

/// A row of a table: what the agent is, its header, and the device it names.
pub struct Row {
    pub note: String,
    pub agent: Option<String>,
    pub device: Device,
}

/// Reads a table, which is an array of `{"note", "ua", "device"}`.
pub fn table(json: &str) -> Vec<Row> {
    let rows: Vec<Value> = serde_json::from_str(json).expect("the table is an array");
    rows.iter()
        .map(|row| Row {
            note: text(&row["note"]),
            agent: row["ua"].as_str().map(str::to_owned),
            device: device(&row["device"]),
        })
        .collect()
}

fn device(json: &Value) -> Device {
    let device_type = DeviceType::ALL.into_iter().find(|kind| json["type"] == kind.as_str());
    Device {
        device_type: device_type.unwrap_or_else(|| panic!("no such type: {json}")),
        name: text(&json["name"]),
        long_version: text(&json["longVersion"]),
        version: text(&json["version"]),
        os_name: text(&json["os"]["name"]),
        os_version: json["os"].get("version").map(text),
    }
}

fn text(json: &Value) -> String {
    json.as_str().expect("the value is text").to_owned()
}
