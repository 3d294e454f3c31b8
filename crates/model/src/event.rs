//! The ledger's one enum: everything that can happen, and what the ledger writes of it.
//!
//! An [`Event`] in memory carries the rows that it changes, so that the store and the index learn of a
//! change from the same value. The ledger keeps an [`Envelope`] (numbers only) and a detail (personal
//! data, erasable). **Invariant:** no detail holds a token, a token's digest, a password's hash or a code.

use crate::address::AddressKey;
use crate::change;
use crate::clock::Timestamp;
use crate::factor::{Factors, KeyFingerprint, RecoveryHash, SealedSeed, Step, Used};
use crate::ids::{RevocationId, Seq, ServiceNo, SessionId, SessionNo, TokenNo, UserId, UserNo};
use crate::mail::{About, SealedMail};
use crate::permission::{Permission, Role, RoleSet};
use crate::revocation::Closing;
use crate::service_token::ServiceToken;
use crate::session::{EndReason, Session};
use crate::step_up::Window;
use crate::token::PersonalToken;
use crate::user::{Owner, User};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

/// One thing that happened, at its place in the ledger.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its place.
    pub seq: Seq,
    /// When it was committed; never earlier than its predecessor.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Whom it was done to.
    pub subject: Option<UserNo>,
    /// The session that it is about.
    pub session: Option<SessionNo>,
    /// How many sessions were live after it.
    pub live: u64,
    /// What happened.
    pub happening: Happening,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The server itself.
    System,
    /// Whoever has the machine.
    Operator,
    /// Somebody who is not signed in.
    Anyone,
    /// A user.
    User(UserNo),
    /// A program, by its service token.
    Service(ServiceNo),
}

/// How an attempt came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// It was done.
    Done = 1,
    /// It was refused.
    Refused = 2,
}

/// A password's hash on its way to its row. Its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What happened, with the rows that it changes.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The ledger's first event: roles and permissions stand at their defaults.
    WorkspaceCreated {
        /// Whether it is a test workspace.
        test: bool,
    },
    /// A user was made.
    UserCreated {
        /// The new user.
        user: Box<User>,
        /// The hash that its password is verified against.
        password: PasswordHash,
    },
    /// A user was deleted: it is hidden, and its names are free again.
    UserDeleted {
        /// The id on the wire.
        id: UserId,
        /// The username it had.
        username: String,
    },
    /// A user that is deleted was erased: its row tells nothing of it any more.
    UserErased,
    /// Names, addresses or free fields of a user are others.
    UserChanged {
        /// As it was.
        before: Box<User>,
        /// As it is from now on.
        after: Box<User>,
    },
    /// A user may sign in again.
    UserActivated,
    /// A user may sign in no more.
    UserDeactivated,
    /// A user was given another password.
    PasswordSet {
        /// The hash that it is verified against.
        password: PasswordHash,
    },
    /// The same password of a user is kept as another hash.
    PasswordRehashed {
        /// The hash that it is verified against.
        password: PasswordHash,
    },
    /// The wrong guesses that were counted for a user are forgotten.
    UserUnlocked,
    /// A user has other roles.
    RolesChanged {
        /// The user, with the roles that it has from now on.
        owner: Arc<Owner>,
        /// The role that came or went.
        role: Role,
        /// Whether it came.
        granted: bool,
    },
    /// Permissions are held by other roles.
    GrantsChanged {
        /// The permissions, each with its roles.
        grants: Vec<(Permission, RoleSet)>,
    },
    /// The store is sealed with this cluster key from now on.
    KeyAdopted(KeyFingerprint),
    /// A user was given the seed of an authenticator, in the place of one that was not enrolled.
    FactorBegun {
        /// The seed.
        seed: SealedSeed,
    },
    /// A user's authenticator is asked for from now on.
    FactorEnrolled {
        /// The step of the code that showed it.
        step: Step,
        /// Recovery codes that go with it.
        codes: Vec<RecoveryHash>,
    },
    /// A user's factor by mail is asked for from now on.
    MailEnrolled,
    /// A code was accepted.
    FactorUsed(Used),
    /// A user has these factors no more.
    FactorsRemoved(Factors),
    /// A mail waits to be delivered; with one that brings a code, the code is good.
    MailQueued {
        /// The mail.
        mail: SealedMail,
        /// What it is about.
        about: About,
        /// From when on it is of no use.
        until: Timestamp,
    },
    /// A user has other recovery codes.
    RecoveryReplaced {
        /// The new ones.
        codes: Vec<RecoveryHash>,
    },
    /// A user signed in.
    SessionOpened(Box<Session>),
    /// A session ended.
    SessionEnded {
        /// The id on the wire.
        id: SessionId,
        /// Why.
        reason: EndReason,
        /// The instant from which it was no longer live, where that is not the event's own time.
        due: Option<Timestamp>,
    },
    /// A user made a personal access token.
    PersonalTokenMade(Box<PersonalToken>),
    /// A personal access token ended.
    PersonalTokenRemoved {
        /// Which.
        token: TokenNo,
        /// Its name.
        name: String,
        /// Why.
        reason: EndReason,
    },
    /// The sessions that a preview froze are ended from now on.
    RevocationBegun {
        /// Which.
        id: RevocationId,
        /// The filter that they were found by.
        filter: String,
        /// How many they are.
        count: u64,
        /// Why.
        reason: String,
    },
    /// All sessions that a preview froze were gone through.
    RevocationFinished {
        /// Which.
        id: RevocationId,
        /// How many it ended.
        ended: u64,
        /// How many had ended before.
        already_gone: u64,
        /// What else is known.
        closing: Closing,
    },
    /// A service token was made.
    ServiceTokenMade(Box<ServiceToken>),
    /// A service token has another secret: as it is from now on.
    ServiceTokenRotated(Box<ServiceToken>),
    /// A service token was revoked.
    ServiceTokenRevoked {
        /// Which.
        no: ServiceNo,
        /// Its name.
        name: String,
    },
    /// A second factor was proved.
    StepUpPassed(Window),
    /// Somebody read sessions or was refused; repeats within a window are counted together.
    Observed(Observation),
}

/// A read or a refusal, worth remembering but changing nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Observation {
    /// Who it was.
    pub by: Actor,
    /// From where, where that is part of the key.
    pub from: Option<AddressKey>,
    /// The endpoint's route; `other` when the window's table was full.
    pub endpoint: &'static str,
    /// What was seen.
    pub what: Observed,
    /// How often, since it was last written.
    pub times: u64,
}

/// What was seen at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Observed {
    /// Sessions were read with this filter (empty: all).
    Read {
        /// The filter's text.
        filter: String,
        /// As of which instant, where it was not the present.
        as_of: Option<Timestamp>,
    },
    /// A request was refused.
    Refused {
        /// The refusal's code.
        reason: &'static str,
    },
}

impl Event {
    /// The event's kind as a name: `session.opened`.
    pub const fn kind(&self) -> &'static str {
        KINDS[self.kind_no() as usize - 1]
    }

    /// The event's kind as stored.
    pub const fn kind_no(&self) -> u16 {
        match self.happening {
            Happening::WorkspaceCreated { .. } => 1,
            Happening::UserCreated { .. } => 2,
            Happening::UserDeleted { .. } => 3,
            Happening::SessionOpened(_) => 4,
            Happening::SessionEnded { .. } => 5,
            Happening::StepUpPassed(_) => 6,
            Happening::Observed(Observation { what: Observed::Read { .. }, .. }) => 7,
            Happening::Observed(Observation { what: Observed::Refused { .. }, .. }) => 8,
            Happening::UserActivated => 9,
            Happening::UserDeactivated => 10,
            Happening::PasswordSet { .. } => 11,
            Happening::UserUnlocked => 12,
            Happening::KeyAdopted(_) => 13,
            Happening::FactorBegun { .. } => 14,
            Happening::FactorEnrolled { .. } | Happening::MailEnrolled => 15,
            Happening::FactorUsed(_) => 16,
            Happening::FactorsRemoved(_) => 17,
            Happening::RecoveryReplaced { .. } => 18,
            Happening::PasswordRehashed { .. } => 19,
            Happening::RolesChanged { granted: true, .. } => 20,
            Happening::RolesChanged { granted: false, .. } => 21,
            Happening::GrantsChanged { .. } => 22,
            Happening::UserChanged { .. } => 23,
            Happening::PersonalTokenMade(_) => 24,
            Happening::PersonalTokenRemoved { .. } => 25,
            Happening::MailQueued { .. } => 26,
            Happening::UserErased => 27,
            Happening::RevocationBegun { .. } => 28,
            Happening::RevocationFinished { .. } => 29,
            Happening::ServiceTokenMade(_) => 32,
            Happening::ServiceTokenRotated(_) => 33,
            Happening::ServiceTokenRevoked { .. } => 34,
        }
    }

    /// How the attempt came out.
    pub const fn outcome(&self) -> Outcome {
        match self.happening {
            Happening::Observed(Observation { what: Observed::Refused { .. }, .. }) => Outcome::Refused,
            _ => Outcome::Done,
        }
    }

    /// The numbers that the chain covers and that are kept for good.
    pub fn envelope(&self) -> Envelope {
        Envelope {
            seq: self.seq,
            at: self.at,
            kind: self.kind_no(),
            outcome: self.outcome() as u8,
            actor: self.actor,
            subject: self.subject,
            session: self.session,
            live: self.live,
        }
    }

    /// The personal data, as JSON: names, addresses, agents, filter texts. Erasable.
    pub fn detail(&self) -> String {
        let detail = match &self.happening {
            Happening::WorkspaceCreated { test } => json!({ "test": test }),
            Happening::UserCreated { user, .. } => json!({
                "id": user.owner.id.as_str(),
                "username": user.owner.username,
                "name": user.owner.name,
                "emails": user.emails.iter().map(|email| &email.address).collect::<Vec<_>>(),
                "roles": user.owner.roles.iter().map(crate::permission::Role::as_str).collect::<Vec<_>>(),
            }),
            Happening::UserChanged { before, after } => change::difference(before, after),
            Happening::UserActivated
            | Happening::UserDeactivated
            | Happening::PasswordSet { .. }
            | Happening::PasswordRehashed { .. }
            | Happening::UserUnlocked
            | Happening::UserErased => json!({}),
            Happening::FactorsRemoved(factors) => json!({ "factors": factors.words() }),
            // Not to whom: the ledger would tell addresses that the user may have taken back.
            Happening::MailQueued { about, .. } => json!({ "about": about.as_str() }),
            Happening::RolesChanged { owner, role, .. } => {
                json!({ "username": owner.username, "role": role.as_str() })
            }
            Happening::GrantsChanged { grants } => {
                let roles = |roles: &RoleSet| roles.iter().map(Role::as_str).collect::<Vec<_>>();
                let each = grants
                    .iter()
                    .map(|(permission, set)| (permission.as_str().to_owned(), json!(roles(set))));
                Value::Object(each.collect())
            }
            Happening::KeyAdopted(key) => json!({ "fingerprint": key.to_string() }),
            Happening::FactorEnrolled { codes, .. } => {
                json!({ "factor": "authenticator", "recovery_codes": codes.len() })
            }
            Happening::FactorBegun { .. } | Happening::FactorUsed(Used::Step(_)) => {
                json!({ "factor": "authenticator" })
            }
            Happening::FactorUsed(Used::Recovery(_)) => json!({ "factor": "recovery-code" }),
            Happening::MailEnrolled | Happening::FactorUsed(Used::Mailed(_)) => json!({ "factor": "mail" }),
            Happening::RecoveryReplaced { codes } => json!({ "recovery_codes": codes.len() }),
            Happening::UserDeleted { id, username } => json!({ "id": id.as_str(), "username": username }),
            // It happens most: no value is made of it.
            Happening::SessionOpened(session) => return opened(session),
            Happening::SessionEnded { id, reason, due } => {
                let mut detail = json!({ "id": id.as_str(), "reason": reason.as_str() });
                if let Some(due) = due {
                    detail["due"] = json!(due.as_ms());
                }
                detail
            }
            Happening::PersonalTokenMade(token) => {
                json!({ "name": token.name, "bypasses_step_up": token.bypasses_step_up })
            }
            Happening::PersonalTokenRemoved { name, reason, .. } => {
                json!({ "name": name, "reason": reason.as_str() })
            }
            Happening::RevocationBegun { id, filter, count, reason } => {
                json!({ "id": id.as_str(), "filter": filter, "count": count, "reason": reason })
            }
            Happening::RevocationFinished { id, ended, already_gone, closing } => json!({
                "id": id.as_str(),
                "ended": ended,
                "already_gone": already_gone,
                "newer": closing.newer,
            }),
            Happening::ServiceTokenMade(token) | Happening::ServiceTokenRotated(token) => made(token),
            Happening::ServiceTokenRevoked { no, name } => json!({ "id": no.0.to_string(), "name": name }),
            Happening::StepUpPassed(window) => json!({ "ip": window.ip, "until": window.until.as_ms() }),
            Happening::Observed(observation) => {
                let mut detail = match &observation.what {
                    Observed::Read { filter, .. } => json!({ "filter": filter }),
                    Observed::Refused { reason } => json!({ "reason": reason }),
                };
                if let Observed::Read { as_of: Some(as_of), .. } = &observation.what {
                    detail["as_of"] = json!(as_of.as_ms());
                }
                detail["endpoint"] = json!(observation.endpoint);
                detail["times"] = json!(observation.times);
                if let Some(from) = observation.from {
                    detail["from"] = json!(crate::address::ip_from_bits(from.bits()));
                }
                detail
            }
        };
        detail.to_string()
    }
}

/// The detail of a service token's making, and of its rotation.
fn made(token: &ServiceToken) -> Value {
    let mut detail = json!({
        "id": token.no.0.to_string(),
        "name": token.name,
        "scopes": token.scopes.iter().map(Permission::as_str).collect::<Vec<_>>(),
        "networks": token.networks.0.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "expires_at": token.expires_at.to_string(),
    });
    if let Some(before) = token.before {
        detail["before_until"] = json!(before.until.to_string());
    }
    detail
}

/// The detail of a session's opening.
fn opened(session: &Session) -> String {
    let (agent, host) = (Value::from(&*session.agent), Value::from(&*session.host));
    format!(r#"{{"agent":{agent},"host":{host},"id":"{}","ip":"{}"}}"#, session.id.as_str(), session.ip)
}

/// Names of the kinds, by number from 1. A number is never given twice.
pub const KINDS: [&str; 34] = [
    "workspace.created",
    "user.created",
    "user.deleted",
    "session.opened",
    "session.ended",
    "step-up.passed",
    "sessions.read",
    "request.refused",
    "user.activated",
    "user.deactivated",
    "password.set",
    "user.unlocked",
    "key.adopted",
    "factor.begun",
    "factor.enrolled",
    "factor.used",
    "factors.removed",
    "recovery-codes.replaced",
    "password.rehashed",
    "role.granted",
    "role.revoked",
    "permissions.changed",
    "user.changed",
    "personal-token.made",
    "personal-token.removed",
    "mail.queued",
    "user.erased",
    "revocation.begun",
    "revocation.finished",
    // Two that were kept free, and never written.
    "free.30",
    "free.31",
    "service-token.made",
    "service-token.rotated",
    "service-token.revoked",
];

/// What the ledger keeps of an event for good, and what its hash covers beside the detail's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the same names as in Event")]
pub struct Envelope {
    pub seq: Seq,
    pub at: Timestamp,
    pub kind: u16,
    pub outcome: u8,
    pub actor: Actor,
    pub subject: Option<UserNo>,
    pub session: Option<SessionNo>,
    pub live: u64,
}

/// Services are numbered from here downwards.
const FIRST_SERVICE: i64 = -1_000;

impl Actor {
    /// As one number: users by theirs, the others below zero, services by theirs below [`FIRST_SERVICE`].
    pub fn to_number(self) -> i64 {
        let number = |no: u64| i64::try_from(no).unwrap_or(i64::MAX);
        match self {
            Self::System => -1,
            Self::Operator => -2,
            Self::Anyone => -3,
            Self::User(no) => number(no.0),
            Self::Service(no) => FIRST_SERVICE.saturating_sub(number(no.0)),
        }
    }

    /// The actor with this number.
    pub fn from_number(number: i64) -> Self {
        match number {
            -1 => Self::System,
            -2 => Self::Operator,
            -3 => Self::Anyone,
            no if no <= FIRST_SERVICE => Self::Service(ServiceNo(no.abs_diff(FIRST_SERVICE))),
            no => Self::User(UserNo(u64::try_from(no).unwrap_or(0))),
        }
    }
}

/// Length of an envelope as the chain hashes it.
pub const ENVELOPE_BYTES: usize = 51;

impl Envelope {
    /// The envelope as the chain hashes it: its fields in order, big-endian, absent numbers as zero.
    pub fn to_bytes(&self) -> [u8; ENVELOPE_BYTES] {
        let mut bytes = [0; ENVELOPE_BYTES];
        let mut rest = &mut bytes[..];
        for field in [
            &self.seq.0.to_be_bytes()[..],
            &self.at.as_ms().to_be_bytes(),
            &self.kind.to_be_bytes(),
            &[self.outcome],
            &self.actor.to_number().to_be_bytes(),
            &self.subject.map_or(0, |user| user.0).to_be_bytes(),
            &self.session.map_or(0, |session| session.0).to_be_bytes(),
            &self.live.to_be_bytes(),
        ] {
            let (here, after) = rest.split_at_mut(field.len());
            here.copy_from_slice(field);
            rest = after;
        }
        assert!(rest.is_empty(), "ENVELOPE_BYTES is the sum of the fields");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_actor_has_a_number_of_its_own() {
        let (user, service) = (|no| Actor::User(UserNo(no)), |no| Actor::Service(ServiceNo(no)));
        let largest = i64::MAX as u64 - 1_000;
        let actors = [
            Actor::System,
            Actor::Operator,
            Actor::Anyone,
            user(1),
            user(1_001),
            service(1),
            service(1_001),
            user(largest),
            service(largest),
        ];
        for (i, actor) in actors.iter().enumerate() {
            assert_eq!(Actor::from_number(actor.to_number()), *actor);
            assert!(actors[..i].iter().all(|other| other.to_number() != actor.to_number()), "{actor:?}");
        }
    }
}
