//! The login that `rollcall login` keeps: one file that only its owner reads.

use super::{Failure, Kind, Secret, ServerUrl};
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// No login has more.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// A login as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The server.
    pub url: ServerUrl,
    /// Whose it is.
    pub username: String,
    /// The token.
    pub token: Secret,
}

/// The file's text.
#[derive(Serialize, Deserialize)]
struct Text {
    url: String,
    username: String,
    token: String,
}

/// Where the file is: `$XDG_CONFIG_HOME/rollcall/login.json`, or under `~/.config`.
pub fn path(variable: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, Failure> {
    // The specification says to pass over a relative one.
    let configuration = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || variable("HOME").map(|home| PathBuf::from(home).join(".config"));
    let Some(directory) = configuration.or_else(home) else {
        return Err(Kind::Failed.because("neither XDG_CONFIG_HOME nor HOME says where a login is kept"));
    };
    Ok(directory.join("rollcall").join("login.json"))
}

/// The login, if there is one. A file that others can read is refused.
pub fn read(path: &Path) -> Result<Option<Stored>, Failure> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| Kind::Failed.because(format!("{shown} cannot be read: {error}"));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Kind::NotSignedIn.because(format!(
            "{shown} has mode {mode:04o}, so that others may have read the token in it. Run `chmod 600 {shown}` \
             and, if somebody may have, `rollcall logout`: that ends the session"
        )));
    }
    let mut text = String::new();
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    // The reason may quote the file.
    let stored = serde_json::from_str::<Text>(&text).ok().and_then(|text| {
        let url = text.url.parse().ok()?;
        Some(Stored { url, username: text.username, token: Secret::new(text.token) })
    });
    stored.map(Some).ok_or_else(|| {
        Kind::NotSignedIn.because(format!("{shown} is no login that can be read: run `rollcall login`"))
    })
}

/// Keeps a login in place of the one before, all of it or nothing.
pub fn write(path: &Path, stored: &Stored) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Kind::Failed.because(format!("the login cannot be kept in {}: {error}", path.display()))
    };
    let directory = path.parent().unwrap_or(Path::new("/"));
    if let Some(above) = directory.parent() {
        std::fs::create_dir_all(above).map_err(failed)?;
    }
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
        // One that was there keeps its mode otherwise.
        _ => std::fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(failed)?,
    }
    let text = Text {
        url: stored.url.to_string(),
        username: stored.username.clone(),
        token: stored.token.reveal().into(),
    };
    let text = serde_json::to_string(&text).map_err(|error| failed(error.into()))?;
    let new = path.with_extension(format!("{}.new", std::process::id()));
    // What a process that was killed left behind.
    let _ = std::fs::remove_file(&new);
    let written = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        writeln!(file, "{text}")?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    written().map_err(|error| {
        let _ = std::fs::remove_file(&new);
        failed(error)
    })
}

/// Forgets it.
pub fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Kind::Failed.because(format!("{} cannot be removed: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn login() -> Stored {
        Stored { url: ServerUrl::default(), username: "ann".into(), token: Secret::new("a-token") }
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn it_is_where_the_system_keeps_settings() {
        let with = |configuration: Option<&'static str>, home: Option<&'static str>| {
            path(&move |name| match name {
                "XDG_CONFIG_HOME" => configuration.map(str::to_owned),
                "HOME" => home.map(str::to_owned),
                _ => None,
            })
        };
        assert_eq!(with(Some("/c"), Some("/h")).unwrap(), Path::new("/c/rollcall/login.json"));
        assert_eq!(with(Some("c"), Some("/h")).unwrap(), Path::new("/h/.config/rollcall/login.json"));
        assert_eq!(with(None, Some("/h")).unwrap(), Path::new("/h/.config/rollcall/login.json"));
        assert!(with(None, None).is_err());
    }

    #[test]
    fn what_is_kept_is_its_owner_s() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("config").join("rollcall").join("login.json");
        assert_eq!(read(&path).unwrap(), None);
        for _ in 0..2 {
            write(&path, &login()).unwrap();
            assert_eq!(read(&path).unwrap(), Some(login()));
        }
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left behind");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read(&path).unwrap(), None);
    }

    #[test]
    fn a_file_that_others_read_is_refused() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("login.json");
        write(&path, &login()).unwrap();
        for loose in [0o640, 0o604, 0o620, 0o660] {
            std::fs::set_permissions(&path, Permissions::from_mode(loose)).unwrap();
            let failure = read(&path).unwrap_err();
            assert!(failure.what.contains("chmod 600") && !failure.what.contains("a-token"), "{failure}");
        }
    }

    #[test]
    fn a_broken_file_is_said_to_be_one() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("login.json");
        for text in
            ["", "{", "[]", r#"{"token":"a-token"}"#, r#"{"url":"x","username":"n","token":"a-token"}"#]
        {
            write(&path, &login()).unwrap();
            std::fs::write(&path, text).unwrap();
            let failure = read(&path).unwrap_err();
            assert!(
                failure.what.contains("rollcall login") && !failure.what.contains("a-token"),
                "{failure}"
            );
        }
    }
}
