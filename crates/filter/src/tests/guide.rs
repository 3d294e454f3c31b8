//! docs/guide/search.md says what is so.

use crate::{Field, Tree};

const GUIDE: &str = include_str!("../../../../docs/guide/search.md");

/// The cells of the tables' rows, but for heads and rules.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let cells =
        |line: &'static str| -> Vec<&str> { line.trim_matches('|').split(" | ").map(str::trim).collect() };
    GUIDE.lines().filter(|line| line.starts_with("| `")).map(cells)
}

/// What stands between backticks.
fn quoted(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split('`').skip(1).step_by(2)
}

fn is_read(filter: &str) {
    if let Err(error) = Tree::parse(filter) {
        panic!("{filter}: {error}");
    }
}

#[test]
fn every_example_is_a_filter() {
    let blocks = GUIDE.split("```filter\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines: Vec<&str> = blocks.flat_map(str::lines).collect();
    assert!(lines.len() > 5);
    lines.into_iter().for_each(is_read);
}

#[test]
fn the_table_of_fields_has_each_of_them_and_its_examples_are_filters() {
    let told: Vec<_> = rows()
        .filter_map(|row| match row.as_slice() {
            [name, _, examples] => {
                let name = quoted(name).next()?;
                quoted(examples).for_each(is_read);
                assert!(quoted(examples).all(|example| example.contains(name)), "{name}");
                Some(name)
            }
            _ => None,
        })
        .collect();
    assert_eq!(told, Field::ALL.map(Field::name));
}

#[test]
fn errors_are_what_the_guide_says_of_them() {
    let mut wrong = 0;
    for row in rows() {
        let [filter, says] = row.as_slice() else { continue };
        let filter = quoted(filter).next().unwrap();
        if says.starts_with("column") {
            let error = Tree::parse(filter).unwrap_err().to_string();
            assert!(error.starts_with(says), "{filter}: {error}");
            wrong += 1;
        } else {
            is_read(filter);
        }
    }
    assert!(wrong > 3);
}
