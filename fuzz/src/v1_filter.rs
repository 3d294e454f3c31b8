//! Any filter finds what a plain scan finds: rows with a field that contains the text, ignoring case, or that
//! the text matches as a regular expression.

use regex::{Regex, RegexBuilder};
use rollcall_index::{List, Loaded, Readers, Scope, Standing};
use rollcall_model::ids::ID_ALPHABET;
use rollcall_model::limits::{FILTER_CHARS, FILTER_NESTING, FILTER_PROGRAM_BYTES};
use rollcall_model::{
    Device, DeviceType, Owner, RoleSet, Session, SessionId, SessionNo, Timestamp, TokenHash, UserId, UserNo,
};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Searches a small index.
pub fn v1_filter(data: &[u8]) {
    // The wire lets no longer text in, and none with a NUL.
    let text = String::from_utf8_lossy(data);
    let filter: String = text.chars().filter(|c| *c != '\0').take(FILTER_CHARS).collect();
    let Some(pattern) = Reading::of(&filter) else { return };
    let scene = scene();
    let of_everyone = scene.ask(&filter, Scope::Everyone);
    let of_one = scene.ask(&filter, Scope::Of(ANN));
    let plain = |session: &&Session| filter.is_empty() || fields(session).any(|field| pattern.is_in(field));
    let newest_first = || scene.sessions.iter().rev();
    let wanted: Vec<_> = newest_first().filter(plain).map(|session| session.no).collect();
    assert_eq!(of_everyone, wanted, "{filter:?}");
    let own = newest_first().filter(|session| session.owner.no == ANN);
    let wanted: Vec<_> = own.filter(plain).map(|session| session.no).collect();
    assert_eq!(of_one, wanted, "{filter:?} of one user");
}

/// What the plain scan takes the filter for.
struct Reading {
    literal: Regex,
    pattern: Option<Regex>,
}

impl Reading {
    /// `None` when it stands near the bound of programs: there both answers are right.
    fn of(filter: &str) -> Option<Self> {
        let regex = |pattern: &str, bytes| {
            let mut builder = RegexBuilder::new(pattern);
            builder.case_insensitive(true).size_limit(bytes).nest_limit(FILTER_NESTING).build().ok()
        };
        let pattern = regex(filter, FILTER_PROGRAM_BYTES / 2);
        if pattern.is_none() && regex(filter, FILTER_PROGRAM_BYTES * 2).is_some() {
            return None;
        }
        Some(Self { literal: regex(&regex::escape(filter), usize::MAX)?, pattern })
    }

    fn is_in(&self, field: &str) -> bool {
        self.literal.is_match(field) || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(field))
    }
}

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);
const ANN: UserNo = UserNo(1);

const USERS: [(&str, Option<&str>); 5] = [
    ("ann", Some("Ann O'Hara")),
    ("bot_1", None),
    ("emile-2", Some("\u{c9}mile Stra\u{df}e")),
    ("sam", Some("\u{17f}am \u{212a}ing\nline")),
    ("x", Some("")),
];
const DEVICES: [(&str, DeviceType, &str); 4] = [
    ("Chrome", DeviceType::Browser, "Windows"),
    ("Mobile Safari", DeviceType::Mobile, "iOS"),
    ("RC Mobile", DeviceType::MobileApp, "android"),
    ("", DeviceType::Other, ""),
];
const HOSTS: [&str; 3] = ["chat.example.org:3000", "", "K\u{dc}CHE [x] %41 \\ {2} (a|b)*"];
const ADDRESSES: [&str; 4] = ["10.1.0.7", "192.168.7.77", "2001:db8::7", "fe80::dead:beef"];

struct Scene {
    standing: Standing,
    sessions: Vec<Session>,
}

impl Scene {
    fn ask(&self, filter: &str, scope: Scope) -> Vec<SessionNo> {
        let list = List {
            scope,
            filter: Some(filter.into()),
            sort: Vec::new(),
            after: None,
            offset: 0,
            count: usize::MAX,
        };
        let read =
            self.standing.list(&list, NOW, &|| false, |page| page.rows().map(|row| row.no()).collect());
        must(read.ok())
    }
}

fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let sessions: Vec<_> = (0..24).map(session).collect();
        let standing = Standing::new(Readers { device, fragment: |device, _| device.name.clone() }, None);
        standing.load(sessions.iter().map(|session| Loaded { session: session.clone(), seen_at: NOW }));
        standing.loaded();
        Scene { standing, sessions }
    })
}

/// An agent of the scene is its device's place.
fn device(agent: &str) -> Device {
    let (name, device_type, os_name) = DEVICES[agent.parse::<usize>().unwrap_or(0)];
    Device { device_type, name: name.into(), os_name: os_name.into(), ..Device::other() }
}

fn session(n: usize) -> Session {
    let (username, name) = USERS[n % USERS.len()];
    let user = n as u64 % USERS.len() as u64 + 1;
    let owner = Owner {
        no: UserNo(user),
        id: must(id(user + 100).parse::<UserId>().ok()),
        username: username.into(),
        name: name.map(Into::into),
        roles: RoleSet::EMPTY,
    };
    let mut token = [0; 32];
    token[..8].copy_from_slice(&(n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    Session {
        no: SessionNo(n as u64 + 10),
        id: must(id(n as u64).parse::<SessionId>().ok()),
        owner: Arc::new(owner),
        token: TokenHash(token),
        opened_at: NOW,
        expires_at: NOW + Duration::from_hours(1),
        ip: must(ADDRESSES[n % ADDRESSES.len()].parse().ok()),
        agent: (n / 2 % DEVICES.len()).to_string().into(),
        host: HOSTS[n % HOSTS.len()].into(),
    }
}

/// The fields that a filter looks at.
fn fields(session: &Session) -> impl Iterator<Item = &str> {
    static ADDRESSES_SHOWN: OnceLock<Vec<String>> = OnceLock::new();
    let addresses = ADDRESSES_SHOWN.get_or_init(|| {
        let shown =
            ADDRESSES.iter().map(|address| must(address.parse::<std::net::IpAddr>().ok()).to_string());
        shown.collect()
    });
    let (name, device_type, os_name) = DEVICES[session.agent.parse::<usize>().unwrap_or(0)];
    let address =
        addresses.iter().find(|address| address.parse().is_ok_and(|ip: std::net::IpAddr| ip == session.ip));
    let owner = &session.owner;
    [
        Some(name),
        Some(device_type.as_str()),
        Some(os_name),
        Some(session.id.as_str()),
        Some(owner.id.as_str()),
        address.map(String::as_str),
        Some(&session.host),
        Some(&owner.username),
        owner.name.as_deref(),
    ]
    .into_iter()
    .flatten()
}

/// An id that is different for each number.
fn id(number: u64) -> String {
    let letter = |place: u64| {
        let drawn = (number + 1)
            .wrapping_mul(0x2545_F491_4F6C_DD1D)
            .rotate_left(u32::try_from(place * 7).unwrap_or(0));
        char::from(ID_ALPHABET[usize::try_from(drawn % 55).unwrap_or(0)])
    };
    (0..17).map(letter).collect()
}

fn must<T>(value: Option<T>) -> T {
    value.unwrap_or_else(|| panic!("the scene is made of good values, and no list of it is told to stop"))
}
