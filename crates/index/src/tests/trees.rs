//! Filters of the language, held against every session by the plainest reading of what they say.

use super::world::{ADDRESSES, DEVICES, HOSTS, Known, USERS, World};
use proptest::prelude::*;
use proptest::sample::select;
use regex::RegexBuilder;
use rollcall_filter::{
    Age, Comparison, Factor, Glob, Leaf, Pattern, Text, TextField, TimeField, Tree, Version, When,
};
use rollcall_model::{DeviceType, Role, SessionNo, Timestamp};
use std::net::IpAddr;

/// Of the first users; the others have none.
pub const EMAILS: [&str; 4] = ["zoe@example.org", "Anna@Example.org", "anna@x.example", "bot@example.org"];

/// The specification of a tree.
pub fn naive_tree(world: &World, known: &Known, tree: &Tree, caller: Option<SessionNo>) -> bool {
    let of = |part: &Tree| naive_tree(world, known, part, caller);
    match tree {
        Tree::And(parts) => parts.iter().all(of),
        Tree::Or(parts) => parts.iter().any(of),
        Tree::Not(part) => !of(part),
        Tree::Leaf(leaf) => naive_leaf(world, known, leaf, caller),
    }
}

fn naive_leaf(world: &World, known: &Known, leaf: &Leaf, caller: Option<SessionNo>) -> bool {
    let (session, device, owner) = (&known.session, &known.device, &known.session.owner);
    let user = World::place_of(owner.no);
    let address = session.ip.to_string();
    let name_and = |name: &str, version: &str| match version {
        "" => vec![name.to_owned()],
        version => vec![name.to_owned(), format!("{name} {version}")],
    };
    match leaf {
        Leaf::Any(text) => [
            Some(device.name.as_str()),
            Some(device.device_type.as_str()),
            Some(&device.os_name),
            Some(session.id.as_str()),
            Some(owner.id.as_str()),
            Some(&address),
            Some(&session.host),
            Some(&owner.username),
            owner.name.as_deref(),
        ]
        .into_iter()
        .flatten()
        .any(|field| naive_text(text, field)),
        Leaf::Text(field, text) => {
            let values: Vec<String> = match field {
                TextField::User => vec![owner.username.clone()],
                TextField::Name => owner.name.clone().into_iter().collect(),
                TextField::Email => EMAILS.get(user).map(|email| (*email).to_owned()).into_iter().collect(),
                TextField::Device => name_and(&device.name, &device.long_version),
                TextField::Type => vec![device.device_type.as_str().into()],
                TextField::Version => vec![device.long_version.clone(), device.version.clone()],
                TextField::Os => name_and(&device.os_name, device.os_version.as_deref().unwrap_or("")),
                TextField::Host => vec![session.host.to_string()],
                TextField::Ip => vec![address],
                TextField::Id => vec![session.id.as_str().into()],
            };
            values.iter().any(|value| naive_text(text, value))
        }
        Leaf::Network(network) => network.contains(&session.ip),
        Leaf::Role(role) => owner.roles.contains(*role),
        Leaf::Factor(Factor::Totp) => world.factors[user].authenticator,
        Leaf::Factor(Factor::Mail) => world.factors[user].mail,
        Leaf::Factor(Factor::None) => !world.factors[user].authenticator && !world.factors[user].mail,
        Leaf::Current(is_current) => (caller == Some(session.no)) == *is_current,
        Leaf::Time(field, comparison, when) => {
            let at = match field {
                TimeField::Login => session.opened_at,
                TimeField::Seen => known.seen_at,
            };
            match when {
                When::At(bound) => comparison.holds(at.cmp(bound)),
                When::Age(age) => {
                    let minute = world.now.as_ms() / 60_000 * 60_000;
                    let minutes: i64 = age.to_string().strip_suffix('m').unwrap().parse().unwrap();
                    let age_ms = minute - at.as_ms();
                    comparison.holds(age_ms.cmp(&(minutes * 60_000)))
                }
            }
        }
        Leaf::Version(comparison, version) => {
            // In this world a version is one number.
            let bound: u64 = version.to_string().parse().unwrap();
            comparison.holds(device.long_version.parse::<u64>().unwrap().cmp(&bound))
        }
    }
}

fn naive_text(text: &Text, value: &str) -> bool {
    let glob = |glob: &Glob| {
        glob.pieces().iter().map(|piece| regex::escape(piece)).collect::<Vec<_>>().join("(?s:.*)")
    };
    let pattern = match text {
        Text::Is(is) => format!("^(?:{})$", glob(is)),
        Text::Contains(contains) => glob(contains),
        Text::Matches(pattern) => pattern.as_str().to_owned(),
    };
    RegexBuilder::new(&pattern).case_insensitive(true).build().unwrap().is_match(value)
}

const FIELDS: [TextField; 10] = [
    TextField::User,
    TextField::Name,
    TextField::Email,
    TextField::Device,
    TextField::Type,
    TextField::Version,
    TextField::Os,
    TextField::Host,
    TextField::Ip,
    TextField::Id,
];

/// Filters about what the world has.
pub fn tree() -> impl Strategy<Value = Tree> {
    leaf().prop_map(Tree::Leaf).prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::and),
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::or),
            1 => inner.prop_map(Tree::not),
        ]
    })
}

fn leaf() -> impl Strategy<Value = Leaf> {
    let comparison = || select(Comparison::ALL.to_vec());
    let base = 1_700_000_000_000;
    let when = prop_oneof![
        (0..7_u32).prop_map(|minutes| When::Age(Age::of_minutes(minutes))),
        select(vec![0, 1, 40, 1_000, 2_000, 60_000, 120_000, 240_000])
            .prop_map(move |ms| When::At(Timestamp::from_ms(base + ms))),
    ];
    let network =
        select(vec!["10.0.0.0/8", "10.1.0.7/32", "10.1.0.0/20", "::/0", "2001:db8::/32", "0.0.0.0/0"]);
    prop_oneof![
        3 => contained().prop_map(Leaf::Any),
        6 => (select(FIELDS.to_vec()), prop_oneof![whole(), contained()])
            .prop_map(|(field, text)| Leaf::Text(field, text)),
        1 => network.prop_map(|network| Leaf::Network(network.parse().unwrap())),
        1 => select(Role::ALL[..3].to_vec()).prop_map(Leaf::Role),
        1 => select(Factor::ALL.to_vec()).prop_map(Leaf::Factor),
        1 => any::<bool>().prop_map(Leaf::Current),
        3 => (select(vec![TimeField::Login, TimeField::Seen]), comparison(), when)
            .prop_map(|(field, comparison, when)| Leaf::Time(field, comparison, when)),
        1 => (comparison(), 0..9_u64).prop_map(|(comparison, version)| {
            Leaf::Version(comparison, Version::parse(&version.to_string()).unwrap())
        }),
    ]
}

fn values() -> Vec<String> {
    let mut values: Vec<String> =
        [HOSTS.as_slice(), &ADDRESSES, &EMAILS].concat().into_iter().map(Into::into).collect();
    values
        .extend(USERS.iter().flat_map(|(username, name)| [Some(*username), *name]).flatten().map(Into::into));
    for (at, (name, _, os, os_version)) in DEVICES.iter().enumerate() {
        values.extend([(*name).to_owned(), (*os).to_owned(), format!("{name} {at}"), at.to_string()]);
        values.push(format!("{os} {}", os_version.unwrap_or_default()));
    }
    values.extend(DeviceType::ALL.map(|kind| kind.as_str().to_owned()));
    values
}

fn whole() -> impl Strategy<Value = Text> {
    (select(values()), 0..6_usize, 0..4_usize).prop_map(|(value, keep, way)| {
        let part: String = value.chars().take(keep).collect();
        let pieces = match way {
            0 => vec![value],
            1 => vec![value.to_uppercase()],
            2 => vec![part, String::new()],
            _ => vec![String::new(), part, String::new()],
        };
        Text::Is(Glob::of(pieces))
    })
}

fn contained() -> impl Strategy<Value = Text> {
    let part =
        (select(values()), 0..6_usize, 0..8_usize, any::<bool>()).prop_map(|(value, skip, take, is_cut)| {
            let part: String = value.chars().skip(skip).take(take).collect();
            let pieces = if is_cut { part.split('.').map(Into::into).collect() } else { vec![part] };
            Text::Contains(Glob::of(pieces).without_ends())
        });
    let pattern = select(vec![
        "^zo",
        "7$",
        "^10\\.1\\.",
        "^(chrome|firefox)$",
        "x*",
        "\\bk",
        "^$",
        "e.*a",
        "[^a]$",
        "^.{17}$",
        "/",
        "\\.",
    ]);
    prop_oneof![3 => part, 2 => pattern.prop_map(|text| Text::Matches(Pattern::parse(text).unwrap().0))]
}

#[test]
fn the_world_has_addresses_and_users_for_its_filters() {
    assert!(ADDRESSES.iter().all(|address| address.parse::<IpAddr>().is_ok()));
    assert!(EMAILS.len() < USERS.len());
}
