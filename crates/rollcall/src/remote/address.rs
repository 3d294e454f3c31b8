//! The address of a server, and whether a secret may be sent there.

use super::{Failure, Kind};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use ureq::http::Uri;

/// Where `rollcall serve` listens when it is not told otherwise.
const DEFAULT: &str = "http://127.0.0.1:3000";

/// The address of a server: `https://chat.example.org`, with a port or a path where it has one. Two
/// addresses of one server that are written differently are equal when only their letters' case, the
/// scheme's own port or a last slash differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    text: String,
    encrypted: bool,
    on_this_machine: bool,
}

impl Default for ServerUrl {
    fn default() -> Self {
        Self { text: DEFAULT.into(), encrypted: false, on_this_machine: true }
    }
}

impl ServerUrl {
    /// As it is written: without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether what is sent there is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Whether what is sent there cannot be read on the way.
    pub fn keeps_secrets(&self) -> bool {
        self.encrypted || self.on_this_machine
    }

    /// Refuses an address that a token or a password would be readable on the way to.
    pub fn permit(&self, insecure_http: bool) -> Result<(), Failure> {
        if self.keeps_secrets() || insecure_http {
            return Ok(());
        }
        Err(Kind::Usage.because(format!(
            "{self} is plain HTTP to another machine: whoever is on the way could read the token and use it. \
             Use https://, or say --insecure-http if the way is safe"
        )))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for ServerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected http:// or https:// and a host, such as https://chat.example.org";
        let uri: Uri = text.trim().parse().map_err(|_| expected())?;
        let encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(expected().into()),
        };
        let authority = uri.authority().ok_or_else(expected)?;
        if authority.as_str().contains('@') {
            return Err("there must be no name or password in it: sign in by `rollcall login`".into());
        }
        if uri.query().is_some() || text.contains('#') {
            return Err("there must be no `?` and no `#` in it".into());
        }
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() {
            return Err(expected().into());
        }
        let port = authority.port_u16().filter(|port| *port != if encrypted { 443 } else { 80 });
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let scheme = if encrypted { "https" } else { "http" };
        let path = uri.path().trim_end_matches('/');
        let on_this_machine = is_this_machine(&host);
        Ok(Self { text: format!("{scheme}://{host}{port}{path}"), encrypted, on_this_machine })
    }
}

/// `localhost`, 127.0.0.0/8 and `[::1]`.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_has_one_address() {
        for (given, text) in [
            ("https://Chat.Example.org/", "https://chat.example.org"),
            ("https://chat.example.org:443", "https://chat.example.org"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            (" http://localhost:80/chat/ ", "http://localhost/chat"),
            ("http://[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(given.parse::<ServerUrl>().unwrap().as_str(), text);
        }
        assert_eq!(DEFAULT.parse::<ServerUrl>().unwrap(), ServerUrl::default());
    }

    #[test]
    fn anything_else_is_refused() {
        for given in [
            "",
            "chat.example.org",
            "127.0.0.1:3000",
            "ftp://a",
            "http://",
            "/a",
            "https://ann:secret@a",
            "https://a/?b",
            "https://a/#b",
            "https://a b",
            "http://:80",
        ] {
            assert!(given.parse::<ServerUrl>().is_err(), "{given}");
        }
    }

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for (url, safe) in [
            ("http://127.0.0.1:3000", true),
            ("http://127.8.9.1", true),
            ("http://[::1]:3000", true),
            ("http://LOCALHOST", true),
            ("https://chat.example.org", true),
            ("http://chat.example.org", false),
            ("http://10.0.0.1", false),
            ("http://localhost.example.org", false),
            ("http://127.0.0.1.example.org", false),
            ("http://[::ffff:10.0.0.1]", false),
        ] {
            let url: ServerUrl = url.parse().unwrap();
            assert_eq!(url.permit(false).is_ok(), safe, "{url}");
            assert!(url.permit(true).is_ok());
        }
    }
}
