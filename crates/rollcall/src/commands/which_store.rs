//! Which store a command is about: named as for `rollcall serve`.

use super::data_dir::DataDir;
use crate::config::{Config, ConfigErrors, Loaded};
use clap::Args;

/// The flags that name it.
#[derive(Args, Debug)]
pub struct WhichStore {
    #[command(flatten)]
    data: DataDir,
    /// PostgreSQL database that everything is kept in, instead of the directory (`store.url`)
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

impl WhichStore {
    /// The settings that a server would be given. A command's own flags, each with its setting, win.
    pub fn load(&self, own: &[(&str, &str, Option<&str>)]) -> Result<Loaded, ConfigErrors> {
        let named = ("--store", "store.url", self.store.as_deref());
        self.data.load(&[&[named], own].concat())
    }

    /// The same for a command that needs no directory where a database is named.
    pub fn config(&self) -> Result<Config, ConfigErrors> {
        let config = self.load(&[])?.config;
        if config.database()?.is_none() {
            config.data_dir()?;
        }
        Ok(config)
    }
}
