//! The flags that every command with settings has, and the reading of file and environment.

use super::error::{ConfigError, ConfigErrors};
use super::load::{Flag, Loaded, Sources, load};
use clap::Args;
use rollcall_model::limits;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Names the file when no flag does.
const FILE_VARIABLE: &str = "ROLLCALL_CONFIG";

/// Flags of every command that has settings.
#[derive(Args, Debug, Default)]
pub struct ConfigArgs {
    /// File of settings, in TOML; without it, the one that `ROLLCALL_CONFIG` names
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Any setting, such as `limits.calls=20`; may be given more than once
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
}

impl ConfigArgs {
    /// The file that is read.
    pub fn file(&self) -> Option<PathBuf> {
        let named = || std::env::var_os(FILE_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
        self.config.clone().or_else(named)
    }

    /// Reads file, environment and flags. A command's own flags, each with its setting, win over `--set`.
    pub fn load(&self, own: &[(&str, &str, Option<&str>)]) -> Result<Loaded, ConfigErrors> {
        let file = self.file().map(|path| read(&path)).transpose()?;
        let own = own.iter().filter_map(|(shown, name, value)| {
            let value = (*value)?.to_owned();
            Some(Flag { shown: (*shown).into(), name: (*name).into(), value: Some(value) })
        });
        let flags = self.set.iter().map(|given| set(given)).chain(own).collect();
        load(Sources { file, variables: std::env::vars_os().collect(), flags })
    }
}

/// `section.key=value`
fn set(given: &str) -> Flag {
    let (name, value) = match given.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.to_owned())),
        None => (given, None),
    };
    Flag { shown: format!("--set {name}"), name: name.into(), value }
}

/// Name and text of the file.
fn read(path: &Path) -> Result<(String, String), ConfigError> {
    let name = path.display().to_string();
    let error = |what: String| ConfigError { place: name.clone(), what };
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limits::CONFIG_BYTES + 1).read_to_end(&mut text))
        .map_err(|why| error(format!("cannot read the file of settings: {why}")))?;
    if text.len() as u64 > limits::CONFIG_BYTES {
        return Err(error(format!("expected a file of settings, of at most {} bytes", limits::CONFIG_BYTES)));
    }
    let text = String::from_utf8(text)
        .map_err(|why| error(format!("not TOML: byte {} is not UTF-8", why.utf8_error().valid_up_to())))?;
    Ok((name, text))
}
