//! A secret that is no setting, since settings are shown: the first line of a file, or a variable.

use super::ConfigError;
use rollcall_model::limits;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use zeroize::Zeroizing;

/// The secret: out of the file that `setting` names, or else out of a variable. None when neither has one.
pub fn secret(
    setting: &str,
    file: Option<&Path>,
    variable: &str,
) -> Result<Option<Zeroizing<String>>, ConfigError> {
    let text = match file {
        Some(path) => read(path).map_err(|error| ConfigError {
            place: setting.into(),
            what: format!("cannot read {}: {error}", path.display()),
        })?,
        None => std::env::var(variable).unwrap_or_default().into(),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn read(path: &Path) -> std::io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)?.take(limits::SECRET_BYTES).read_to_end(&mut bytes)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Ok(String::from_utf8_lossy(line).into_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line_of_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, found) in [
            ("secret word\r\nmore", Some("secret word")),
            ("secret word", Some("secret word")),
            ("\nsecret", None),
            ("", None),
        ] {
            std::fs::write(file.path(), text).unwrap();
            let secret = secret("s.file", Some(file.path()), "ROLLCALL_TEST_SECRET").unwrap();
            assert_eq!(secret.as_ref().map(|secret| &***secret), found, "{text:?}");
        }
        let missing = secret("s.file", Some(Path::new("/nowhere")), "ROLLCALL_TEST_SECRET").unwrap_err();
        assert!(missing.place == "s.file" && missing.what.contains("/nowhere"));
        assert_eq!(secret("s.file", None, "ROLLCALL_TEST_SECRET").unwrap(), None);
    }
}
