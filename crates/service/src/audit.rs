//! The audit: the ledger from its newest event back, as far as a filter of events finds.
//!
//! **Invariant:** the store is asked for a bounded stretch at a time, and a page ends after a bounded number of events
//! looked at, found or not: whoever reads for long never keeps others waiting.

use crate::{Refusal, Service};
use data_encoding::HEXLOWER;
use rollcall_index::filter::{Comparison, EventFilter, EventTerm, Matcher, Text, When, Who};
use rollcall_model::event::{KINDS, Outcome};
use rollcall_model::{Actor, Seq, SessionId, SessionNo, Timestamp, UserNo, limits};
use rollcall_store::chain::SALT_BYTES;
use rollcall_store::reading::Names;
use rollcall_store::{KeptServiceToken, LedgerRow, NamedUser};
use std::time::Duration;

/// An event, with names for its numbers.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// Its place.
    pub seq: Seq,
    /// When it was committed.
    pub at: Timestamp,
    /// Its kind: `session.opened`.
    pub kind: &'static str,
    /// Whether it was an attempt that was refused.
    pub is_refused: bool,
    /// Who did it.
    pub actor: Actor,
    /// The same, where it is a user.
    pub actor_user: Option<NamedUser>,
    /// The same, where it is a program: its name.
    pub actor_service: Option<String>,
    /// Whom it was done to.
    pub subject: Option<NamedUser>,
    /// The session that it is about, unless that is forgotten.
    pub session: Option<SessionId>,
    /// Its detail, as JSON; absent when it was forgotten or erased.
    pub detail: Option<String>,
    /// Its link of the chain, in hex.
    pub hash: String,
}

/// A page of the audit.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The events, the newest first.
    pub events: Vec<AuditEvent>,
    /// Before which event the next page begins; `None` when there is nothing more.
    pub next: Option<Seq>,
}

impl Service {
    /// Events before one that a filter finds, up to `limit`.
    pub async fn audit(&self, filter: &str, before: Option<Seq>, limit: usize) -> Result<AuditPage, Refusal> {
        let filter = EventFilter::parse(filter).map_err(|error| Refusal::Filter(Box::new(error)))?;
        let asked = self.bind_events(&filter).await?;
        let (since, until) = asked.span();
        let mut before = before.unwrap_or(Seq(i64::MAX as u64));
        if let Some(until) = until {
            before = before.min(self.last_events(&[until]).await?[0].map_or(Seq(0), |last| last.seq).next());
        }
        let stretch = if asked.0.is_empty() { limit } else { limits::AUDIT_STRETCH };
        let (mut found, mut looked_at, mut next) = (Vec::new(), 0, None);
        'pages: while found.len() < limit && before > Seq(1) {
            let rows = self.store.ledger_before(before, stretch).await?;
            let is_last = rows.is_empty();
            for row in rows {
                before = row.envelope.seq;
                next = Some(before);
                looked_at += 1;
                if since.is_some_and(|since| row.envelope.at < since) {
                    next = None;
                    break 'pages;
                }
                if asked.finds(&row) {
                    found.push(row);
                    if found.len() == limit {
                        break;
                    }
                }
            }
            if is_last || looked_at >= limits::AUDIT_LOOKED_AT {
                break;
            }
        }
        let events = self.named_events(&found).await?;
        Ok(AuditPage { events, next: next.filter(|seq| *seq > Seq(1)) })
    }

    /// Events with names for their numbers.
    pub(crate) async fn named_events(&self, rows: &[LedgerRow]) -> Result<Vec<AuditEvent>, Refusal> {
        let mut users: Vec<UserNo> =
            rows.iter().flat_map(|row| users_of(row).into_iter().flatten()).collect();
        let mut sessions: Vec<SessionNo> = rows.iter().filter_map(|row| row.envelope.session).collect();
        users.sort_unstable();
        users.dedup();
        sessions.sort_unstable();
        sessions.dedup();
        let names = self.store.names(users, sessions).await?;
        let by_service = rows.iter().any(|row| matches!(row.envelope.actor, Actor::Service(_)));
        let services = if by_service { self.store.service_tokens().await? } else { Vec::new() };
        Ok(rows.iter().map(|row| named(row, &names, &services)).collect())
    }

    /// A filter with numbers in the place of names. Of whom nobody goes by the name, there are no events.
    async fn bind_events(&self, filter: &EventFilter) -> Result<Asked, Refusal> {
        let now = self.now();
        let mut asked = Vec::new();
        for (term, holds) in &filter.terms {
            let test = match term {
                EventTerm::Kind(glob) => {
                    let matcher = Text::Is(glob.clone()).matcher();
                    Test::Kind(KINDS.map(|kind| matcher.is_match(kind)))
                }
                EventTerm::Refused(is_refused) => Test::Refused(*is_refused),
                EventTerm::Actor(Who::Actor(actor)) => Test::Actor(vec![*actor]),
                EventTerm::Actor(Who::Named(name)) => {
                    let mut actors: Vec<_> =
                        self.numbers_of(name).await?.into_iter().map(Actor::User).collect();
                    actors.extend(self.services_of(name).await?);
                    Test::Actor(actors)
                }
                EventTerm::Subject(name) => Test::Subject(self.numbers_of(name).await?),
                EventTerm::Session(id) => Test::Session(self.number_of_session(id).await?),
                EventTerm::At(comparison, When::At(at)) => Test::At(*comparison, *at),
                EventTerm::At(comparison, When::Age(age)) => Test::At(comparison.turned(), age.before(now)),
                EventTerm::Detail(glob) => Test::Detail(Text::Contains(glob.clone()).matcher()),
            };
            asked.push((test, *holds));
        }
        Ok(Asked(asked))
    }

    async fn numbers_of(&self, name: &str) -> Result<Vec<UserNo>, Refusal> {
        Ok(self.store.named(name).await?.into_iter().map(|user| user.no).collect())
    }

    /// The service tokens of a name or an id, revoked ones too: a name may have been given again.
    async fn services_of(&self, name: &str) -> Result<impl Iterator<Item = Actor>, Refusal> {
        let mut all = self.store.service_tokens().await?;
        all.retain(|kept| kept.token.name == name || kept.token.no.0.to_string() == name);
        Ok(all.into_iter().map(|kept| Actor::Service(kept.token.no)))
    }

    async fn number_of_session(&self, id: &SessionId) -> Result<Option<SessionNo>, Refusal> {
        let live = self.standing.session(id, self.now(), |row| row.map(|row| row.no()));
        match live {
            Some(no) => Ok(Some(no)),
            None => Ok(self.store.ended_session(*id).await?.map(|session| session.no)),
        }
    }
}

/// A filter of events, bound.
struct Asked(Vec<(Test, bool)>);

enum Test {
    /// By number from 1.
    Kind([bool; KINDS.len()]),
    Refused(bool),
    Actor(Vec<Actor>),
    Subject(Vec<UserNo>),
    Session(Option<SessionNo>),
    At(Comparison, Timestamp),
    Detail(Matcher),
}

impl Asked {
    fn finds(&self, row: &LedgerRow) -> bool {
        self.0.iter().all(|(test, holds)| test.finds(row) == *holds)
    }

    /// The first and the last instant that it can find an event of.
    fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        const GRAIN: Duration = Duration::from_millis(1);
        let (mut since, mut until) = (None::<Timestamp>, None::<Timestamp>);
        let mut no_later_than = |at: Timestamp| until = Some(until.map_or(at, |until| until.min(at)));
        for (test, holds) in &self.0 {
            let Test::At(comparison, at) = test else { continue };
            match (comparison, holds) {
                (Comparison::AtLeast, true) | (Comparison::Less, false) => since = since.max(Some(*at)),
                (Comparison::Greater, true) | (Comparison::AtMost, false) => {
                    since = since.max(Some(*at + GRAIN));
                }
                (Comparison::AtMost, true) | (Comparison::Greater, false) => no_later_than(*at),
                (Comparison::Less, true) | (Comparison::AtLeast, false) => no_later_than(*at - GRAIN),
            }
        }
        (since, until)
    }
}

impl Test {
    fn finds(&self, row: &LedgerRow) -> bool {
        let envelope = &row.envelope;
        match self {
            Self::Kind(kinds) => {
                kinds.get(usize::from(envelope.kind).wrapping_sub(1)).is_some_and(|is_it| *is_it)
            }
            Self::Refused(is_refused) => is_refused_attempt(row) == *is_refused,
            Self::Actor(actors) => actors.contains(&envelope.actor),
            Self::Subject(users) => envelope.subject.is_some_and(|user| users.contains(&user)),
            Self::Session(session) => session.is_some() && envelope.session == *session,
            Self::At(comparison, at) => comparison.holds(envelope.at.cmp(at)),
            Self::Detail(matcher) => detail(row).is_some_and(|detail| matcher.is_match(detail)),
        }
    }
}

fn is_refused_attempt(row: &LedgerRow) -> bool {
    row.envelope.outcome == Outcome::Refused as u8
}

fn detail(row: &LedgerRow) -> Option<&str> {
    std::str::from_utf8(row.detail.as_ref()?.get(SALT_BYTES..)?).ok()
}

fn users_of(row: &LedgerRow) -> [Option<UserNo>; 2] {
    let actor = match row.envelope.actor {
        Actor::User(no) => Some(no),
        Actor::System | Actor::Operator | Actor::Anyone | Actor::Service(_) => None,
    };
    [actor, row.envelope.subject]
}

fn named(row: &LedgerRow, names: &Names, services: &[KeptServiceToken]) -> AuditEvent {
    let user = |no: Option<UserNo>| {
        let no = no?;
        names.users.iter().find(|user| user.no == no).cloned()
    };
    let [actor_user, subject] = users_of(row).map(user);
    let session = row
        .envelope
        .session
        .and_then(|session| names.sessions.iter().find(|(no, _)| *no == session).map(|(_, id)| *id));
    let envelope = row.envelope;
    let by_service = |kept: &&KeptServiceToken| Actor::Service(kept.token.no) == envelope.actor;
    AuditEvent {
        seq: envelope.seq,
        at: envelope.at,
        kind: KINDS.get(usize::from(envelope.kind).wrapping_sub(1)).copied().unwrap_or("unknown"),
        is_refused: is_refused_attempt(row),
        actor: envelope.actor,
        actor_user,
        actor_service: services.iter().find(by_service).map(|kept| kept.token.name.clone()),
        subject,
        session,
        detail: detail(row).map(str::to_owned),
        hash: HEXLOWER.encode(&row.hash),
    }
}
