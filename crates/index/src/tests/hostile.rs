//! Filters that mean harm: they are answered like any other, and what they cost is bounded.

use super::world::{Ask, World};
use crate::{List, Scope};
use std::time::Duration;

fn hostile() -> Vec<String> {
    let mut filters: Vec<String> =
        ["(a+)+$", "(x{100}){100}", "[", "\\", "((a{100}){100}){100}", "\\w{256}", "(?:)", "\0"]
            .map(String::from)
            .into();
    // A class without a character, as often as one likes: the empty text, though its length is unknown.
    filters.extend(["[a&&b]*", "^[a&&b]{0,3}$", "(x[a&&b]?|[a&&b]*)+"].map(String::from));
    filters.push("(".repeat(256));
    filters.push(format!("{}a{}", "(".repeat(127), ")".repeat(127)));
    filters.push("[^u-z]{13}".repeat(25));
    filters.push("\\w+".repeat(85));
    filters.push("(a|b|ab)*".repeat(28));
    filters.push("ſ".repeat(256));
    filters.push("\\pL{9}|".repeat(36));
    filters.push(".*".repeat(128));
    filters.push("(?i)".repeat(64));
    filters.push("k".repeat(256));
    filters.push("[ab].{12}[cd].{0,30}\\s".into());
    filters.push("x".repeat(100_000));
    filters
}

#[test]
fn hostile_filters_are_answered_as_the_plain_scan_answers() {
    let mut world = World::new();
    (0..40).for_each(|i| drop(world.open(i % 12, i % 9, i % 4, i % 8, Duration::from_secs(9))));
    for filter in hostile() {
        let ask = Ask::filter(&filter);
        assert_eq!(ask.of(&world.standing, world.now), world.naive(&ask), "{filter:.60}");
    }
}

#[test]
fn what_is_no_pattern_is_literal() {
    let mut world = World::new();
    let mut open = |host: &str| {
        let mut session = world.make(3, 3, 1, 1, Duration::from_secs(9));
        session.host = host.into();
        world.standing.apply(&[World::opened(&session)]);
        session.no
    };
    let (bracket, slash) = (open("a[b"), open("c\\d"));
    for (filter, wanted) in [("[", bracket), ("A[B", bracket), ("\\", slash), ("C\\", slash)] {
        let list = List {
            scope: Scope::Everyone,
            filter: Some(filter.into()),
            sort: Vec::new(),
            after: None,
            offset: 0,
            count: 9,
        };
        let rows = world
            .standing
            .list(&list, world.now, &|| false, |page| page.rows().map(|row| row.no()).collect::<Vec<_>>());
        assert_eq!(rows.unwrap(), [wanted], "{filter}");
    }
}
