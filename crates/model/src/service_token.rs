//! Service tokens: what programs authenticate with. They are the workspace's, not a user's, and open what their scopes
//! name and nothing else.

use crate::clock::Timestamp;
use crate::ids::{Randomness, ServiceNo, UserNo, draw};
use crate::permission::Permission;
use crate::token::TokenHash;
use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// What every secret begins with, so that whoever scans texts for secrets finds it.
pub const SECRET_PREFIX: &str = "rcs_";
/// Letters and digits only: a scanner's pattern ends where the secret does.
const SECRET_ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Characters behind the prefix: 256 bits.
pub const SECRET_LENGTH: usize = 43;

/// A service token's secret in the clear. It is shown once, to whoever made it, and never kept: it has no `Debug` and
/// no `Display`.
#[derive(Clone)]
pub struct ServiceSecret(String);

impl ServiceSecret {
    /// A new secret.
    pub fn random(randomness: &dyn Randomness) -> Self {
        let drawn: [u8; SECRET_LENGTH] = draw(SECRET_ALPHABET, randomness);
        Self(SECRET_PREFIX.chars().chain(drawn.into_iter().map(char::from)).collect())
    }

    /// The secret itself, for the answer that hands it out.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// A service token, as its row holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceToken {
    /// The ledger's number of its making.
    pub no: ServiceNo,
    /// The name that people gave it, no two alike.
    pub name: String,
    /// The digest of its secret.
    pub secret: TokenHash,
    /// The secret of before the last rotation.
    pub before: Option<SecretBefore>,
    /// What it opens.
    pub scopes: Scopes,
    /// From where it is good; from anywhere when there are none.
    pub networks: Networks,
    /// From when on it is good no more.
    pub expires_at: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: UserNo,
}

/// The secret that a rotation replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretBefore {
    /// Its digest.
    pub secret: TokenHash,
    /// From when on it is good no more.
    pub until: Timestamp,
}

impl ServiceToken {
    /// Whether this is a secret of it that is good at an instant.
    pub fn is_opened_by(&self, secret: &TokenHash, now: Timestamp) -> bool {
        let is_before = self.before.is_some_and(|before| before.secret == *secret && now < before.until);
        now < self.expires_at && (self.secret == *secret || is_before)
    }
}

/// From where a service token is good: from anywhere when there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl Networks {
    /// A network or an address, as people write it: bits behind the prefix are none of it, and IPv4 is that however it
    /// is written.
    pub fn read(text: &str) -> Option<IpNet> {
        let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
        let ip = network.addr().to_canonical();
        let of_mapped = if ip.is_ipv4() && network.addr().is_ipv6() { 96 } else { 0 };
        let prefix = network.prefix_len().checked_sub(of_mapped)?;
        IpNet::new(ip, prefix).ok().map(|network| network.trunc())
    }

    /// Whether it is good from an address. One of IPv4 is that, however it is written.
    pub fn hold(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.is_empty() || self.0.iter().any(|network| network.contains(&ip))
    }
}

/// As they are stored: with a space between them.
impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&written.join(" "))
    }
}

/// Out of a text as it is stored. What is no network must not be passed over: without it more would be let in.
impl FromStr for Networks {
    type Err = ipnet::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// What a service token opens: permissions that it holds by itself, where a user holds them by a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u32);

impl Scopes {
    /// The permissions that can be a scope. No other can be held by a program.
    pub const ALL: &[Permission] = &[
        Permission::ViewDeviceManagement,
        Permission::LogoutDeviceManagement,
        Permission::ViewAudit,
        Permission::IntrospectTokens,
    ];

    /// The scope of this name.
    pub fn scope(name: &str) -> Option<Permission> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == name)
    }

    /// Out of a text as it is stored; what this version does not know opens nothing.
    pub fn parse(text: &str) -> Self {
        text.split(' ').filter_map(Self::scope).collect()
    }

    /// Whether the permission is in it.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its permissions, in their order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Self::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }
}

/// Takes what can be a scope, and nothing else.
impl FromIterator<Permission> for Scopes {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let scopes = permissions.into_iter().filter(|permission| Self::ALL.contains(permission));
        Self(scopes.fold(0, |bits, permission| bits | 1 << permission as u32))
    }
}

/// As it is stored: names with a space between them.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Permission::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Randomness for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn token() -> ServiceToken {
        ServiceToken {
            no: ServiceNo(1),
            name: "ci".into(),
            secret: TokenHash([1; 32]),
            before: Some(SecretBefore { secret: TokenHash([2; 32]), until: Timestamp::from_ms(50) }),
            scopes: Scopes::default(),
            networks: Networks::default(),
            expires_at: Timestamp::from_ms(100),
            made_at: Timestamp::from_ms(0),
            made_by: UserNo(1),
        }
    }

    #[test]
    fn a_secret_is_the_prefix_and_letters_and_digits() {
        assert_eq!(ServiceSecret::random(&Sevens).reveal(), format!("rcs_{}", "H".repeat(SECRET_LENGTH)));
    }

    #[test]
    fn each_secret_is_good_until_its_own_end() {
        let token = token();
        let good = |secret: u8, ms| token.is_opened_by(&TokenHash([secret; 32]), Timestamp::from_ms(ms));
        assert!(good(1, 99) && !good(1, 100), "the secret, with the token");
        assert!(good(2, 49) && !good(2, 50), "the one before, for the overlap");
        assert!(!good(3, 0), "no other");
    }

    #[test]
    fn a_token_is_good_from_its_networks_and_without_any_from_anywhere() {
        let networks = |text: &str| text.parse::<Networks>().unwrap();
        let holds = |networks: &Networks, ip: &str| networks.hold(ip.parse().unwrap());
        assert!(holds(&networks(""), "203.0.113.9"));
        let some = networks("192.0.2.0/24 2001:db8::/32");
        assert_eq!(networks(&some.to_string()), some);
        for inside in ["192.0.2.0", "192.0.2.255", "::ffff:192.0.2.7", "2001:db8::1"] {
            assert!(holds(&some, inside), "{inside}");
        }
        for outside in ["192.0.3.0", "::ffff:192.0.3.1", "2001:db9::1", "::192.0.2.7"] {
            assert!(!holds(&some, outside), "{outside}");
        }
        let read = |text: &str| Networks::read(text).map(|network| network.to_string());
        for (written, network) in [
            ("192.0.2.9/24", Some("192.0.2.0/24")),
            ("192.0.2.9", Some("192.0.2.9/32")),
            ("::ffff:192.0.2.9", Some("192.0.2.9/32")),
            ("::ffff:192.0.2.0/120", Some("192.0.2.0/24")),
            ("::ffff:192.0.2.0/95", None),
            ("2001:db8::1", Some("2001:db8::1/128")),
            ("192.0.2.0/33", None),
            ("192.0.2", None),
            ("", None),
        ] {
            assert_eq!(read(written).as_deref(), network, "{written}");
        }
        assert!("192.0.2.0/24 nonsense".parse::<Networks>().is_err());
    }

    #[test]
    fn scopes_are_some_of_the_permissions_and_are_read_as_they_are_written() {
        for bits in 0..1_u8 << Scopes::ALL.len() {
            let some = Scopes::ALL.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1);
            let scopes: Scopes = some.map(|(_, permission)| *permission).collect();
            assert_eq!(Scopes::parse(&scopes.to_string()), scopes);
            assert_eq!(scopes.iter().count(), bits.count_ones() as usize);
        }
        let all: Scopes = Permission::ALL.iter().copied().collect();
        assert_eq!(all.iter().collect::<Vec<_>>(), Scopes::ALL, "no other is taken");
        assert!(Scopes::parse("manage-service-tokens view-d-room tomorrow").is_empty());
    }
}
