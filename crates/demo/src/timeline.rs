//! The workspace's life in order: three rows, each in time order, merged.

use std::iter::Peekable;

use crate::{Ended, Member, Visit, Workspace};

/// One thing that happens. The number is the place in `members` or in `visits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening<'a> {
    /// A member got an account.
    Joined(u32, &'a Member),
    /// A visit was opened.
    Opened(u32, &'a Visit),
    /// A visit was ended, so and then.
    Ended(u32, &'a Visit, Ended),
}

impl Happening<'_> {
    /// When it happens.
    pub fn at_ms(&self) -> i64 {
        match self {
            Self::Joined(_, member) => member.joined_at_ms,
            Self::Opened(_, visit) => visit.opened_at_ms,
            Self::Ended(_, _, ended) => ended.at_ms,
        }
    }
}

impl Workspace {
    /// Everything that happens, in time order; at one instant first who joins, then what opens, then what ends.
    pub fn timeline(&self) -> impl Iterator<Item = Happening<'_>> {
        let joined = (0..).zip(&self.members).map(|(i, member)| Happening::Joined(i, member));
        let opened = (0..).zip(&self.visits).map(|(i, visit)| Happening::Opened(i, visit));
        let mut endings: Vec<(i64, u32)> =
            (0..).zip(&self.visits).filter_map(|(i, visit)| Some((visit.ended?.at_ms, i))).collect();
        endings.sort_unstable();
        let ended = endings.into_iter().filter_map(|(_, i)| {
            let visit = &self.visits[i as usize];
            Some(Happening::Ended(i, visit, visit.ended?))
        });
        merged(merged(joined, opened), ended)
    }
}

/// Two rows in time order as one; at one instant the first row's go first.
fn merged<'a>(
    first: impl Iterator<Item = Happening<'a>>,
    second: impl Iterator<Item = Happening<'a>>,
) -> impl Iterator<Item = Happening<'a>> {
    Merged { first: first.peekable(), second: second.peekable() }
}

struct Merged<A: Iterator, B: Iterator> {
    first: Peekable<A>,
    second: Peekable<B>,
}

impl<'a, A, B> Iterator for Merged<A, B>
where
    A: Iterator<Item = Happening<'a>>,
    B: Iterator<Item = Happening<'a>>,
{
    type Item = Happening<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        match (self.first.peek(), self.second.peek()) {
            (Some(first), Some(second)) if second.at_ms() < first.at_ms() => self.second.next(),
            (Some(_), _) => self.first.next(),
            (None, _) => self.second.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (first, second) = (self.first.size_hint(), self.second.size_hint());
        let most = first.1.zip(second.1).and_then(|(a, b)| a.checked_add(b));
        (first.0.saturating_add(second.0), most)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::How;

    fn member(joined_at_ms: i64) -> Member {
        Member { username: "ann".into(), name: None, email: "ann@example.org".into(), joined_at_ms }
    }

    fn visit(opened_at_ms: i64, ended_at_ms: Option<i64>) -> Visit {
        Visit {
            member: 0,
            opened_at_ms,
            ended: ended_at_ms.map(|at_ms| Ended { at_ms, how: How::SignedOut }),
            agent: "curl/8.5.0".into(),
            host: "chat.example.org",
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    #[test]
    fn at_one_instant_joining_comes_before_opening_before_ending() {
        let workspace = Workspace {
            members: vec![member(1), member(5)],
            visits: vec![visit(2, Some(9)), visit(3, Some(5)), visit(5, None), visit(6, Some(8))],
        };
        let told: Vec<(char, u32)> = workspace
            .timeline()
            .map(|happening| match happening {
                Happening::Joined(i, _) => ('j', i),
                Happening::Opened(i, _) => ('o', i),
                Happening::Ended(i, _, _) => ('e', i),
            })
            .collect();
        let expected =
            [('j', 0), ('o', 0), ('o', 1), ('j', 1), ('o', 2), ('e', 1), ('o', 3), ('e', 3), ('e', 0)];
        assert_eq!(told, expected);
    }
}
