//! A list that is read page after page behind the last row of the one before: each row that stays, and stays in its
//! place, comes exactly once, whatever comes and goes between the pages.

use super::oracle::{Step, ask, idle, run_one, step};
use super::world::{Ask, Known, World};
use crate::{List, Position, SortKey};
use proptest::prelude::*;
use rollcall_model::SessionNo;
use std::collections::{BTreeMap, BTreeSet};

/// What a page gives.
struct Read {
    total: usize,
    sessions: Vec<SessionNo>,
    end: Option<Position>,
}

fn read(world: &World, ask: &Ask, after: Option<Position>, count: usize) -> Read {
    let list = List { after, offset: 0, count, ..ask.list(world.now) };
    let read = world.standing.list(&list, world.now, &|| false, |page| Read {
        total: page.total(),
        sessions: page.rows().map(|row| row.no()).collect(),
        end: page.rows().last().map(|row| row.position(&list.sort)),
    });
    read.unwrap()
}

/// What decides where a row stands, and whether it does.
fn place(known: &Known) -> impl PartialEq + use<> {
    (known.seen_at, known.session.owner.username.clone(), known.session.owner.name.clone())
}

fn walk(world: &mut World, ask: &Ask, count: usize, between: Vec<Vec<Step>>) {
    let mut between = between.into_iter();
    let all = |world: &World| world.naive(&Ask { offset: 0, count: usize::MAX, ..ask.clone() }).1;
    let mut steady: BTreeSet<SessionNo> = all(world).into_iter().collect();
    let places = |world: &World| -> BTreeMap<SessionNo, _> {
        world.sessions.iter().map(|known| (known.session.no, place(known))).collect()
    };
    let at_first = places(world);
    let (mut after, mut came): (_, Vec<SessionNo>) = (None, Vec::new());
    loop {
        let page = read(world, ask, after, count);
        assert_eq!(page.total, all(world).len());
        let is_last = page.sessions.len() < count;
        came.extend(page.sessions);
        after = page.end;
        if is_last {
            break;
        }
        for step in between.next().unwrap_or_default() {
            run_one(world, &mut vec![Ask::all()], step);
        }
        let (now, places) = (all(world), places(world));
        steady.retain(|no| now.contains(no) && places.get(no) == at_first.get(no));
    }
    for no in steady {
        let times = came.iter().filter(|other| **other == no).count();
        assert_eq!(times, 1, "{no:?} comes {times} times in {came:?} of {ask:?} by {count}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn each_row_that_stays_comes_exactly_once(
        idle in idle(),
        before in prop::collection::vec(step(), 3..20),
        ask in ask(),
        count in 1..6_usize,
        between in prop::collection::vec(prop::collection::vec(step(), 0..3), 0..30),
    ) {
        let mut world = World::with_idle(idle);
        for step in before {
            run_one(&mut world, &mut vec![Ask::all()], step);
        }
        walk(&mut world, &ask, count, between);
    }

    #[test]
    fn what_does_not_change_comes_in_its_order(
        steps in prop::collection::vec(step(), 3..20),
        ask in ask(),
        count in 1..6_usize,
    ) {
        let mut world = World::new();
        for step in steps {
            run_one(&mut world, &mut vec![Ask::all()], step);
        }
        let (mut after, mut came) = (None, Vec::new());
        loop {
            let page = read(&world, &ask, after, count);
            let is_last = page.sessions.len() < count;
            came.extend(page.sessions);
            after = page.end;
            if is_last {
                break;
            }
        }
        prop_assert_eq!(came, world.naive(&Ask { offset: 0, count: usize::MAX, ..ask }).1);
    }
}

#[test]
fn a_place_is_one_of_the_keys_that_a_list_is_sorted_by() {
    let mut world = World::new();
    world.open(0, 1, 0, 0, std::time::Duration::from_secs(9));
    let sort =
        vec![(SortKey::Username, crate::Direction::Ascending), (SortKey::Ip, crate::Direction::Descending)];
    let end = read(&world, &Ask { sort, ..Ask::all() }, None, 1).end.unwrap();
    assert_eq!(end.values.len(), 2);
    assert_eq!(end.no, world.sessions[0].session.no);
}
