//! Settings by environment: `ROLLCALL__SECTION__KEY`. A name that is not known, and a value that cannot
//! be read, keep the server from starting and say what would be right.

use ipnet::IpNet;
use rollcall_http::WireSettings;
use rollcall_http::client_address::TrustedProxies;
use rollcall_model::limits;
use rollcall_service::Settings;
use std::fmt;
use std::time::Duration;

/// What variables of settings begin with.
const PREFIX: &str = "ROLLCALL__";

/// The names, and what their values are.
const KNOWN: &[(&str, &str)] = &[
    ("SESSIONS__LIFETIME", "how long a login token lives: 90d by default"),
    ("LIMITS__CALLS", "calls of one address to one endpoint in a window: 10 by default"),
    ("LIMITS__WINDOW", "the window's length: 60s by default"),
    ("PROXIES__TRUSTED", "networks of trusted proxies, such as 10.0.0.0/8,fd00::/8: none by default"),
];

/// All settings of a server.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Settings of the use cases.
    pub service: Settings,
    /// Settings of the wire.
    pub wire: WireSettings,
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {what}")]
pub struct ConfigError {
    /// The variable.
    pub name: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl Config {
    /// The defaults, changed by these variables. Variables of other programs are passed over.
    pub fn from_variables(variables: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        for (name, value) in variables {
            if let Some(key) = name.strip_prefix(PREFIX) {
                config.set(key, value.trim()).map_err(|what| ConfigError { name, what })?;
            }
        }
        Ok(config)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "SESSIONS__LIFETIME" => self.service.session_lifetime = duration(value, limits::LIFETIME_MAX)?,
            "LIMITS__CALLS" => {
                let calls = value.parse().ok().filter(|calls| *calls > 0);
                self.wire.rate_calls = calls.ok_or("expected a whole number from 1, such as 10")?;
            }
            "LIMITS__WINDOW" => self.wire.rate_window = duration(value, Duration::from_hours(24))?,
            "PROXIES__TRUSTED" => self.wire.proxies = proxies(value)?,
            _ => return Err(format!("no such setting; there are:{Known}")),
        }
        Ok(())
    }
}

struct Known;

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        KNOWN.iter().try_for_each(|(name, meaning)| write!(f, "\n  {PREFIX}{name}: {meaning}"))
    }
}

/// The settings, for the command's help.
pub fn help() -> String {
    format!("Settings by environment:{Known}")
}

fn duration(value: &str, max: Duration) -> Result<Duration, String> {
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = value.split_at(digits);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => 0,
    };
    let number: u64 = number.parse().unwrap_or(0);
    let duration = Duration::from_secs(number.saturating_mul(seconds));
    if duration.is_zero() || duration > max {
        let days = max.as_secs() / 86_400;
        return Err(format!(
            "expected a whole number above 0 and a unit (s, m, h, d), such as 60s or 90d, at most {days}d"
        ));
    }
    Ok(duration)
}

fn proxies(value: &str) -> Result<TrustedProxies, String> {
    let entries = value.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let networks = entries.map(|entry| {
        let network = entry.parse::<IpNet>().or_else(|_| entry.parse::<std::net::IpAddr>().map(IpNet::from));
        network.map_err(|_| format!("`{entry}` is no network; expected such as 10.0.0.0/8 or fd00::1"))
    });
    networks.collect::<Result<_, _>>().map(TrustedProxies::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(name: &str, value: &str) -> Result<Config, ConfigError> {
        Config::from_variables([(name.to_owned(), value.to_owned())].into_iter())
    }

    #[test]
    fn settings_are_read() {
        let lifetime =
            |value| config("ROLLCALL__SESSIONS__LIFETIME", value).unwrap().service.session_lifetime;
        assert_eq!(lifetime("60s"), Duration::from_mins(1));
        assert_eq!(lifetime("90d"), Duration::from_hours(90 * 24));
        assert_eq!(lifetime(" 2h "), Duration::from_hours(2));
        assert_eq!(config("ROLLCALL__LIMITS__CALLS", "1000000").unwrap().wire.rate_calls, 1_000_000);
        assert_eq!(
            config("ROLLCALL__LIMITS__WINDOW", "5m").unwrap().wire.rate_window,
            Duration::from_mins(5)
        );
        assert!(config("ROLLCALL__PROXIES__TRUSTED", "10.0.0.0/8, fd00::/8,127.0.0.1").is_ok());
        assert!(config("OTHER__THING", "x").is_ok());
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (name, value) in [
            ("SESSIONS__LIFETIME", "90"),
            ("SESSIONS__LIFETIME", "0s"),
            ("SESSIONS__LIFETIME", "-1d"),
            ("SESSIONS__LIFETIME", "99999999999999999999d"),
            ("SESSIONS__LIFETIME", "1.5h"),
            ("LIMITS__CALLS", "0"),
            ("LIMITS__CALLS", "many"),
            ("PROXIES__TRUSTED", "10.0.0.0/33"),
        ] {
            let error = config(&format!("{PREFIX}{name}"), value).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("expected"), "{error}");
        }
        let error = config("ROLLCALL__SESSIONS__LIFETIMES", "60s").unwrap_err().to_string();
        assert!(
            error.contains("no such setting") && error.contains("ROLLCALL__SESSIONS__LIFETIME:"),
            "{error}"
        );
    }
}
