//! Whatever happens, a list is what filtering all rows, sorting them and cutting the page gives.

use super::checkpoints::Then;
use super::found::check_found;
use super::trees::tree;
use super::world::{ADDRESSES, Ask, DEVICES, HOSTS, USERS, World};
use crate::{Direction, Scope, SortKey, Standing};
use proptest::prelude::*;
use proptest::sample::select;
use rollcall_model::factor::Factors;
use rollcall_model::{AddressKey, Holder, RoleSet, SessionNo, UserNo, limits};
use std::io::{self, Write};
use std::time::Duration;

const IDLE_GRACE_MS: u64 = 120_000;

#[derive(Clone, Debug)]
pub enum Step {
    /// A commit of so many sign-ins in one instant, of which the last ones end in it again.
    SignIns {
        sessions: Vec<(usize, usize, usize, usize, u64)>,
        end_again: usize,
    },
    End(prop::sample::Index),
    EndMany(prop::sample::Index, usize),
    Wait(u64),
    Use(prop::sample::Index),
    /// A user has other roles.
    Roles(usize, u16),
    /// A user has other factors.
    Factors(usize, bool, bool),
    /// A commit in which users take these names, those of others among them, and sign in or not.
    Renames(Vec<(usize, &'static str, Option<&'static str>, bool)>),
    Read(Ask),
    /// One that was asked before, in another order.
    ReadAgain(prop::sample::Index, Ask),
    /// One whose scan is broken off after so many stretches.
    BreakOff(Ask, usize),
    /// A picture, with steps between its stretches and behind it; from it and from what the ledger has since then
    /// the index is made anew.
    Restart {
        between: Vec<Step>,
        behind: Vec<Step>,
    },
}

fn step_or_restart() -> impl Strategy<Value = Step> {
    let restart = (prop::collection::vec(step(), 0..14), prop::collection::vec(step(), 0..5))
        .prop_map(|(between, behind)| Step::Restart { between, behind });
    prop_oneof![12 => step(), 1 => restart]
}

pub fn step() -> impl Strategy<Value = Step> {
    let lifetime = prop_oneof![4 => 1..5_000_u64, 1 => Just(3_600_000)];
    let session = (0..USERS.len(), 0..DEVICES.len(), 0..HOSTS.len(), 0..ADDRESSES.len(), lifetime);
    prop_oneof![
        4 => (prop::collection::vec(session, 1..12), 0..3_usize)
            .prop_map(|(sessions, end_again)| Step::SignIns { sessions, end_again }),
        2 => any::<prop::sample::Index>().prop_map(Step::End),
        1 => (any::<prop::sample::Index>(), 1..30_usize).prop_map(|(from, count)| Step::EndMany(from, count)),
        2 => select(vec![0, 1, 2, 40, 1_000, 1_000, IDLE_GRACE_MS - 1_000, IDLE_GRACE_MS]).prop_map(Step::Wait),
        2 => any::<prop::sample::Index>().prop_map(Step::Use),
        1 => (0..USERS.len(), 0..8_u16).prop_map(|(user, roles)| Step::Roles(user, roles)),
        1 => (0..USERS.len(), any::<bool>(), any::<bool>()).prop_map(|(user, totp, mail)| Step::Factors(user, totp, mail)),
        2 => prop::collection::vec((0..USERS.len(), name(), prop::option::of(name()), any::<bool>()), 1..5)
            .prop_map(Step::Renames),
        6 => ask().prop_map(Step::Read),
        6 => (any::<prop::sample::Index>(), ask()).prop_map(|(which, ask)| Step::ReadAgain(which, ask)),
        3 => (ask(), 0..12_usize).prop_map(|(ask, stretches)| Step::BreakOff(ask, stretches)),
    ]
}

/// Names that users have, and others.
fn name() -> impl Strategy<Value = &'static str> {
    let names = USERS.iter().map(|(username, _)| *username);
    select(names.chain(["Zoe", "zoë", "10.1.0.8", "chrome", "", "anna-20"]).collect::<Vec<_>>())
}

const KEYS: [SortKey; 11] = [
    SortKey::LoginAt,
    SortKey::SeenAt,
    SortKey::DeviceName,
    SortKey::DeviceType,
    SortKey::DeviceVersion,
    SortKey::OsName,
    SortKey::OsVersion,
    SortKey::Host,
    SortKey::Ip,
    SortKey::Name,
    SortKey::Username,
];

pub fn ask() -> impl Strategy<Value = Ask> {
    let key = select(KEYS.to_vec());
    let direction = select(vec![Direction::Ascending, Direction::Descending]);
    let scope = prop_oneof![
        5 => Just(Scope::Everyone),
        1 => (95..115_u64).prop_map(|user| Scope::Of(UserNo(user))),
    ];
    let caller = prop::option::of((1_001..1_060_u64).prop_map(SessionNo));
    (
        scope,
        prop::option::of(filter()),
        (prop::option::of(tree()), caller),
        prop::collection::vec((key, direction), 0..4),
        prop_oneof![0..20_usize, 0..200_usize, Just(usize::MAX)],
        prop_oneof![0..10_usize, Just(50), Just(usize::MAX)],
    )
        .prop_map(|(scope, filter, (tree, caller), sort, offset, count)| Ask {
            scope,
            // One or the other.
            filter: filter.filter(|_| tree.is_none()),
            tree,
            caller,
            sort,
            offset,
            count,
        })
}

/// Parts of the data, parts of patterns, and whole patterns with something about them.
fn filter() -> impl Strategy<Value = String> {
    let mut values: Vec<&str> = [HOSTS.as_slice(), &ADDRESSES].concat();
    values.extend(USERS.iter().flat_map(|(username, name)| [Some(*username), *name]).flatten());
    values.extend(DEVICES.iter().flat_map(|(name, kind, os, _)| [name, kind.as_str(), os]));
    let part =
        (select(values), 0..6_usize, 1..8_usize, any::<bool>()).prop_map(|(value, skip, take, upper)| {
            let part: String = value.chars().skip(skip).take(take).collect();
            if upper { part.to_uppercase() } else { part }
        });
    let piece = select(vec![
        "a", "e", "K", "s", "7", "10", ".", "\\.", ":", "o", "[a-k]", "[^z]", "\\d", "\\w", "\\W", "\\s",
        "^", "$", "^", "$", "\\b", "\\B", "(", ")", "(?:", "|", "*", "+", "?", "{2}", "(?-i)", "(?i)",
        "(?-u)", "(?m)", "(?s)", "\\A", "\\z", "[", "]", "\\", "\u{212A}", "ſ", "é", "ß", "\n", "",
    ]);
    let pieces = prop::collection::vec(piece, 1..7).prop_map(|pieces| pieces.concat());
    let whole = select(vec![
        "^10\\.1\\.",
        "\\.7$",
        "^(chrome|firefox)$",
        "^$",
        "^.*$",
        "x*",
        "(chrome|safari).*10|zo[eé]$",
        "^zoe|7$",
        "a|^b|c$",
        "(^a)",
        "^^a",
        "a$$",
        "a$^b",
        "$^",
        "^a$|^b$",
        "\\bk",
        "ing$",
        "(?m)^break",
        "line$",
        "(?-u)a",
        "(?-u:.)",
        "(?-u:\\xFF)",
        "\\xFF",
        "[^a]",
        "[^\\s\\S]",
        ".{17}",
        ".{18}",
        "^.{3}$",
        "[k]",
        "STRASSE",
        "ẞ",
        "émile",
        "(?-i)Anna",
        "a{0}",
        "()",
        "(",
        "*",
        "+a",
        "\\",
        "a\\",
        "(?P<n>a)$",
        "^(?:a|b)+",
        ".+$",
        "^\\w+$",
        "(?i)CHROME",
    ])
    .prop_map(String::from);
    prop_oneof![3 => part, 3 => pieces, 2 => whole]
}

/// Off, or so short that all of it happens.
pub fn idle() -> impl Strategy<Value = Option<Duration>> {
    prop::option::of(select(vec![1, 700, 1_000, 1_500, 3_000]).prop_map(Duration::from_millis))
}

fn run(idle: Option<Duration>, steps: Vec<Step>) {
    assert_eq!(limits::IDLE_GRACE, Duration::from_millis(IDLE_GRACE_MS));
    let mut world = World::with_idle(idle);
    let mut asked = vec![Ask::all()];
    for step in steps {
        run_one(&mut world, &mut asked, step);
    }
    check_all(&world);
}

pub fn run_one(world: &mut World, asked: &mut Vec<Ask>, step: Step) {
    match step {
        Step::SignIns { sessions, end_again } => {
            let mut events = Vec::new();
            let mut numbers = Vec::new();
            for (user, device, host, ip, lifetime) in sessions {
                let session = world.make(user, device, host, ip, Duration::from_millis(lifetime));
                numbers.push(session.no);
                events.push(World::opened(&session));
            }
            for no in numbers.into_iter().rev().take(end_again) {
                events.push(world.ended(no));
            }
            world.standing.apply(&events);
        }
        Step::End(which) => {
            let left: Vec<_> = world.sessions.iter().filter(|known| !known.ended).collect();
            if !left.is_empty() {
                let no = which.get(&left).session.no;
                world.end(no);
            }
        }
        Step::EndMany(from, count) => {
            let left: Vec<_> =
                world.sessions.iter().filter(|known| !known.ended).map(|known| known.session.no).collect();
            if !left.is_empty() {
                let from = from.index(left.len());
                let events: Vec<_> =
                    left.into_iter().skip(from).take(count).map(|no| world.ended(no)).collect();
                world.standing.apply(&events);
            }
        }
        Step::Wait(ms) => world.wait(Duration::from_millis(ms)),
        Step::Use(which) => use_token(world, which),
        Step::Factors(user, authenticator, mail) => {
            world.change_factors(user, Factors { authenticator, mail });
        }
        Step::Roles(user, roles) => world.change_roles(user, RoleSet::from_bits(roles)),
        Step::Renames(renames) => {
            let mut events = Vec::new();
            for (user, username, name, signs_in) in renames {
                // The ledger lets nobody have another's.
                let username = if world.is_taken(user, username) { "a-free-one" } else { username };
                if world.is_taken(user, username) {
                    continue;
                }
                events.push(world.rename(user, username, name));
                if signs_in {
                    let session = world.make(user, 0, 0, 0, Duration::from_millis(900));
                    events.push(World::opened(&session));
                }
            }
            world.standing.apply(&events);
        }
        Step::BreakOff(ask, stretches) => {
            ask.is_broken_off(&world.standing, world.now, stretches);
            asked.push(ask);
        }
        Step::ReadAgain(which, ask) => {
            let Ask { filter, tree, caller, .. } = which.get(asked).clone();
            let ask = Ask { filter, tree, caller, ..ask };
            assert_eq!(ask.of(&world.standing, world.now), world.naive(&ask), "{ask:?}");
            check_found(world, &ask);
        }
        Step::Read(ask) => {
            asked.push(ask.clone());
            assert_eq!(ask.of(&world.standing, world.now), world.naive(&ask), "{ask:?}");
        }
        Step::Restart { between, behind } => {
            let then = Then::of(world);
            let mut picture = Picture { world, asked, between: between.into_iter(), bytes: Vec::new() };
            let standing = picture.world.standing.clone();
            standing.write_picture(then.up_to, &mut picture).unwrap();
            let bytes = picture.bytes;
            for step in behind {
                run_one(world, asked, step);
            }
            world.standing = then.restored(world, &bytes).into();
            for (user, factors) in world.factors.iter().enumerate() {
                world.standing.remember_factors(UserNo(user as u64 + 100), *factors);
            }
            check_sessions(world, &world.standing);
        }
    }
}

/// A picture on its way, during which things happen.
struct Picture<'a> {
    world: &'a mut World,
    asked: &'a mut Vec<Ask>,
    between: std::vec::IntoIter<Step>,
    bytes: Vec<u8>,
}

impl Write for Picture<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        if let Some(step) = self.between.next() {
            run_one(self.world, self.asked, step);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn use_token(world: &mut World, which: prop::sample::Index) {
    if world.sessions.is_empty() {
        return;
    }
    let now = world.now;
    let at = which.index(world.sessions.len());
    let idle = world.idle;
    let known = &mut world.sessions[at];
    let bearer = world.standing.bearer(&known.session.token, now).map(|bearer| bearer.holder);
    let live = !known.ended && now < known.due_at(idle);
    assert_eq!(bearer, live.then_some(Holder::Session(known.session.no)));
    if live && now.since(known.seen_at) >= Duration::from_secs(1) {
        known.seen_at = now;
    }
}

/// Whose sessions they are, live or not told of yet.
fn check_sessions(world: &World, standing: &Standing) {
    for user in (100..).take(USERS.len()) {
        let mut sessions: Vec<_> = world
            .sessions
            .iter()
            .filter(|known| !known.ended && known.session.owner.no == UserNo(user))
            .map(|known| (known.seen_at, known.session.no))
            .collect();
        sessions.sort_unstable();
        let sessions: Vec<_> = sessions.into_iter().map(|(_, no)| no).collect();
        assert_eq!(standing.sessions_of(UserNo(user)), sessions);
    }
}

/// Everything that can be asked without a list; the reloaded index answers lists alike.
fn check_all(world: &World) {
    let (standing, now) = (&world.standing, world.now);
    let reloaded = world.reloaded();
    // Before tokens are shown below.
    for key in KEYS {
        let ask = Ask { sort: vec![(key, Direction::Ascending)], ..Ask::all() };
        assert_eq!(ask.of(standing, now), world.naive(&ask), "{ask:?}");
        assert_eq!(ask.of(&reloaded, now), world.naive(&ask), "reloaded, {ask:?}");
    }
    assert_eq!(standing.live(now), world.live().count() as u64);
    let due: Vec<_> = world
        .sessions
        .iter()
        .filter(|known| !known.ended && known.told_from(world.idle) <= now)
        .map(|known| known.session.no)
        .collect();
    assert_eq!(standing.due(now, SessionNo(0), usize::MAX), due);
    let (half, rest) = due.split_at(due.len() / 2);
    assert_eq!(standing.due(now, SessionNo(0), half.len()), half);
    assert_eq!(standing.due(now, half.last().copied().unwrap_or(SessionNo(0)), usize::MAX), rest);
    check_sessions(world, standing);
    check_sessions(world, &reloaded);
    for known in &world.sessions {
        let session = &known.session;
        let live = !known.ended && now < known.due_at(world.idle);
        assert!(standing.knows_address(session.owner.no, AddressKey::of(session.ip), now));
        let bearer =
            standing.bearer(&session.token, now).map(|bearer| (bearer.holder, standing.owner(bearer.user)));
        assert_eq!(bearer, live.then(|| (Holder::Session(session.no), Some(session.owner.clone()))));
        standing.session(&session.id, now, |row| {
            assert_eq!(row.is_some(), live);
            let Some(row) = row else { return };
            assert_eq!(
                (row.no(), row.id(), row.user(), row.user_id(), row.username(), row.name(), row.roles()),
                (
                    session.no,
                    session.id.as_bytes(),
                    session.owner.no,
                    session.owner.id,
                    &*session.owner.username,
                    session.owner.name.as_deref(),
                    session.owner.roles
                )
            );
            assert_eq!(
                (row.device(), row.host(), row.address()),
                (&known.device, &*session.host, session.ip.to_string().as_bytes())
            );
            assert_eq!(
                row.fragment(),
                format!("<{} {} {}>", known.device.name, known.device.long_version, session.host)
            );
            assert_eq!(row.opened_at(), session.opened_at);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn lists_are_what_a_plain_scan_gives(idle in idle(), steps in prop::collection::vec(step_or_restart(), 1..60)) {
        run(idle, steps);
    }

    #[test]
    fn filters_are_what_a_plain_scan_gives(filters in prop::collection::vec(filter(), 1..8)) {
        let mut world = World::new();
        for (i, _) in USERS.iter().enumerate() {
            for device in 0..4 {
                world.open(i, (i + device) % DEVICES.len(), i % HOSTS.len(), (i + device) % ADDRESSES.len(), Duration::from_secs(9));
            }
        }
        for filter in filters {
            let ask = Ask::filter(&filter);
            prop_assert_eq!(ask.of(&world.standing, world.now), world.naive(&ask), "{:?}", filter);
        }
    }
}
