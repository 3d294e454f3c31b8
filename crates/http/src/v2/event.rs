//! An event of the ledger as v2 shows it.

use crate::time::Time;
use rollcall_model::{Actor, SessionId};
use rollcall_service::{AuditEvent, NamedUser};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// An event of the ledger.
#[derive(Serialize, JsonSchema)]
pub struct Event<'a> {
    /// Its number in the ledger: they rise by one.
    seq: u64,
    /// When it was committed.
    at: Time,
    /// What happened: `session.opened`.
    kind: &'static str,
    /// Whether it was done, or refused.
    outcome: EventOutcome,
    /// Who did it; null when that was erased.
    actor: Option<EventActor<'a>>,
    /// Whom it was done to.
    subject: Option<EventUser<'a>>,
    /// The id of the session that it is about.
    session: Option<&'a str>,
    /// What else is known, by kind; null when that was forgotten or erased.
    detail: Option<Value>,
    /// Its link of the ledger's chain, in hex.
    hash: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum EventOutcome {
    Done,
    Refused,
}

/// Who did something: a user, a program, or what is none.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum EventActor<'a> {
    /// A user.
    User(EventUser<'a>),
    /// A program.
    Service {
        /// Its service token.
        service: EventService<'a>,
    },
    /// What is none.
    Other {
        /// What it is.
        kind: ActorKind,
    },
}

/// What does things and is no user.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// The server by itself.
    System,
    /// An operator, by the command line on the store.
    Operator,
    /// Whoever it was: nobody was signed in.
    Anyone,
}

/// A user whom an event names.
#[derive(Serialize, JsonSchema)]
pub struct EventUser<'a> {
    id: &'a str,
    /// Null when it was erased.
    username: Option<&'a str>,
}

/// A service token by which a program did something.
#[derive(Serialize, JsonSchema)]
pub struct EventService<'a> {
    id: String,
    name: Option<&'a str>,
}

impl<'a> From<&'a AuditEvent> for Event<'a> {
    fn from(event: &'a AuditEvent) -> Self {
        Self {
            seq: event.seq.0,
            at: Time(event.at),
            kind: event.kind,
            outcome: if event.is_refused { EventOutcome::Refused } else { EventOutcome::Done },
            actor: actor(event),
            subject: event.subject.as_ref().map(EventUser::from),
            session: event.session.as_ref().map(SessionId::as_str),
            detail: detail(event),
            hash: &event.hash,
        }
    }
}

impl<'a> From<&'a NamedUser> for EventUser<'a> {
    fn from(user: &'a NamedUser) -> Self {
        Self { id: user.id.as_str(), username: Some(&*user.username).filter(|name| !name.is_empty()) }
    }
}

/// Who did it.
pub fn actor(event: &AuditEvent) -> Option<EventActor<'_>> {
    let kind = match event.actor {
        Actor::System => ActorKind::System,
        Actor::Operator => ActorKind::Operator,
        Actor::Anyone => ActorKind::Anyone,
        Actor::Service(no) => {
            let service = EventService { id: no.0.to_string(), name: event.actor_service.as_deref() };
            return Some(EventActor::Service { service });
        }
        Actor::User(_) => return event.actor_user.as_ref().map(|user| EventActor::User(user.into())),
    };
    Some(EventActor::Other { kind })
}

/// What else is known of it.
pub fn detail(event: &AuditEvent) -> Option<Value> {
    event.detail.as_deref().and_then(|detail| serde_json::from_str(detail).ok())
}
