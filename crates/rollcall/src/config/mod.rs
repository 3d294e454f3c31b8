//! What an operator may set. `settings.rs` is the one table: reading a file, the environment and flags, the
//! help, `rollcall config` and the printed reference all come from it.

mod args;
mod error;
mod file;
mod kind;
mod load;
mod secret;
mod settings;
mod show;

pub use args::ConfigArgs;
pub use error::{ConfigError, ConfigErrors};
pub use load::{Effective, Loaded, Origin};
pub use settings::{SETTINGS, Setting};

use crate::commands::key_file;
use crate::logging::Logs;
use ipnet::IpNet;
use rollcall_http::WireSettings;
use rollcall_mail::{Smtp, Transport};
use rollcall_service::{MailTransport, Settings};
use rollcall_store_postgres::{DatabaseUrl, Reach};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// All settings of a server.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Settings of the process.
    pub server: ServerSettings,
    /// Settings of the use cases.
    pub service: Settings,
    /// Settings of the wire.
    pub wire: WireSettings,
    /// Settings of the mail.
    pub mail: rollcall_mail::Settings,
    /// Settings of the way to a database.
    pub store: rollcall_store_postgres::Settings,
    /// Settings of the log.
    pub logs: Logs,
    /// What `wire.proxies` was made of, to be shown: it does not tell.
    trusted: Vec<IpNet>,
}

impl Config {
    /// The data directory, for what cannot do without one.
    pub fn data_dir(&self) -> Result<&Path, ConfigError> {
        self.server.data_dir.as_deref().ok_or_else(|| ConfigError {
            place: "server.data_dir".into(),
            what: "not set; give --data-dir DIR, ROLLCALL__SERVER__DATA_DIR, or data_dir in [server] of the file"
                .into(),
        })
    }

    /// What carries mails, with the outbox in this directory.
    pub fn mail_transport(&self, data_dir: &Path) -> Result<Arc<dyn MailTransport>, ConfigError> {
        let password = self.mail_password()?;
        let password = password.as_ref().map(|password| &***password);
        let opened = rollcall_mail::open(&self.mail, password, data_dir);
        opened.map_err(|error| not_together(error.setting, error.what))
    }

    /// The mail server, where one carries mails.
    pub fn mail_server(&self) -> Result<Option<Smtp>, ConfigError> {
        if self.mail.transport != Transport::Smtp {
            return Ok(None);
        }
        let password = self.mail_password()?;
        let smtp = Smtp::new(&self.mail, password.as_ref().map(|password| &***password));
        smtp.map(Some).map_err(|error| not_together(error.setting, error.what))
    }

    fn mail_password(&self) -> Result<Option<Zeroizing<String>>, ConfigError> {
        let file = self.mail.password_file.as_deref();
        if self.mail.username.is_none() {
            return Ok(None);
        }
        secret::secret("mail.password_file", file, "ROLLCALL_MAIL_PASSWORD")
    }

    /// The way to the database, where everything is kept in one.
    pub fn database(&self) -> Result<Option<Reach>, ConfigError> {
        let Some(url) = &self.store.url else { return Ok(None) };
        self.database_at(url, None).map(Some)
    }

    /// The way to a database that need not be the one of the settings: by the same settings, but for the file of its
    /// password where a flag names one of its own.
    pub fn database_at(
        &self,
        url: &DatabaseUrl,
        password_file: Option<(&str, &Path)>,
    ) -> Result<Reach, ConfigError> {
        let (setting, file) = match password_file {
            Some((flag, file)) => (flag, Some(file)),
            None => ("store.password_file", self.store.password_file.as_deref()),
        };
        let password = secret::secret(setting, file, "ROLLCALL_STORE_PASSWORD")?;
        let reach = Reach::new(url, &self.store, password.as_ref().map(|password| &***password));
        reach.map_err(|error| not_together(error.setting, error.what))
    }

    /// The file of the cluster key. All nodes of a database have one key, so that it is none of a data directory's.
    pub fn key_file(&self, data_dir: &Path) -> Result<PathBuf, ConfigError> {
        match &self.server.key_file {
            Some(named) => Ok(named.clone()),
            None if self.store.url.is_none() => Ok(data_dir.join(key_file::DEFAULT_NAME)),
            None => Err(not_together(
                "server.key_file",
                "not set; with a database it has to be named, since all nodes share the key: give --key-file FILE",
            )),
        }
    }
}

/// Settings that do not go together, or a file of theirs.
fn not_together(setting: &str, what: impl Into<String>) -> ConfigError {
    ConfigError { place: setting.into(), what: what.into() }
}

/// Settings of the process.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Directory of the store. A server cannot do without; other commands may.
    pub data_dir: Option<PathBuf>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to tell Prometheus of itself.
    pub metrics_listen: Option<SocketAddr>,
    /// File of the cluster's key.
    pub key_file: Option<PathBuf>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            data_dir: None,
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000),
            metrics_listen: None,
            key_file: None,
        }
    }
}
