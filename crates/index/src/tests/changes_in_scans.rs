//! What changes between two stretches of a scan is found all the same, wherever the scan stands.

use super::world::{ADDRESSES, Ask, World};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(100_000);
/// Users with sessions; one more has none at first.
const USERS: usize = 11;

/// For each place that a scan can be broken off at, in a world of its own: changes something, and goes on.
fn wherever_it_stands(filter: &str, change: impl Fn(&mut World)) {
    let ask = Ask::filter(filter);
    for stretches in 0.. {
        let mut world = World::new();
        (0..5 * USERS).for_each(|i| drop(world.open(i % USERS, i % 9, i % 4, i % ADDRESSES.len(), LONG)));
        if !ask.is_broken_off(&world.standing, world.now, stretches) {
            assert!(stretches > 8, "it was over after {stretches} stretches");
            return;
        }
        change(&mut world);
        assert_eq!(ask.of(&world.standing, world.now), world.naive(&ask), "after {stretches} stretches");
    }
}

fn end(world: &mut World, which: impl Fn(usize) -> bool) {
    let all = world.sessions.iter().enumerate().filter(|(at, _)| which(*at));
    let ended: Vec<_> = all.map(|(_, known)| known.session.no).collect();
    for no in ended {
        world.end(no);
    }
}

#[test]
fn users_that_take_other_names() {
    wherever_it_stands("zoe|kelvin", |world| {
        let events = [world.rename(0, "nobody", None), world.rename(4, "zoe-4", Some("x"))];
        world.standing.apply(&events);
    });
    wherever_it_stands("kelvin", |world| {
        let events = [world.rename(0, "zoe", None), world.rename(9, "x", Some("Kelvin"))];
        world.standing.apply(&events);
    });
}

#[test]
fn users_that_go_and_others_in_their_places() {
    for filter in ["zoe|kelvin", "ip10|10.1.0", "line"] {
        wherever_it_stands(filter, |world| {
            end(world, |at| at % USERS == 0);
            world.open(USERS, 0, 0, 2, LONG);
            end(world, |at| at % USERS == 10);
        });
    }
}

#[test]
fn rows_that_move_together() {
    for filter in ["10\\.1", "7$", "[2-5]", "chrome", "[a-f]"] {
        wherever_it_stands(filter, |world| end(world, |at| at % 16 < 9));
    }
}

#[test]
fn rows_that_come() {
    for filter in ["10\\.1", "chrome", "zoe"] {
        wherever_it_stands(filter, |world| {
            for at in 0..20 {
                world.open(at % USERS, at % 9, at % 4, at % ADDRESSES.len(), LONG);
            }
        });
    }
}
