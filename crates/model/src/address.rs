//! Addresses as they are counted and compared.

use std::net::IpAddr;

/// What one party at the other end holds: an IPv4 address, or an IPv6 /64.
/// Limits are kept by it, since whoever has one address of a /64 has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressKey(u128);

impl AddressKey {
    /// The key of an address.
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self(u128::from(ip.to_ipv6_mapped())),
            IpAddr::V6(ip) => Self(u128::from(ip) & !u128::from(u64::MAX)),
        }
    }

    /// The key as a number.
    pub const fn bits(self) -> u128 {
        self.0
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
    }
}
