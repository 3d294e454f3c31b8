//! A network, held against addresses as rows have them: as text.

use ipnet::IpNet;

/// A network.
#[derive(Clone, Debug)]
pub struct Network {
    network: IpNet,
    /// How every address of it begins as text; told apart at once from most that are not of it.
    beginning: String,
}

const OCTET: u8 = 8;

impl Network {
    /// This one.
    pub fn of(network: IpNet) -> Self {
        let beginning = match network {
            IpNet::V4(network) => {
                let whole = usize::from(network.prefix_len() / OCTET).min(3);
                let octets = network.network().octets();
                octets
                    .iter()
                    .take(whole)
                    .fold(String::new(), |beginning, octet| format!("{beginning}{octet}."))
            }
            // An address may be shortened anywhere.
            IpNet::V6(_) => String::new(),
        };
        Self { network, beginning }
    }

    /// Whether this address is of it. An IPv4 address is one however it is written.
    pub fn holds(&self, address: &[u8]) -> bool {
        let is_mapped = address.starts_with(b"::");
        if !is_mapped && !address.starts_with(self.beginning.as_bytes()) {
            return false;
        }
        let ip = std::str::from_utf8(address).ok().and_then(|text| text.parse::<std::net::IpAddr>().ok());
        ip.is_some_and(|ip| self.network.contains(&ip.to_canonical()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        for (network, there, elsewhere) in [
            (
                "10.0.0.0/8",
                vec!["10.1.0.7", "10.255.255.255", "::ffff:10.1.0.7"],
                vec!["11.1.0.7", "::1", "\u{FF}"],
            ),
            ("10.1.0.0/20", vec!["10.1.15.7"], vec!["10.1.16.7", "10.11.0.7"]),
            ("10.1.0.7/32", vec!["10.1.0.7"], vec!["10.1.0.70", "10.1.0.77"]),
            ("0.0.0.0/0", vec!["1.2.3.4"], vec!["::1"]),
            ("2001:db8::/32", vec!["2001:db8::7", "2001:db8:1::"], vec!["2001:db9::7", "10.1.0.7"]),
            ("::/0", vec!["::1", "fe80::1"], vec!["1.2.3.4"]),
        ] {
            let network = Network::of(network.parse().unwrap());
            assert!(there.iter().all(|address| network.holds(address.as_bytes())), "{network:?}");
            assert!(!elsewhere.iter().any(|address| network.holds(address.as_bytes())), "{network:?}");
        }
    }
}
