//! How mails leave the process: by SMTP, or into a file that the operator reads.
//!
//! **Invariant:** the password for the server is shown by nothing.

mod outbox;
mod settings;
mod smtp;

pub use outbox::{Outbox, Stored, read_outbox};
pub use settings::{Settings, SettingsError, Tls, Transport, is_address};
pub use smtp::Smtp;

use rollcall_service::MailTransport;
use std::path::Path;
use std::sync::Arc;

/// The transport that the settings name; the outbox lies in the data directory.
pub fn open(
    settings: &Settings,
    password: Option<&str>,
    data_dir: &Path,
) -> Result<Arc<dyn MailTransport>, SettingsError> {
    Ok(match settings.transport {
        Transport::Outbox => Arc::new(Outbox::new(data_dir)),
        Transport::Smtp => Arc::new(Smtp::new(settings, password)?),
    })
}
