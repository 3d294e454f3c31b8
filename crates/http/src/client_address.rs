//! The client's address: the peer's, unless the peer is a trusted proxy; then the right-most address of
//! `X-Forwarded-For` that is not one. No other header is believed, and none from anybody else.

use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;

/// Whose word on a client's address is taken.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// The proxies of these networks; by default there are none.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The first of the networks that the address is in.
    fn trusting(&self, ip: IpAddr) -> Option<IpNet> {
        self.0.iter().find(|network| network.contains(&ip)).copied()
    }

    /// Whether the address is a proxy's, whose connections are many clients'.
    pub fn is_one(&self, ip: IpAddr) -> bool {
        self.trusting(ip.to_canonical()).is_some()
    }

    /// The client's address, given the values of all `X-Forwarded-For` headers in order.
    pub fn client<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        self.walk(peer, forwarded, |_| ())
    }

    /// The same, and why: each address that was looked at, the last of which is taken.
    pub fn explain<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'a str>,
    ) -> (IpAddr, Vec<Hop<'a>>) {
        let mut hops = Vec::new();
        let client = self.walk(peer, forwarded, |hop| hops.push(hop));
        (client, hops)
    }

    /// From the peer to the left, for as long as the one who names the next is trusted.
    ///
    /// An entry that is no address ends the walk: what stands left of it was not said by one we trust, so
    /// the last proxy that was passed is the address.
    fn walk<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'a str>,
        mut seen: impl FnMut(Hop<'a>),
    ) -> IpAddr {
        let mut entries = forwarded.rev().flat_map(|value| value.rsplit(',')).map(str::trim);
        let mut ip = peer.to_canonical();
        loop {
            let next = match self.trusting(ip) {
                None => Next::NotTrusted,
                Some(network) => match entries.next().map(|entry| address(entry).ok_or(entry)) {
                    None => Next::NoEntry { network },
                    Some(Err(entry)) => Next::NoAddress { network, entry },
                    Some(Ok(next)) => Next::Address { network, next },
                },
            };
            seen(Hop { ip, next });
            match next {
                Next::Address { next, .. } => ip = next,
                Next::NotTrusted | Next::NoEntry { .. } | Next::NoAddress { .. } => return ip,
            }
        }
    }
}

/// An address that was looked at on the way to the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop<'a> {
    /// The address.
    pub ip: IpAddr,
    /// What came of it.
    pub next: Next<'a>,
}

/// What comes of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// It is of no trusted network: it is the client's.
    NotTrusted,
    /// It is trusted, and nobody else is named: it is the client's.
    NoEntry {
        /// The network that it is trusted by.
        network: IpNet,
    },
    /// It is trusted, and names what is no address: it is the client's.
    NoAddress {
        /// The network that it is trusted by.
        network: IpNet,
        /// What it names.
        entry: &'a str,
    },
    /// It is trusted, and names the next.
    Address {
        /// The network that it is trusted by.
        network: IpNet,
        /// The next.
        next: IpAddr,
    },
}

impl fmt::Display for Hop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ip = self.ip;
        match self.next {
            Next::NotTrusted => {
                write!(f, "{ip} is not trusted: it is taken, and nothing that it says is read")
            }
            Next::NoEntry { network } => {
                write!(f, "{ip} is trusted ({network}), and no entry is left: it is taken")
            }
            Next::NoAddress { network, entry } => write!(
                f,
                "{ip} is trusted ({network}), and the next entry from the right, {entry:?}, is no address: {ip} is taken"
            ),
            Next::Address { network, next } => {
                write!(
                    f,
                    "{ip} is trusted ({network}), so the next entry from the right is looked at: {next}"
                )
            }
        }
    }
}

/// An entry: an address, with a port or in brackets as proxies write them.
fn address(entry: &str) -> Option<IpAddr> {
    let bare = entry.parse().ok();
    let with_port = || entry.parse().map(|socket: std::net::SocketAddr| socket.ip()).ok();
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.or_else(with_port).or_else(bracketed).map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).into())
    }

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let peer = peer.parse().unwrap();
        let client = proxies().client(peer, forwarded.iter().copied());
        let (explained, hops) = proxies().explain(peer, forwarded.iter().copied());
        assert_eq!((explained, hops.last().unwrap().ip), (client, client), "{peer} {forwarded:?}");
        client.to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        for (peer, forwarded, expected) in [
            ("203.0.113.9", &["1.1.1.1"][..], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("::ffff:10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("fd00::1", &["2001:db8::7"], "2001:db8::7"),
            ("10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7"),
        ] {
            assert_eq!(client(peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn the_chain_is_walked_from_the_right() {
        for (forwarded, expected) in [
            (&["1.1.1.1, 198.51.100.7, 10.0.0.2"][..], "198.51.100.7"),
            (&["1.1.1.1", "198.51.100.7 ,10.0.0.2"], "198.51.100.7"),
            (&["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&["1.1.1.1, rubbish, 10.0.0.2"], "10.0.0.2"),
            (&["1.1.1.1,"], "10.0.0.1"),
            (&["198.51.100.7:4711"], "198.51.100.7"),
            (&["[2001:db8::7]:4711"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["unknown"], "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", forwarded), expected, "{forwarded:?}");
        }
    }
    #[test]
    fn every_step_is_explained() {
        let explain = |peer: &str, forwarded: &[&str]| {
            let (_, hops) = proxies().explain(peer.parse().unwrap(), forwarded.iter().copied());
            hops.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let trusted = "10.0.0.1 is trusted (10.0.0.0/8)";
        let looked_at = format!("{trusted}, so the next entry from the right is looked at: ");
        let taken = "is not trusted: it is taken, and nothing that it says is read";
        assert_eq!(
            explain("10.0.0.1", &["1.1.1.1", "198.51.100.7, fd00::2"]),
            [
                format!("{looked_at}fd00::2"),
                "fd00::2 is trusted (fd00::/8), so the next entry from the right is looked at: 198.51.100.7"
                    .into(),
                format!("198.51.100.7 {taken}"),
            ]
        );
        assert_eq!(explain("203.0.113.9", &["1.1.1.1"]), [format!("203.0.113.9 {taken}")]);
        assert_eq!(explain("10.0.0.1", &[]), [format!("{trusted}, and no entry is left: it is taken")]);
        assert_eq!(
            explain("10.0.0.1", &["1.1.1.1,"]),
            [format!("{trusted}, and the next entry from the right, \"\", is no address: 10.0.0.1 is taken")]
        );
    }
}
