//! Who works here: names of several scripts with romanised usernames, and a few accounts that are programs.
//!
//! **Invariants**: usernames are of `[0-9a-z-_.]` and capitals, and no two are alike whatever their case. A name
//! issued again gets a number; no name ends with a digit of its own, so numbered names cannot meet.

use std::collections::HashMap;

use crate::Member;
use crate::names::{MACHINES, SCRIPTS, Script, ZOE};
use crate::networks::Site;
use crate::random::Random;

/// What an account is, known from its place in the workspace alone: every size has some of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Person,
    /// One of the few called Zoë: a search for `zoe` finds about three sessions of a thousand.
    Zoe,
    /// A program with an account.
    Machine,
}

impl Role {
    pub(crate) const fn of(index: u32) -> Self {
        if index % 333 == 41 {
            Self::Zoe
        } else if index % 73 == 7 {
            Self::Machine
        } else {
            Self::Person
        }
    }
}

/// The order of the parts of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    GivenFirst,
    FamilyFirst,
    FamilyFirstJoined,
}

/// Issues members, each with the site they work at.
#[derive(Debug)]
pub(crate) struct Register {
    peoples: Vec<(u32, People)>,
    /// How often each name was issued. Only ever asked for one name: its order must not matter.
    issued: HashMap<String, u32>,
}

/// The names of one script, read.
#[derive(Clone, Debug)]
struct People {
    given: Vec<Word>,
    family: Vec<Word>,
    order: Order,
    sites: [(u32, Site); 3],
}

/// A part of a name, as its owner writes it and in plain letters.
#[derive(Clone, Debug)]
struct Word {
    written: String,
    plain: String,
}

impl Register {
    pub(crate) fn new() -> Self {
        let peoples = SCRIPTS.iter().map(|script| (script.weight, People::read(script))).collect();
        Self { peoples, issued: HashMap::new() }
    }

    /// Enters the next member.
    pub(crate) fn member(&mut self, role: Role, joined_at_ms: i64, random: &mut Random) -> (Member, Site) {
        let (login, name, site) = match role {
            Role::Person => self.person(random),
            Role::Zoe => self.zoe(random),
            Role::Machine => {
                let (login, name) = *random.pick(MACHINES);
                (login.to_owned(), name.to_owned(), Site::Rotterdam)
            }
        };
        let name = (!random.percent(8)).then_some(name);
        let username = self.issue(login);
        let email = format!("{username}@example.org");
        let username = if random.percent(3) { capitalised(&username) } else { username };
        (Member { username, name, email, joined_at_ms }, site)
    }

    fn person(&self, random: &mut Random) -> (String, String, Site) {
        let people = random.weighted(&self.peoples);
        let (given, family) = (random.pick(&people.given), random.pick(&people.family));
        (login(given, family, random), people.in_full(given, family), *random.weighted(&people.sites))
    }

    fn zoe(&self, random: &mut Random) -> (String, String, Site) {
        let (_, people) = &self.peoples[0];
        let (given, family) = (Word::read(ZOE), random.pick(&people.family));
        let login = format!("{}.{}", given.plain, family.plain);
        (login, people.in_full(&given, family), *random.weighted(&people.sites))
    }

    fn issue(&mut self, login: String) -> String {
        if let Some(times) = self.issued.get_mut(&login) {
            *times += 1;
            return format!("{login}{times}");
        }
        self.issued.insert(login.clone(), 1);
        login
    }
}

impl People {
    fn read(script: &Script) -> Self {
        let words = |text: &str| text.split_ascii_whitespace().map(Word::read).collect();
        Self {
            given: words(script.given),
            family: words(script.family),
            order: script.order,
            sites: script.sites,
        }
    }

    fn in_full(&self, given: &Word, family: &Word) -> String {
        let (first, last) = (&given.written, &family.written);
        match self.order {
            Order::GivenFirst => format!("{first} {last}"),
            Order::FamilyFirst => format!("{last} {first}"),
            Order::FamilyFirstJoined => format!("{last}{first}"),
        }
    }
}

impl Word {
    fn read(text: &str) -> Self {
        let (written, plain) = text.split_once('/').unwrap_or((text, text));
        Self { written: written.replace('~', " "), plain: plain.to_ascii_lowercase() }
    }
}

fn login(given: &Word, family: &Word, random: &mut Random) -> String {
    let (given, family) = (&given.plain, &family.plain);
    match random.below(100) {
        0..52 => format!("{given}.{family}"),
        52..66 => format!("{given}-{family}"),
        66..74 => format!("{given}_{family}"),
        74..80 => format!("{given}{family}"),
        80..90 => format!("{}{family}", &given[..1]),
        _ => format!("{family}.{given}"),
    }
}

/// `anna.kowalska` → `Anna.Kowalska`, as some systems write logins.
fn capitalised(username: &str) -> String {
    let mut at_start = true;
    username
        .chars()
        .map(|c| {
            let shown = if at_start { c.to_ascii_uppercase() } else { c };
            at_start = !c.is_ascii_alphanumeric();
            shown
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn members(count: u32) -> Vec<Member> {
        let mut random = Random::new(21);
        let mut register = Register::new();
        (0..count).map(|index| register.member(Role::of(index), 0, &mut random).0).collect()
    }

    #[test]
    fn usernames_and_addresses_are_unique_whatever_their_case() {
        let members = members(30_000);
        let usernames: BTreeSet<String> = members.iter().map(|m| m.username.to_ascii_lowercase()).collect();
        let emails: BTreeSet<String> = members.iter().map(|m| m.email.to_ascii_lowercase()).collect();
        assert_eq!(usernames.len(), members.len());
        assert_eq!(emails.len(), members.len());
    }

    #[test]
    fn usernames_keep_to_their_alphabet() {
        for member in members(5_000) {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            assert!(!member.username.is_empty() && member.username.chars().all(allowed), "{member:?}");
            assert!(member.email.ends_with("@example.org"), "{member:?}");
        }
    }

    #[test]
    fn a_small_workspace_has_every_script_some_nameless_and_some_programs() {
        let members = members(300);
        for (script, first, last) in [
            ("Latin with marks", '\u{c0}', '\u{17f}'),
            ("Greek", '\u{370}', '\u{3ff}'),
            ("Cyrillic", '\u{400}', '\u{4ff}'),
            ("Hebrew", '\u{590}', '\u{5ff}'),
            ("Arabic", '\u{600}', '\u{6ff}'),
            ("Devanagari", '\u{900}', '\u{97f}'),
            ("Kana", '\u{3040}', '\u{30ff}'),
            ("Han", '\u{4e00}', '\u{9fff}'),
            ("Hangul", '\u{ac00}', '\u{d7a3}'),
        ] {
            let written = |m: &Member| m.name.iter().any(|n| n.chars().any(|c| (first..=last).contains(&c)));
            assert!(members.iter().any(written), "{script}");
        }
        let nameless = members.iter().filter(|m| m.name.is_none()).count();
        assert!((10..45).contains(&nameless), "{nameless}");
        assert!(members.iter().any(|m| m.username.starts_with(|c: char| c.is_ascii_uppercase())));
        assert_eq!((0..300).filter(|&index| Role::of(index) == Role::Machine).count(), 5);
    }

    #[test]
    fn nobody_but_the_rare_ones_is_found_by_zoe() {
        let members = members(20_000);
        for (index, member) in (0..).zip(&members) {
            let found = member.username.to_ascii_lowercase().contains("zoe");
            assert!(!found || Role::of(index) == Role::Zoe, "{member:?}");
        }
        let zoes = members.iter().filter(|m| m.username.to_ascii_lowercase().contains("zoe")).count();
        assert_eq!(zoes, 60);
    }

    #[test]
    fn plain_letters_are_small_and_plain() {
        let register = Register::new();
        let words = register.peoples.iter().flat_map(|(_, people)| people.given.iter().chain(&people.family));
        for word in words {
            assert!(word.plain.chars().all(|c| c.is_ascii_lowercase()), "{word:?}");
            assert!(!word.written.contains(['/', '~']) && !word.written.is_empty(), "{word:?}");
        }
        assert!(MACHINES.iter().all(|(login, _)| login.ends_with(|c: char| c.is_ascii_lowercase())));
    }
}
