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

/// The variable that holds the password, where no file does.
const PASSWORD_VARIABLE: &str = "ROLLCALL_MAIL_PASSWORD";

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
    pub(crate) fn credentials(&self) -> Result<Option<Credentials>, SettingsError> {
        let Some(username) = self.username.clone() else { return Ok(None) };
        let password = match &self.password_file {
            Some(path) => first_line(&read("mail.password_file", path)?),
            None => std::env::var(PASSWORD_VARIABLE).unwrap_or_default(),
        };
        if password.is_empty() {
            let what = format!(
                "no password for `mail.username`: put it in the file's first line, or in {PASSWORD_VARIABLE}"
            );
            return Err(SettingsError::new("mail.password_file", what));
        }
        Ok(Some(Credentials::new(username, password)))
    }

    pub(crate) fn authorities(&self) -> Result<Option<Zeroizing<Vec<u8>>>, SettingsError> {
        self.ca_file.as_deref().map(|path| read("mail.ca_file", path)).transpose()
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
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
    fn a_password_is_the_first_line_of_its_file_and_shown_by_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let with = |path: &Path| Settings {
            username: Some("u".into()),
            password_file: Some(path.into()),
            ..smtp("localhost", Tls::Plain)
        };
        for (text, good) in [("secret word\r\nmore", true), ("secret word", true), ("\nsecret", false)] {
            std::fs::write(file.path(), text).unwrap();
            let credentials = with(file.path()).credentials();
            assert_eq!(credentials.is_ok(), good, "{text:?}");
            assert!(!format!("{:?}{:?}", with(file.path()), credentials).contains("secret word"));
        }
        assert!(with(Path::new("/nowhere")).credentials().unwrap_err().what.contains("/nowhere"));
        assert!(smtp("localhost", Tls::Plain).credentials().unwrap().is_none());
    }
}
