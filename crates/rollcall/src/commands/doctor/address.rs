//! Which client address is taken for a connection, and why: told by the code that takes it.

use super::finding::Finding;
use rollcall_http::client_address::TrustedProxies;
use std::net::IpAddr;
use std::str::FromStr;

/// The one header that is read.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// A header, as it is typed.
#[derive(Clone, Debug)]
pub struct Header {
    name: String,
    value: String,
}

impl FromStr for Header {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once(':').ok_or("expected a header: its name, a colon, its value")?;
        if name.trim().is_empty() {
            return Err("expected a header's name before the colon");
        }
        Ok(Self { name: name.trim().into(), value: value.trim().into() })
    }
}

impl Header {
    fn is_read(&self) -> bool {
        self.name.eq_ignore_ascii_case(FORWARDED_FOR)
    }
}

/// What would be taken for a connection from `peer` with these headers.
pub fn check(proxies: &TrustedProxies, peer: IpAddr, headers: &[Header]) -> Finding {
    let (read, passed_over): (Vec<_>, Vec<_>) = headers.iter().partition(|header| header.is_read());
    let (client, hops) = proxies.explain(peer, read.iter().map(|header| &*header.value));
    let unread =
        passed_over.iter().map(|header| format!("{} is not read: only X-Forwarded-For is", header.name));
    Finding::good("address", format!("{client} is taken for a connection from {peer}"))
        .with_lines(hops.iter().map(ToString::to_string).chain(unread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_header_counts_and_each_step_is_told() {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let headers = ["x-forwarded-FOR: 192.0.2.1, 10.0.0.8", "X-Real-IP: 192.0.2.9"]
            .map(|text| text.parse::<Header>().unwrap());
        let finding = check(&proxies, "10.0.0.7".parse().unwrap(), &headers);
        assert_eq!(finding.what, "192.0.2.1 is taken for a connection from 10.0.0.7");
        let starts = [
            "10.0.0.7 is trusted",
            "10.0.0.8 is trusted",
            "192.0.2.1 is not trusted",
            "X-Real-IP is not read",
        ];
        assert_eq!(finding.lines.len(), starts.len());
        assert!(finding.lines.iter().zip(starts).all(|(line, start)| line.starts_with(start)), "{finding}");
        for text in ["", "no colon", " : x"] {
            assert!(text.parse::<Header>().is_err(), "{text}");
        }
    }
}
