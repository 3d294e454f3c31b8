//! A filter, ready to be held against rows: its tree, and the questions at its leaves.
//!
//! A question is of what a row has: of its user, of its client (device and host), or of the row itself. So each is asked
//! once of each distinct user, client or text, and what is found brings its rows; [`crate::scan`] does that. A single
//! row is asked here.

use crate::chunk::Codes;
use crate::clients::Known;
use crate::facet::Field;
use crate::index::Index;
use crate::list::Filter;
use crate::needle::Needle;
use crate::network::Network;
use crate::pattern::{TextFilter, bytes_at_once};
use rollcall_filter::{
    Bound, Comparison, Factor, Glob, Matcher, Test, Text, TextField, TimeField, Tree, Version, pattern,
};
use rollcall_model::{Role, SessionId, SessionNo, Timestamp, UserNo};
use std::sync::Arc;

/// A filter, ready to be held against rows.
#[derive(Clone, Debug)]
pub struct Finder {
    /// Leaves are numbers of questions.
    tree: Tree<usize>,
    questions: Vec<Question>,
}

/// What is asked at a leaf.
#[derive(Clone, Debug)]
pub enum Question {
    /// Of all texts that a session has.
    Any(Box<TextFilter>),
    /// Of the username.
    Username(Needle),
    /// Of the user's name.
    Name(Needle),
    /// Of something else that the user is.
    User(OfUser),
    /// Of device or host.
    Client(OfClient),
    /// Of the session's id.
    Ids(Needle),
    /// Whether it is this session.
    Id(SessionId),
    /// Of the address as text.
    Addresses(Needle),
    /// Whether the address is in a network.
    Network(Network),
    /// Whether it is this session, or whether it is not.
    Current(Option<SessionNo>, bool),
    /// When the session was opened.
    Login(Comparison, Timestamp),
    /// When it was last seen.
    Seen(Comparison, Timestamp),
    /// Of what no row has.
    Nothing,
}

/// What a user is, but for its names.
#[derive(Clone, Debug)]
pub enum OfUser {
    /// One with this role.
    Role(Role),
    /// One with this factor.
    Factor(Factor),
    /// One of these, whose numbers rise.
    OneOf(Arc<[UserNo]>),
}

/// What a client is.
#[derive(Clone, Debug)]
pub struct OfClient {
    /// The field whose values are mostly all meant or none of them.
    pub covered_by: Field,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    Text(TextField, Matcher),
    Version(Comparison, Version),
}

/// What testing a row costs for each question, in bytes of text.
const TEST: usize = 256;

impl Finder {
    /// The finder of a filter.
    pub fn of(filter: &Filter) -> Self {
        match filter {
            Filter::Text(text) => {
                Self { tree: Tree::Leaf(0), questions: vec![Question::Any(TextFilter::new(text).into())] }
            }
            Filter::Tree(bound) => Self::of_tree(bound),
        }
    }

    fn of_tree(bound: &Bound) -> Self {
        let mut asked: Vec<&Test> = Vec::new();
        for test in bound.tree().leaves() {
            // What is asked twice is looked for once.
            if !asked.contains(&test) {
                asked.push(test);
            }
        }
        asked.sort_by_key(|test| cost(test));
        let number = |test: &Test| asked.iter().position(|held| *held == test).unwrap_or_default();
        let tree = bound.tree().map(&mut |test| number(test));
        Self { tree, questions: asked.into_iter().map(Question::of).collect() }
    }

    /// Whether it is known to find every row.
    pub fn matches_everything(&self) -> bool {
        match &self.tree {
            Tree::And(parts) => parts.is_empty(),
            Tree::Leaf(_) => {
                matches!(self.questions.as_slice(), [Question::Any(text)] if text.matches_everything())
            }
            Tree::Or(_) | Tree::Not(_) => false,
        }
    }

    /// Its tree; leaves are numbers of questions.
    pub(crate) const fn tree(&self) -> &Tree<usize> {
        &self.tree
    }

    /// Its questions.
    pub(crate) fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// How much text to search before asking whether it takes too long.
    pub(crate) fn bytes_at_once(&self) -> usize {
        let largest = self.questions.iter().map(Question::largest_program).max();
        bytes_at_once(largest.unwrap_or_default())
    }

    /// What testing one row costs, in bytes of text.
    pub(crate) fn cost_of_test(&self) -> usize {
        TEST * self.questions.len()
    }

    /// What its programs take; what the engine remembers while it searches comes on top.
    pub(crate) fn bytes(&self) -> usize {
        self.questions.iter().map(Question::bytes).sum()
    }
}

/// What looking for it costs beside others: those that cost little are asked first, for they may leave few rows.
const fn cost(test: &Test) -> u8 {
    match test {
        Test::Text(TextField::Id, Text::Is(_)) | Test::Time(TimeField::Login, ..) | Test::Current(..) => 0,
        Test::Text(TextField::User | TextField::Name, _) => 2,
        Test::Role(_) | Test::Factor(_) => 3,
        Test::Version(..) => 4,
        Test::Network(_)
        | Test::Text(TextField::Ip | TextField::Id, _)
        | Test::Time(TimeField::Seen, _, _) => 5,
        Test::Any(_) => 6,
        Test::Users(_) | Test::Text(..) => 1,
    }
}

impl Question {
    fn of(asked: &Test) -> Self {
        match asked {
            Test::Any(text) => Self::Any(TextFilter::of_pattern(&text.hir()).into()),
            Test::Text(TextField::User, text) => Self::Username(needle(text)),
            Test::Text(TextField::Name, text) => Self::Name(needle(text)),
            Test::Text(TextField::Ip, text) => Self::Addresses(needle(text)),
            Test::Text(TextField::Id, text) => match whole(text).and_then(|id| id.parse().ok()) {
                // An id is found by the table, and so as it is, case included.
                Some(id) => Self::Id(id),
                None => Self::Ids(needle(text)),
            },
            // Whoever binds a filter has looked them up.
            Test::Text(TextField::Email, _) => Self::Nothing,
            Test::Text(field, text) => Self::Client(OfClient {
                covered_by: covering(*field),
                how: How::Text(*field, text.matcher()),
            }),
            Test::Version(comparison, version) => Self::Client(OfClient {
                covered_by: Field::DeviceName,
                how: How::Version(*comparison, version.clone()),
            }),
            Test::Network(network) => Self::Network(Network::of(*network)),
            Test::Users(users) => Self::User(OfUser::OneOf(Arc::clone(users))),
            Test::Role(role) => Self::User(OfUser::Role(*role)),
            Test::Factor(factor) => Self::User(OfUser::Factor(*factor)),
            Test::Current(session, is_it) => Self::Current(*session, *is_it),
            Test::Time(TimeField::Login, comparison, at) => Self::Login(*comparison, *at),
            Test::Time(TimeField::Seen, comparison, at) => Self::Seen(*comparison, *at),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Any(text) => text.bytes(),
            Self::Username(needle) | Self::Name(needle) | Self::Ids(needle) | Self::Addresses(needle) => {
                needle.bytes()
            }
            Self::Client(OfClient { how: How::Text(_, matcher), .. }) => matcher.bytes(),
            _ => 0,
        }
    }

    fn largest_program(&self) -> usize {
        match self {
            Self::Any(text) => text.in_names().bytes(),
            other => other.bytes(),
        }
    }
}

fn needle(text: &Text) -> Needle {
    // A pattern of a filter was built within its bound when it was read.
    let build = |pattern: &_, one_by_one| pattern::build(pattern, one_by_one, None);
    Needle::of(&text.hir(), build).unwrap_or_else(Needle::nothing)
}

/// The one text that is meant, if it is one.
fn whole(text: &Text) -> Option<&str> {
    match text {
        Text::Is(glob) => Glob::as_literal(glob),
        _ => None,
    }
}

const fn covering(field: TextField) -> Field {
    match field {
        TextField::Type => Field::DeviceType,
        TextField::Os => Field::OsName,
        TextField::Host => Field::Host,
        _ => Field::DeviceName,
    }
}

impl OfClient {
    /// Whether this client is meant.
    pub fn is(&self, client: &Known) -> bool {
        let device = &client.device;
        match &self.how {
            How::Version(comparison, version) => {
                version.compare(&device.long_version).is_some_and(|ordering| comparison.holds(ordering))
            }
            How::Text(TextField::Type, matcher) => matcher.is_match(device.device_type.as_str()),
            How::Text(TextField::Host, matcher) => matcher.is_match(&client.host),
            How::Text(TextField::Os, matcher) => {
                is_either(matcher, &device.os_name, device.os_version.as_deref().unwrap_or_default())
            }
            How::Text(TextField::Version, matcher) => {
                let versions = [&device.long_version, &device.version];
                versions.into_iter().any(|version| !version.is_empty() && matcher.is_match(version))
            }
            How::Text(_, matcher) => is_either(matcher, &device.name, &device.long_version),
        }
    }
}

/// Whether the name is meant, alone or with its version.
fn is_either(matcher: &Matcher, name: &str, version: &str) -> bool {
    matcher.is_match(name) || (!version.is_empty() && matcher.is_match(&format!("{name} {version}")))
}

impl Index {
    /// Whether a filter finds one row.
    pub fn row_matches(&self, slot: u32, finder: &Finder) -> bool {
        finder.tree.holds(&mut |question| self.answers(slot, &finder.questions[*question]))
    }

    fn answers(&self, slot: u32, question: &Question) -> bool {
        let Codes { user, client, .. } = self.rows.codes(slot);
        match question {
            Question::Any(text) => self.row_has(slot, text),
            Question::Username(needle) => needle.is_in(self.users.usernames().get(user)),
            Question::Name(needle) => needle.is_in(self.users.names().get(self.users.name_code(user))),
            Question::User(of_user) => self.user_is(user, of_user),
            Question::Client(of_client) => of_client.is(self.clients.get(client)),
            Question::Ids(needle) => needle.is_in(self.rows.id(slot)),
            Question::Id(id) => self.rows.id(slot) == id.as_bytes(),
            Question::Addresses(needle) => needle.is_in(self.rows.address(slot)),
            Question::Network(network) => network.holds(self.rows.address(slot)),
            Question::Current(session, is_it) => (*session == Some(self.rows.no(slot))) == *is_it,
            Question::Login(comparison, at) => comparison.holds(self.rows.opened_at(slot).cmp(at)),
            Question::Seen(comparison, at) => comparison.holds(self.rows.seen_at(slot).cmp(at)),
            Question::Nothing => false,
        }
    }

    /// Whether any text of a row has what is looked for.
    fn row_has(&self, slot: u32, filter: &TextFilter) -> bool {
        let codes = self.facet_codes(slot);
        let facet_has =
            |field: Field| filter.in_names().is_in(self.facets.get(field).texts().get(codes[field as usize]));
        let user = self.rows.user(slot);
        Field::FILTERED.into_iter().any(facet_has)
            || filter.in_names().is_in(self.users.usernames().get(user))
            || filter.in_names().is_in(self.users.names().get(self.users.name_code(user)))
            || filter.in_ids().is_in(self.users.id(user).as_bytes())
            || filter.in_ids().is_in(self.rows.id(slot))
            || filter.in_addresses().is_in(self.rows.address(slot))
    }

    /// Whether a user is what is asked.
    pub fn user_is(&self, user: u32, of_user: &OfUser) -> bool {
        match of_user {
            OfUser::Role(role) => self.users.roles(user).contains(*role),
            OfUser::Factor(factor) => factor.is_of(self.factors(self.users.no(user))),
            OfUser::OneOf(users) => users.binary_search(&self.users.no(user)).is_ok(),
        }
    }
}
