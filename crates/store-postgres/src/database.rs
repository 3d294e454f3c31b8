//! Which database it is, and how it is reached: what an operator may set.

use crate::tls::{self, Encryption};
use rollcall_model::limits;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Settings of the way to a database.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The database; everything is kept in the data directory when it is not set.
    pub url: Option<DatabaseUrl>,
    /// The file of the password.
    pub password_file: Option<PathBuf>,
    /// Certificates that are trusted in place of the system's, as PEM.
    pub ca_file: Option<PathBuf>,
    /// Connections at once, beside the one that commits and the one that follows the ledger.
    pub connections: usize,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: None,
            password_file: None,
            ca_file: None,
            connections: limits::STORE_CONNECTIONS,
            connect_timeout: limits::STORE_CONNECT_TIMEOUT,
            statement_timeout: limits::STORE_STATEMENT_TIMEOUT,
        }
    }
}

/// Where a database is: a URL of libpq's form. It holds no password, so that it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl {
    text: String,
    config: Config,
    encryption: Encryption,
}

/// Why a text is no [`DatabaseUrl`]. It repeats nothing of the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// It is no URL of a database at all, or has options that are not known.
    #[error("expected `postgres://USER@HOST/DATABASE`")]
    NotOne,
    /// It says how to encrypt in a way that is not known.
    #[error("`sslmode` can be `verify-full`, `require` or `disable`")]
    SslMode,
    /// It holds a password.
    #[error("it holds a password, which whoever lists the processes or reads the settings would see")]
    Password,
}

/// What a URL of a database begins with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

impl FromStr for DatabaseUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        if !SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
            return Err(BadUrl::NotOne);
        }
        // Its `sslmode` is ours: the library knows fewer.
        let (place, options) = text.split_once('?').unwrap_or((text, ""));
        let (modes, others): (Vec<&str>, Vec<&str>) = options
            .split('&')
            .filter(|option| !option.is_empty())
            .partition(|option| option.starts_with("sslmode="));
        let config: Config = format!("{place}?{}", others.join("&")).parse().map_err(|_| BadUrl::NotOne)?;
        if config.get_password().is_some() {
            return Err(BadUrl::Password);
        }
        if config.get_hosts().is_empty() {
            return Err(BadUrl::NotOne);
        }
        let encryption = match modes.last() {
            Some(mode) => mode.strip_prefix("sslmode=").and_then(Encryption::of_sslmode),
            None if config.get_hosts().iter().all(is_socket) => Some(Encryption::None),
            None => Some(Encryption::Verified),
        };
        Ok(Self { text: text.into(), config, encryption: encryption.ok_or(BadUrl::SslMode)? })
    }
}

/// Whether a host is a directory of sockets: what is said there does not leave the machine.
const fn is_socket(host: &Host) -> bool {
    matches!(host, Host::Unix(_))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct SettingsError {
    /// The setting.
    pub setting: &'static str,
    /// What is wrong with it, and what would be right.
    pub what: String,
}

/// How a database is reached, with all that it takes.
#[derive(Clone)]
pub struct Reach {
    pub(crate) config: Config,
    pub(crate) tls: Option<MakeRustlsConnect>,
    /// Connections at once, beside the one that commits and the one that follows the ledger.
    pub(crate) connections: usize,
    pub(crate) connect_timeout: Duration,
    /// How long to wait for the answer to a statement.
    pub(crate) answer_timeout: Duration,
    /// Whether what is asked for is always little of each table: the newest of it, or some rows by their keys.
    pub(crate) asks_for_little: bool,
}

/// Says nothing of the password.
impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach").field("hosts", &self.config.get_hosts()).finish_non_exhaustive()
    }
}

impl Reach {
    /// The same, for whoever asks for little of each table.
    pub(crate) fn for_little(&self) -> Self {
        Self { asks_for_little: true, ..self.clone() }
    }

    /// By these settings, with this password where one is asked for.
    pub fn new(
        url: &DatabaseUrl,
        settings: &Settings,
        password: Option<&str>,
    ) -> Result<Self, SettingsError> {
        let DatabaseUrl { config, encryption, .. } = url;
        let Settings { ca_file, connections, connect_timeout, statement_timeout, .. } = settings;
        let tls = tls::connector(*encryption, ca_file.as_deref())?;
        let mut config = config.clone();
        if let Some(password) = password {
            config.password(password);
        }
        config.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        // Of several hosts, the one that takes commits.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.connect_timeout(*connect_timeout).tcp_user_timeout(*statement_timeout);
        config.application_name("rollcall");
        // Whatever the server's own settings are, what was answered survives, nothing is waited for without end, and no
        // statement is compiled: that takes longer than any of them.
        let own = config.get_options().unwrap_or_default();
        let options = format!(
            "{own} -c synchronous_commit=on -c statement_timeout={0} -c lock_timeout={0} \
             -c idle_in_transaction_session_timeout={0} -c jit=off",
            statement_timeout.as_millis()
        );
        config.options(options.trim_start());
        let answer_timeout = *statement_timeout + limits::STORE_ANSWER_GRACE;
        // Each host has the time: one that says nothing must not take that of the next.
        let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(1);
        let connect_timeout = *connect_timeout * hosts.max(1);
        let connections = *connections;
        Ok(Self { config, tls, connections, connect_timeout, answer_timeout, asks_for_little: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_encrypted_and_verified_unless_the_url_says_otherwise() {
        for (url, encryption) in [
            ("postgres://rollcall@db.example.test/rollcall", Encryption::Verified),
            ("postgresql://rollcall@127.0.0.1:5433/rollcall", Encryption::Verified),
            ("postgres://a@h/d?sslmode=verify-full&connect_timeout=3", Encryption::Verified),
            ("postgres://a@h/d?sslmode=require", Encryption::Unverified),
            ("postgres://a@h/d?connect_timeout=3&sslmode=disable", Encryption::None),
            ("postgres://a@%2Fvar%2Frun%2Fpostgresql/d", Encryption::None),
            ("postgres://a@%2Fvar%2Frun%2Fpostgresql,db.example.test/d", Encryption::Verified),
        ] {
            let parsed: DatabaseUrl = url.parse().unwrap();
            assert_eq!((parsed.encryption, &*parsed.to_string()), (encryption, url));
        }
    }

    #[test]
    fn what_is_no_url_of_a_database_is_refused_and_none_of_it_repeated() {
        for (text, why) in [
            ("", BadUrl::NotOne),
            ("rollcall", BadUrl::NotOne),
            ("host=secret user=x", BadUrl::NotOne),
            ("mysql://secret@h/d", BadUrl::NotOne),
            ("postgres://secret@h:port/d", BadUrl::NotOne),
            ("postgres:///secret", BadUrl::NotOne),
            ("postgres://a@h/d?secret=1", BadUrl::NotOne),
            ("postgres://a:secret@h/d", BadUrl::Password),
            ("postgres://a@h/d?password=secret", BadUrl::Password),
            ("postgres://a@h/d?sslmode=secret", BadUrl::SslMode),
            ("postgres://a@h/d?sslmode=prefer", BadUrl::SslMode),
        ] {
            let refused = text.parse::<DatabaseUrl>().unwrap_err();
            assert_eq!(refused, why, "{text}");
            assert!(!refused.to_string().contains("secret"));
        }
    }

    #[test]
    fn a_password_is_shown_by_nothing() {
        let url: DatabaseUrl = "postgres://a@%2Ftmp/d".parse().unwrap();
        let settings = Settings { url: Some(url.clone()), ..Settings::default() };
        let reach = Reach::new(&url, &settings, Some("secret")).unwrap();
        assert!(!format!("{reach:?} {:?} {settings:?}", reach.config).contains("secret"));
    }

    #[test]
    fn each_host_has_the_time_to_connect() {
        let settings = Settings::default();
        for (url, hosts) in [("postgres://a@one/d", 1), ("postgres://a@one,two,three/d", 3)] {
            let reach = Reach::new(&url.parse().unwrap(), &settings, None).unwrap();
            assert_eq!(reach.config.get_connect_timeout(), Some(&settings.connect_timeout));
            assert_eq!(reach.connect_timeout, settings.connect_timeout * hosts);
        }
    }
}
