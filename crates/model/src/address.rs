//! Addresses as they are counted and compared.

use std::net::IpAddr;

/// What one party at the other end holds: an IPv4 address, or an IPv6 /64.
/// Limits are kept by it, since whoever has one address of a /64 has them all.
/// In eight bytes, since many are remembered: the network of an IPv6 address, or one of a network of `0:ffff::/32` for
/// each IPv4 address. That block is reserved, and no address on any wire is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressKey(u64);

const OF_IPV4: u64 = 0xffff << 32;

impl AddressKey {
    /// The key of an address.
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self(OF_IPV4 | u64::from(ip.to_bits())),
            IpAddr::V6(ip) => {
                // Half of its bits always fit.
                Self(u64::try_from(ip.to_bits() >> 64).unwrap_or(u64::MAX))
            }
        }
    }

    /// The key as the number of an address: IPv4 as IPv4-mapped IPv6, else the first of the network.
    pub fn bits(self) -> u128 {
        let bits = u128::from(self.0);
        if self.0 >> 32 == OF_IPV4 >> 32 { bits } else { bits << 64 }
    }
}

/// An address as one 128-bit number, IPv4 as IPv4-mapped IPv6.
pub fn ip_to_bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_ipv6_mapped()),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

/// The address of such a number; IPv4-mapped IPv6 becomes IPv4.
pub fn ip_from_bits(bits: u128) -> IpAddr {
    IpAddr::from(bits.to_be_bytes()).to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> AddressKey {
        AddressKey::of(text.parse().unwrap())
    }

    #[test]
    fn an_ipv6_network_is_one_party_and_mapped_ipv4_is_ipv4() {
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:10.0.0.1"), key("10.0.0.1"));
        assert_ne!(key("10.0.0.1"), key("10.0.0.2"));
        for (text, first) in
            [("10.0.0.1", "10.0.0.1"), ("2001:db8::1", "2001:db8::"), ("::1", "::"), ("ffff::1", "ffff::")]
        {
            assert_eq!(ip_from_bits(key(text).bits()), first.parse::<IpAddr>().unwrap(), "{text}");
        }
    }
}
