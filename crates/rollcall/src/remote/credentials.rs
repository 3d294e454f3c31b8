//! Which token is used, and for which server: a variable's, or else that of the stored login.

use super::{Failure, Kind, Secret, ServerUrl, stored};
use std::fmt;
use std::path::PathBuf;

/// The variable of the server's address.
pub const URL: &str = "ROLLCALL_URL";
/// The variable of the token: a user's, or a service token.
pub const TOKEN: &str = "ROLLCALL_TOKEN";

/// Who is asking, and whom.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The server that the token is for.
    pub url: ServerUrl,
    /// The token, which says whose it is.
    pub token: Secret,
    /// Where they were found.
    pub source: Source,
}

/// Where credentials were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a variable.
    Environment,
    /// In the file of a stored login.
    Stored(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str(TOKEN),
            Self::Stored(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A variable that is set and not empty.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The address that was given: by flag, or else by variable.
pub fn given_url(
    flag: Option<&ServerUrl>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<ServerUrl>, Failure> {
    if let Some(url) = flag {
        return Ok(Some(url.clone()));
    }
    let url = variable(URL).map(|url| url.parse()).transpose();
    url.map_err(|error| Kind::Usage.because(format!("{URL}: {error}")))
}

/// The credentials to use. The variable's are for the address that was given, or else for the default one; a
/// stored token is for the server that made it, and never for another.
pub fn find(
    flag: Option<&ServerUrl>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Credentials, Failure> {
    let given = given_url(flag, variable)?;
    if let Some(token) = variable(TOKEN) {
        let url = given.unwrap_or_default();
        return Ok(Credentials { url, token: Secret::new(token), source: Source::Environment });
    }
    let path = stored::path(variable)?;
    let Some(login) = stored::read(&path)? else {
        return Err(
            Kind::NotSignedIn.because(format!("nobody is signed in: run `rollcall login`, or set {TOKEN}"))
        );
    };
    if let Some(given) = given.filter(|given| *given != login.url) {
        return Err(Kind::NotSignedIn.because(format!(
            "the stored login is for {}, not for {given}: run `rollcall login --url {given}`",
            login.url
        )));
    }
    let stored::Stored { url, token, .. } = login;
    Ok(Credentials { url, token, source: Source::Stored(path) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn surroundings<'a>(values: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| values.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_variable_comes_first() {
        let set = [(TOKEN, "t"), ("XDG_CONFIG_HOME", "/dev/null")];
        let found = find(None, &surroundings(&set)).unwrap();
        assert_eq!(found.token.reveal(), "t");
        assert_eq!((found.source, found.url), (Source::Environment, ServerUrl::default()));
        let other: ServerUrl = "https://a".parse().unwrap();
        assert_eq!(find(Some(&other), &surroundings(&set)).unwrap().url, other);
    }

    #[test]
    fn a_stored_token_is_for_its_own_server() {
        let directory = TempDir::new().unwrap();
        let home = directory.path().to_str().unwrap();
        let here = [("XDG_CONFIG_HOME", home)];
        assert_eq!(find(None, &surroundings(&here)).unwrap_err().kind, Kind::NotSignedIn);
        let url: ServerUrl = "https://chat.example.org".parse().unwrap();
        let login =
            stored::Stored { url: url.clone(), username: "ann".into(), token: Secret::new("a-token") };
        stored::write(&stored::path(&surroundings(&here)).unwrap(), &login).unwrap();
        assert_eq!(find(None, &surroundings(&here)).unwrap().url, url);
        let same = "https://CHAT.example.org:443/".parse().unwrap();
        assert!(find(Some(&same), &surroundings(&here)).is_ok());
        let elsewhere = [here[0], (URL, "https://chat.example.com")];
        let failure = find(None, &surroundings(&elsewhere)).unwrap_err();
        assert_eq!(failure.kind, Kind::NotSignedIn);
        assert!(failure.what.contains("--url https://chat.example.com"), "{failure}");
        assert_eq!(find(None, &surroundings(&[(URL, "x")])).unwrap_err().kind, Kind::Usage);
    }
}
