//! Which data directory a command is about: named as for `rollcall serve`.

use crate::config::{ConfigArgs, ConfigErrors, Loaded};
use clap::Args;
use std::path::PathBuf;

/// The flags that name it.
#[derive(Args, Debug)]
pub struct DataDir {
    /// Directory of the store (`server.data_dir`)
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    #[command(flatten)]
    config: ConfigArgs,
}

impl DataDir {
    /// The settings that a server would be given. A command's own flags, each with its setting, win.
    pub fn load(&self, own: &[(&str, &str, Option<&str>)]) -> Result<Loaded, ConfigErrors> {
        let named = ("--data-dir", "server.data_dir", self.data_dir.as_deref());
        self.config.load(&[&[named], own].concat())
    }

    /// The directory.
    pub fn path(&self) -> Result<PathBuf, ConfigErrors> {
        Ok(self.load(&[])?.config.data_dir()?.to_owned())
    }
}
