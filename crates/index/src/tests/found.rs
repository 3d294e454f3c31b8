//! What is told of all that a filter finds: counts by field, numbers of sessions, whether one session is found, and the
//! values that complete a filter.

use super::world::{Ask, Known, World};
use crate::{Finder, Matching, Row, Scope, Tally, TallyBy};
use rollcall_filter::{TextField, Tree};
use rollcall_model::factor::Factors;
use rollcall_model::{Role, SessionNo, text::folded};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

const BY: [TallyBy; 8] = [
    TallyBy::User,
    TallyBy::Role,
    TallyBy::Factor,
    TallyBy::Device,
    TallyBy::Version,
    TallyBy::Type,
    TallyBy::Os,
    TallyBy::Host,
];

const FACTORS: [&str; 3] = ["totp", "mail", "none"];

/// Holds all that is told of what is found against the plain list.
pub fn check_found(world: &World, ask: &Ask) {
    let everyone =
        Ask { scope: Scope::Everyone, sort: Vec::new(), offset: 0, count: usize::MAX, ..ask.clone() };
    let (_, mut wanted) = world.naive(&everyone);
    wanted.reverse();
    let filter = ask.filter_at(world.now);
    let (filter, now, standing) = (filter.as_ref(), world.now, &world.standing);
    let found = standing.matching(filter, now, &|| false).unwrap();
    assert_eq!(found.count(), wanted.len());
    let found: Vec<SessionNo> = found.sessions(3).flatten().collect();
    assert_eq!(found, wanted, "{ask:?}");
    if let Some(filter) = filter {
        let finder = Finder::of(filter);
        for known in world.live() {
            let no = known.session.no;
            assert_eq!(
                standing.matches(&finder, no, now),
                Some(wanted.binary_search(&no).is_ok()),
                "{ask:?}"
            );
        }
    }
    for most in [0, 2, 100] {
        let (total, tallies) = standing.tally(filter, &BY, most, now, &|| false).unwrap();
        assert_eq!(total, wanted.len());
        for (by, tally) in BY.into_iter().zip(tallies) {
            assert_eq!(tally, naive_tally(world, by, &wanted, most), "{by:?} of {ask:?}");
        }
    }
}

fn naive_tally(world: &World, by: TallyBy, sessions: &[SessionNo], most: usize) -> Tally {
    let values = |known: &Known| -> Vec<String> {
        let owner = &known.session.owner;
        let factors = world.factors[World::place_of(owner.no)];
        match by {
            TallyBy::User => vec![owner.username.clone()],
            TallyBy::Role => owner.roles.iter().map(|role| role.as_str().to_owned()).collect(),
            TallyBy::Factor => {
                [("totp", factors.authenticator), ("mail", factors.mail), ("none", !factors.any())]
                    .into_iter()
                    .filter(|(_, is_there)| *is_there)
                    .map(|(word, _)| word.to_owned())
                    .collect()
            }
            TallyBy::Device => vec![known.device.name.clone()],
            TallyBy::Version => vec![known.device.version.clone()],
            TallyBy::Type => vec![known.device.device_type.as_str().to_owned()],
            TallyBy::Os => vec![known.device.os_name.clone()],
            TallyBy::Host => vec![known.session.host.to_string()],
        }
    };
    let found = world.sessions.iter().filter(|known| sessions.binary_search(&known.session.no).is_ok());
    let order = |a: &String, b: &String| match by {
        TallyBy::User => (folded(a), a).cmp(&(folded(b), b)),
        TallyBy::Role => Role::parse(a).cmp(&Role::parse(b)),
        TallyBy::Factor => {
            FACTORS.iter().position(|word| word == a).cmp(&FACTORS.iter().position(|word| word == b))
        }
        _ => a.cmp(b),
    };
    of(found.flat_map(values), order, most)
}

fn of(
    values: impl Iterator<Item = String>,
    order: impl Fn(&String, &String) -> Ordering,
    most: usize,
) -> Tally {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| order(a, b)));
    let more = counts.len().saturating_sub(most);
    let values = counts.into_iter().take(most).map(|(value, count)| (value.into(), count));
    Tally { values: values.collect(), more }
}

#[test]
fn values_that_begin_so_are_told_by_how_many_have_them() {
    let mut world = World::new();
    for i in 0..60 {
        world.open((i * i) % 13, i % 9, i % 4, i % 8, Duration::from_secs(9));
    }
    for prefix in ["", "a", "AN", "anna", "Anna.K", "é", "É", "k", "chr", "w", "10", "4", "zz", "~"] {
        for field in [
            TextField::User,
            TextField::Name,
            TextField::Device,
            TextField::Os,
            TextField::Host,
            TextField::Version,
        ] {
            let value = |known: &Known| match field {
                TextField::User => Some(known.session.owner.username.clone()),
                TextField::Name => known.session.owner.name.clone(),
                TextField::Device => Some(known.device.name.clone()),
                TextField::Os => Some(known.device.os_name.clone()),
                TextField::Host => Some(known.session.host.to_string()),
                _ => Some(known.device.version.clone()),
            };
            let values =
                world.live().filter_map(value).filter(|value| folded(value).starts_with(&folded(prefix)));
            let told = world.standing.values(field, prefix, 3, world.now);
            let order = |a: &String, b: &String| match field {
                TextField::User | TextField::Name => (folded(a), a).cmp(&(folded(b), b)),
                _ => a.cmp(b),
            };
            assert_eq!(told, of(values, order, 3), "{field:?} {prefix}");
        }
    }
    assert!(world.standing.values(TextField::Id, "", 3, world.now).values.is_empty());
}

#[test]
fn what_ends_while_all_is_gone_through_is_passed_over_and_what_comes_is_not_among_it() {
    let mut world = World::new();
    let opened: Vec<_> = (0..20).map(|_| world.open(0, 0, 0, 0, Duration::from_secs(9)).no).collect();
    let standing = world.standing.clone();
    let mut matching = standing.matching(None, world.now, &|| false).unwrap();
    let next =
        |matching: &mut Matching<'_>| matching.read(8, |rows| rows.iter().map(Row::no).collect::<Vec<_>>());
    assert_eq!(next(&mut matching).unwrap(), opened[..8]);
    (7..15).for_each(|at| world.end(opened[at]));
    world.open(0, 0, 0, 0, Duration::from_secs(9));
    assert_eq!((matching.count(), next(&mut matching).unwrap()), (20, opened[15..].to_vec()));
    assert_eq!(next(&mut matching), None);
}

#[test]
fn a_kept_filter_hears_of_all_that_a_user_is() {
    // Each in a world of its own: few views are kept here.
    for text in [
        "factor:totp",
        "factor:none",
        "-factor:mail",
        "role:admin",
        "-role:bot os:linux",
        "user:new",
        "name:new",
    ] {
        let mut world = World::new();
        (0..26).for_each(|i| drop(world.open(i % 13, i % 9, 0, i % 8, Duration::from_secs(9))));
        let ask = Ask { tree: Some(Tree::parse(text).unwrap()), ..Ask::all() };
        let check =
            |world: &World| assert_eq!(ask.of(&world.standing, world.now), world.naive(&ask), "{text}");
        check(&world);
        world.change_factors(3, Factors::AUTHENTICATOR);
        check(&world);
        world.change_factors(4, Factors::ALL);
        check(&world);
        world.change_factors(4, Factors::MAIL);
        check(&world);
        world.change_roles(2, [Role::Admin, Role::Bot].into_iter().collect());
        check(&world);
        let event = world.rename(5, "new", Some("New"));
        world.standing.apply(&[event]);
        check(&world);
    }
}

#[test]
fn what_moves_by_itself_is_looked_at_each_time() {
    let mut world = World::new();
    let session = world.open(0, 0, 0, 0, Duration::from_mins(15));
    let mut ask = Ask { tree: Some(Tree::parse("seen<1m").unwrap()), ..Ask::all() };
    let mut found = |world: &World, caller| {
        ask.caller = caller;
        ask.of(&world.standing, world.now).0
    };
    assert_eq!(found(&world, None), 1);
    world.wait(Duration::from_mins(2));
    assert_eq!(found(&world, None), 0);
    world.standing.bearer(&session.token, world.now);
    assert_eq!(found(&world, None), 1);
    let mut ask = Ask { tree: Some(Tree::parse("current:yes").unwrap()), ..Ask::all() };
    for (caller, wanted) in [(None, 0), (Some(session.no), 1), (Some(SessionNo(1)), 0)] {
        ask.caller = caller;
        assert_eq!(ask.of(&world.standing, world.now).0, wanted);
    }
}
