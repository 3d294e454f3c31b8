//! What an operator may set, and what of it does not go together.

use lettre::Address;
use lettre::transport::smtp::authentication::Credentials;
use rollcall_model::limits;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// Settings of the mail.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What carries mails.
    pub transport: Transport,
    /// The server's name or address.
    pub host: Option<String>,
    /// The server's port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// Certificates that are trusted in place of the system's, as PEM.
    pub ca_file: Option<PathBuf>,
    /// Whom to sign in as; nobody when it is not set.
    pub username: Option<String>,
    /// The file of the password.
    pub password_file: Option<PathBuf>,
    /// Whom mails come from.
    pub from: Option<String>,
    /// How long one step of a delivery may take.
    pub timeout: Duration,
}

/// What carries mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A file in the data directory.
    Outbox,
    /// A server.
    Smtp,
}

/// How the connection to a server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// It begins in the clear and is encrypted before anything is said.
    StartTls,
    /// From its first byte.
    Implicit,
    /// Not at all: within the machine only.
    Plain,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            transport: Transport::Outbox,
            host: None,
            port: 587,
            tls: Tls::StartTls,
            ca_file: None,
            username: None,
            password_file: None,
            from: None,
            timeout: limits::MAIL_TIMEOUT,
        }
    }
}

/// Settings that do not go together, or a file that they name and that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct SettingsError {
    /// The setting.
    pub setting: &'static str,
    /// What is wrong with it, and what would be right.
    pub what: String,
}

impl SettingsError {
    pub(crate) fn new(setting: &'static str, what: impl Into<String>) -> Self {
        Self { setting, what: what.into() }
    }
}

/// Whether a text is an address that mails can come from.
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

impl Settings {
    /// What delivery by SMTP cannot do without.
    pub(crate) fn server(&self) -> Result<(String, Address), SettingsError> {
        let Some(host) = self.host.clone() else {
            return Err(SettingsError::new("mail.host", "not set, and `mail.transport` is `smtp`"));
        };
        let Some(from) = self.from.as_ref().and_then(|from| from.parse().ok()) else {
            return Err(SettingsError::new("mail.from", "not set, and `mail.transport` is `smtp`"));
        };
        if self.tls == Tls::Plain && !is_this_machine(&host) {
            let what = "`none` is for a server on this machine, since codes would be read on the way: use `starttls` \
                        or `implicit`";
            return Err(SettingsError::new("mail.tls", what));
        }
        Ok((host, from))
    }

    /// Whom to sign in as, and how; `None` where that is not asked for.
    pub(crate) fn credentials(&self, password: Option<&str>) -> Result<Option<Credentials>, SettingsError> {
        let Some(username) = self.username.clone() else { return Ok(None) };
        let Some(password) = password else {
            let what =
                "no password for `mail.username`: put it in a file that this names, or in the variable";
            return Err(SettingsError::new("mail.password_file", what));
        };
        Ok(Some(Credentials::new(username, password.into())))
    }

    pub(crate) fn authorities(&self) -> Result<Option<Zeroizing<Vec<u8>>>, SettingsError> {
        self.ca_file.as_deref().map(|path| read("mail.ca_file", path)).transpose()
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn read(setting: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, SettingsError> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)
        .and_then(|file| file.take(limits::MAIL_FILE_BYTES).read_to_end(&mut bytes))
        .map_err(|error| SettingsError::new(setting, format!("cannot read {}: {error}", path.display())))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(host: &str, tls: Tls) -> Settings {
        Settings { host: Some(host.into()), from: Some("a@b.test".into()), tls, ..Settings::default() }
    }

    #[test]
    fn only_a_server_on_this_machine_is_spoken_to_in_the_clear() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(smtp(host, Tls::Plain).server().is_ok(), "{host}");
        }
        for host in ["mail.example.test", "10.0.0.1", "localhost.example.test"] {
            assert_eq!(smtp(host, Tls::Plain).server().unwrap_err().setting, "mail.tls", "{host}");
            assert!(smtp(host, Tls::StartTls).server().is_ok());
        }
        let missing = |settings: Settings| settings.server().unwrap_err().setting;
        assert_eq!(missing(Settings { host: None, ..smtp("x", Tls::Implicit) }), "mail.host");
        assert_eq!(missing(Settings { from: None, ..smtp("x", Tls::Implicit) }), "mail.from");
    }

    #[test]
    fn whom_to_sign_in_as_needs_a_password_which_is_shown_by_nothing() {
        let settings = Settings { username: Some("u".into()), ..smtp("localhost", Tls::Plain) };
        let credentials = settings.credentials(Some("secret word"));
        assert!(credentials.is_ok() && !format!("{settings:?}{credentials:?}").contains("secret word"));
        assert_eq!(settings.credentials(None).unwrap_err().setting, "mail.password_file");
        assert!(smtp("localhost", Tls::Plain).credentials(None).unwrap().is_none());
    }
}
