//! What an operator may set. `settings.rs` is the one table: reading a file, the environment and flags, the
//! help, `rollcall config` and the printed reference all come from it.

mod args;
mod error;
mod file;
mod kind;
mod load;
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
use rollcall_mail::{SettingsError, Smtp, Transport};
use rollcall_service::{MailTransport, Settings};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
        rollcall_mail::open(&self.mail, data_dir).map_err(not_together)
    }

    /// The mail server, where one carries mails.
    pub fn mail_server(&self) -> Result<Option<Smtp>, ConfigError> {
        let smtp = self.mail.transport == Transport::Smtp;
        smtp.then(|| Smtp::new(&self.mail)).transpose().map_err(not_together)
    }

    /// The file of the cluster key of a data directory.
    pub fn key_file(&self, data_dir: &Path) -> PathBuf {
        self.server.key_file.clone().unwrap_or_else(|| data_dir.join(key_file::DEFAULT_NAME))
    }
}

/// Settings of the mail that do not go together, or a file of theirs.
fn not_together(error: SettingsError) -> ConfigError {
    ConfigError { place: error.setting.into(), what: error.what }
}

/// Settings of the process.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Directory of the store. A server cannot do without; other commands may.
    pub data_dir: Option<PathBuf>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// File of the cluster's key.
    pub key_file: Option<PathBuf>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            data_dir: None,
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000),
            key_file: None,
        }
    }
}
