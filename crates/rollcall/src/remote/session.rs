//! A session as a server lists it, in whichever detail it does.

use serde::Deserialize;

/// What rows say. A server may leave out what it does not know.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Session {
    /// Its id: by this it is ended.
    pub session_id: String,
    /// On which device.
    pub device: Device,
    /// The host that the sign-in was sent to.
    pub host: String,
    /// The address that it came from.
    pub ip: String,
    /// When it was opened.
    pub login_at: String,
    /// Whether it is the one that asks; said of one's own only.
    pub current: Option<bool>,
    /// Whose it is; said in lists of everybody's only.
    #[serde(rename = "_user")]
    pub user: Option<User>,
}

/// A device, by its user agent.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Device {
    /// `browser`, `mobile` and the like.
    #[serde(rename = "type")]
    pub device_type: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its operating system.
    pub os: Named,
}

/// Something with a version.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A user.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct User {
    /// The name to sign in by.
    pub username: String,
    /// The name to be called by.
    pub name: String,
}
