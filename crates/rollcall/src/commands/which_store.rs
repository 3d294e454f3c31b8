//! Which store a command is about: named as for `rollcall serve`.

use crate::config::{Config, ConfigArgs, ConfigErrors};
use clap::Args;

/// The flags that name it.
#[derive(Args, Debug)]
pub struct WhichStore {
    /// Directory of the store (`server.data_dir`)
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// PostgreSQL database that everything is kept in, instead of the directory (`store.url`)
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    #[command(flatten)]
    config: ConfigArgs,
}

impl WhichStore {
    /// The settings that a server would be given. They name a database or a directory.
    pub fn load(&self) -> Result<Config, ConfigErrors> {
        let named = [
            ("--data-dir", "server.data_dir", self.data_dir.as_deref()),
            ("--store", "store.url", self.store.as_deref()),
        ];
        let config = self.config.load(&named)?.config;
        if config.database()?.is_none() {
            config.data_dir()?;
        }
        Ok(config)
    }
}
