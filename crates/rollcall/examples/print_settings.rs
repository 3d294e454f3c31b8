//! Prints the program's generated pages of docs/reference into a folder: `cargo xtask docs` calls it.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).unwrap_or_else(|| "docs/reference".into()));
    fs::create_dir_all(&folder)?;
    rollcall::docs::pages().into_iter().try_for_each(|(name, text)| fs::write(folder.join(name), text))
}
