//! What the user agent says of a client: type, name, version, system.

/// The device a session was opened on, as its user agent names it (docs/reference/devices.md).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device {
    /// What kind of client it is.
    pub device_type: DeviceType,
    /// Name of the browser or app; empty when unknown.
    pub name: String,
    /// The whole version text; empty when unknown.
    pub long_version: String,
    /// The first up to three dot-separated numbers of `long_version`; empty when there are none.
    pub version: String,
    /// Name of the operating system; empty when unknown.
    pub os_name: String,
    /// Version of the operating system; `None` when the system is known and its version is not.
    pub os_version: Option<String>,
}

impl Device {
    /// A client that says nothing that can be read as a device.
    pub fn other() -> Self {
        Self {
            device_type: DeviceType::Other,
            name: String::new(),
            long_version: String::new(),
            version: String::new(),
            os_name: String::new(),
            os_version: Some(String::new()),
        }
    }
}

/// The kinds of client that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeviceType {
    /// A browser on a computer.
    Browser,
    /// A browser on a phone.
    Mobile,
    /// A browser on a tablet.
    Tablet,
    /// A browser on a television.
    SmartTv,
    /// The desktop application, or another Electron program.
    DesktopApp,
    /// The phone application.
    MobileApp,
    /// Anything else: scripts, bots, no user agent at all.
    Other,
}

impl DeviceType {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 7] = [
        Self::Browser,
        Self::Mobile,
        Self::Tablet,
        Self::SmartTv,
        Self::DesktopApp,
        Self::MobileApp,
        Self::Other,
    ];

    /// The word for it on the wire and in filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::SmartTv => "smarttv",
            Self::DesktopApp => "desktop-app",
            Self::MobileApp => "mobile-app",
            Self::Other => "other",
        }
    }
}
