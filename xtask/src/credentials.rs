//! The demo's administrator: a password made once, and kept beside the data for its owner only.

use crate::step::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A name and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub username: String,
    pub password: String,
}

impl Credentials {
    /// `admin` with a password that nobody had before.
    pub fn random() -> Result<Self, Failure> {
        let mut bytes = [0; 16];
        File::open("/dev/urandom")
            .and_then(|mut source| source.read_exact(&mut bytes))
            .map_err(|error| Failure::new(format!("/dev/urandom cannot be read: {error}")))?;
        Ok(Self { username: "admin".into(), password: format!("{:032x}", u128::from_ne_bytes(bytes)) })
    }

    /// Those of `kept`; made there when there are none.
    pub fn kept(kept: &Path) -> Result<Self, Failure> {
        match Self::read(kept)? {
            Some(credentials) => Ok(credentials),
            None => Self::random()?
                .write(kept)
                .map_err(|error| Failure::new(format!("cannot write {}: {error}", kept.display()))),
        }
    }

    /// Those that the file holds; `None` when there is no such file.
    pub fn read(kept: &Path) -> Result<Option<Self>, Failure> {
        match fs::read_to_string(kept) {
            Ok(text) => Self::parse(&text).map(Some).ok_or_else(|| {
                Failure::new(format!("{}: expected the lines username=… and password=…", kept.display()))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::new(format!("cannot read {}: {error}", kept.display()))),
        }
    }

    fn write(self, kept: &Path) -> io::Result<Self> {
        if let Some(folder) = kept.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(kept)?;
        file.write_all(format!("username={}\npassword={}\n", self.username, self.password).as_bytes())?;
        Ok(self)
    }

    fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        Some(Self { username: value("username=")?, password: value("password=")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_password_is_made_once_and_kept_for_its_owner_only() {
        let folder = std::env::temp_dir().join(format!("xtask-credentials-{}", std::process::id()));
        let kept = folder.join("demo/credentials");
        assert_eq!(Credentials::read(&kept).unwrap(), None);
        let made = Credentials::kept(&kept).unwrap();
        assert_eq!(made.password.len(), 32);
        assert_eq!(Credentials::kept(&kept).unwrap(), made);
        assert_ne!(Credentials::random().unwrap(), made);
        assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&kept, "nothing").unwrap();
        assert!(Credentials::kept(&kept).unwrap_err().to_string().contains("expected the lines"));
        fs::remove_dir_all(folder).unwrap();
    }
}
