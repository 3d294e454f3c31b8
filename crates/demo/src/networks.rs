//! Where sessions come from: offices, homes, mobile carriers, the VPN, cafés and the server room.
//!
//! **Invariants**: every address is from a range that belongs to nobody, so a demonstration cannot point at a real
//! network. Documentation: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 (RFC 5737), `2001:db8::/32` (RFC 3849),
//! `3fff::/20` (RFC 9637). Private: 10.0.0.0/8 (RFC 1918). Shared by carriers: 100.64.0.0/10 (RFC 6598). Homes are in
//! the benchmarking range 198.18.0.0/15 (RFC 2544), the only harmless one that looks public and is large enough.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::random::Random;
use crate::rhythm::{DAY_MS, HOUR_MS};

/// One of the three offices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    Rotterdam,
    Toronto,
    Osaka,
}

impl Site {
    pub(crate) const fn ahead_ms(self) -> i64 {
        match self {
            Self::Rotterdam => HOUR_MS,
            Self::Toronto => -5 * HOUR_MS,
            Self::Osaka => 9 * HOUR_MS,
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Rotterdam => 1,
            Self::Toronto => 2,
            Self::Osaka => 3,
        }
    }
}

/// The kind of network a session is opened from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Office,
    Home,
    Carrier,
    Vpn,
    Cafe,
    ServerRoom,
}

/// How a person's desk is wired.
#[derive(Clone, Copy, Debug)]
enum Desk {
    /// Behind one of the few addresses the whole site shares.
    Shared,
    /// On the company network, with an address of its own.
    Own(Ipv4Addr),
    /// On the site's IPv6 network.
    V6,
}

/// The networks one person keeps coming back to.
#[derive(Clone, Debug)]
pub(crate) struct Networks {
    site: Site,
    desk: Desk,
    home: Ipv4Addr,
    /// The home's and the carrier's network, where they have IPv6.
    home_v6: Option<u32>,
    carrier_v6: bool,
    /// Tells this person's devices from everybody else's.
    salt: u64,
}

/// Addresses of a site's internet line.
const LINES_PER_SITE: u32 = 3;

impl Networks {
    pub(crate) fn of_somebody_at(site: Site, random: &mut Random) -> Self {
        let [building, seat] = low_bytes(random);
        let home = random.below(1 << 17).to_be_bytes();
        Self {
            site,
            desk: *random.weighted(&[
                (56, Desk::Shared),
                (28, Desk::Own(Ipv4Addr::new(10, site.number(), building % 16, seat.clamp(2, 250)))),
                (16, Desk::V6),
            ]),
            home: Ipv4Addr::new(198, 18 + home[1], home[2], home[3].clamp(1, 254)),
            home_v6: random.percent(50).then(|| random.below(u32::MAX)),
            carrier_v6: random.percent(40),
            salt: random.bits(),
        }
    }

    pub(crate) const fn site(&self) -> Site {
        self.site
    }

    /// The address of the person's `device`-th device on that day.
    pub(crate) fn address(&self, place: Place, device: u8, at_ms: i64, random: &mut Random) -> IpAddr {
        let site = self.site.number();
        let [a, b] = low_bytes(random);
        match place {
            Place::Office => match self.desk {
                Desk::Shared => shared_line(site, random).into(),
                Desk::Own(address) => address.into(),
                Desk::V6 => self.v6(0x2001_0db8_0000_0010 + u64::from(site), device, at_ms),
            },
            Place::Home => match self.home_v6 {
                // Browsers prefer IPv6 where it works, and it does not always.
                Some(network) if random.percent(75) => {
                    self.v6(0x2001_0db8_0000_0000 | u64::from(network | 0x8000_0000), device, at_ms)
                }
                _ => self.home.into(),
            },
            Place::Carrier if self.carrier_v6 => {
                self.v6(0x3fff_0000_0000_0000 | u64::from(site) << 40 | random.bits() >> 40, device, at_ms)
            }
            Place::Carrier => Ipv4Addr::new(100, 64 + site * 16 + a % 4, b, a.clamp(1, 254)).into(),
            Place::Vpn => Ipv4Addr::new(10, 200 + site, a % 8, b.clamp(2, 254)).into(),
            Place::Cafe => Ipv4Addr::new(198, 51, 100, b.clamp(1, 254)).into(),
            Place::ServerRoom => Ipv4Addr::new(192, 0, 2, 10 + b % 24).into(),
        }
    }

    /// A device names itself anew each day (RFC 8981); within the day it keeps its address.
    fn v6(&self, network: u64, device: u8, at_ms: i64) -> IpAddr {
        let day = at_ms.div_euclid(DAY_MS).cast_unsigned();
        let interface = Random::new(self.salt ^ (day << 8) ^ u64::from(device)).bits();
        Ipv6Addr::from_bits(u128::from(network) << 64 | u128::from(interface)).into()
    }
}

fn shared_line(site: u8, random: &mut Random) -> Ipv4Addr {
    let line = random.below(LINES_PER_SITE).to_be_bytes()[3];
    Ipv4Addr::new(203, 0, 113, site * 32 + 1 + line)
}

fn low_bytes(random: &mut Random) -> [u8; 2] {
    let [a, b, ..] = random.bits().to_be_bytes();
    [a, b]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PLACES: [Place; 6] =
        [Place::Office, Place::Home, Place::Carrier, Place::Vpn, Place::Cafe, Place::ServerRoom];

    fn is_harmless(address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                let range = matches!(
                    (a, b, c),
                    (10, ..)
                        | (192, 0, 2)
                        | (198, 51, 100)
                        | (203, 0, 113)
                        | (198, 18 | 19, _)
                        | (100, 64..=127, _)
                );
                range && d != 0 && d != 255
            }
            IpAddr::V6(v6) => matches!(v6.segments(), [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..]),
        }
    }

    #[test]
    fn every_address_belongs_to_nobody() {
        let mut random = Random::new(11);
        for site in [Site::Rotterdam, Site::Toronto, Site::Osaka] {
            for _ in 0..500 {
                let networks = Networks::of_somebody_at(site, &mut random);
                for place in PLACES {
                    let address = networks.address(place, 0, 1_700_000_000_000, &mut random);
                    assert!(is_harmless(address), "{place:?} {address}");
                }
            }
        }
    }

    #[test]
    fn homes_are_kept_and_office_lines_are_shared() {
        let mut random = Random::new(12);
        let mut offices = BTreeSet::new();
        for _ in 0..300 {
            let networks = Networks::of_somebody_at(Site::Osaka, &mut random);
            let homes: BTreeSet<IpAddr> =
                (0..20).map(|_| networks.address(Place::Home, 0, 0, &mut random)).collect();
            assert!(homes.len() <= 2, "one address of each family: {homes:?}");
            if matches!(networks.desk, Desk::Shared) {
                offices.insert(networks.address(Place::Office, 0, 0, &mut random));
            }
        }
        assert_eq!(offices.len(), LINES_PER_SITE as usize);
    }

    #[test]
    fn an_ipv6_device_keeps_its_address_for_a_day() {
        let networks = Networks {
            site: Site::Toronto,
            desk: Desk::V6,
            home: Ipv4Addr::LOCALHOST,
            home_v6: None,
            carrier_v6: true,
            salt: 5,
        };
        let mut random = Random::new(13);
        let mut at = |device, at_ms| networks.address(Place::Office, device, at_ms, &mut random);
        assert_eq!(at(0, 0), at(0, DAY_MS - 1));
        assert_ne!(at(0, 0), at(0, DAY_MS));
        assert_ne!(at(0, 0), at(1, 0));
    }
}
