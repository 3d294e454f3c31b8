//! What a batch of commands is decided on: the rows that it names, read under the locked head and kept
//! true while the batch is decided, so that each command sees what those before it did.

use crate::clock::Timestamp;
use crate::event::{Event, Happening, PasswordHash};
use crate::factor::{Authenticator, Factors, KeyFingerprint, MailedCode, RecoveryHash, Used};
use crate::failure::{Failure, FailureKey};
use crate::ids::{RevocationId, Seq, SessionId, SessionNo, TokenNo, UserNo};
use crate::mail::About;
use crate::permission::Role;
use crate::revocation::{Begun, Finished, Revocation};
use crate::service_token::ServiceToken;
use crate::session::{Life, Session};
use crate::user::{Email, NameKey, Owner, User};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// The ledger's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The last event's place; 0 before the first.
    pub seq: Seq,
    /// The last event's time.
    pub at: Timestamp,
    /// Sessions live after it.
    pub live: u64,
}

/// A user, as far as decisions need it. Deleted users are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFact {
    /// Who it is.
    pub owner: Arc<Owner>,
    /// Whether it may sign in.
    pub active: bool,
    /// Its authenticator, enrolled or begun.
    pub authenticator: Option<Authenticator>,
    /// Whether it wants to be asked for codes by mail.
    pub wants_mail: bool,
    /// Its addresses.
    pub addresses: Addresses,
}

/// A user's addresses, as far as decisions need them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Whether one is verified.
    pub any_verified: bool,
    /// Whether one is not.
    pub any_unverified: bool,
}

impl Addresses {
    /// Of these.
    pub fn of(emails: &[Email]) -> Self {
        Self {
            any_verified: emails.iter().any(|email| email.verified),
            any_unverified: emails.iter().any(|email| !email.verified),
        }
    }
}

impl UserFact {
    /// Its authenticator, when it is enrolled.
    pub fn enrolled(&self) -> Option<Authenticator> {
        self.authenticator.filter(Authenticator::is_enrolled)
    }

    /// The factors that it is asked for. Mail counts only while there is an address to mail to.
    pub fn factors(&self) -> Factors {
        Factors {
            authenticator: self.enrolled().is_some(),
            mail: self.wants_mail && self.addresses.any_verified,
        }
    }

    /// Whether it is one of those of whom one must stay.
    pub fn is_active_administrator(&self) -> bool {
        self.active && self.owner.roles.contains(Role::Admin)
    }
}

/// A session that has not been ended. Whether it is live depends on the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionFact {
    /// Its id on the wire.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserNo,
    /// Its absolute end.
    pub expires_at: Timestamp,
    /// When its token was last shown, as far as its row knows.
    pub seen_at: Timestamp,
}

impl SessionFact {
    /// What decides when it is over.
    pub const fn life(&self, idle: Option<Duration>) -> Life {
        Life { expires_at: self.expires_at, seen_at: self.seen_at, idle }
    }
}

/// A personal token, as far as decisions need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalFact {
    /// Its number.
    pub no: TokenNo,
    /// Its name.
    pub name: String,
}

/// Everything that one batch may ask.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The ledger's end.
    pub head: Head,
    /// Whether there ever was an administrator.
    pub had_administrator: bool,
    /// The cluster key that the store is sealed with.
    pub key: Option<KeyFingerprint>,
    /// Active administrators; counted only when a command needs it.
    pub active_administrators: u64,
    /// Users by number.
    pub users: HashMap<UserNo, UserFact>,
    /// Users of whom everything was asked for.
    pub profiles: HashMap<UserNo, User>,
    /// Whose username it is.
    pub usernames: HashMap<NameKey, UserNo>,
    /// Whose address it is.
    pub emails: HashMap<NameKey, UserNo>,
    /// Sessions by number.
    pub sessions: HashMap<SessionNo, SessionFact>,
    /// A user's sessions, the one not seen for longest first.
    pub sessions_of: HashMap<UserNo, Vec<SessionNo>>,
    /// Personal tokens of users of whom they were asked for.
    pub personal: HashMap<UserNo, Vec<PersonalFact>>,
    /// Service tokens that are not revoked; read only when a command needs them.
    pub service_tokens: Vec<ServiceToken>,
    /// Hashes of the passwords of users of whom they were asked for.
    pub passwords: HashMap<UserNo, PasswordHash>,
    /// Counters that stand.
    pub failures: HashMap<FailureKey, Failure>,
    /// Those of the recovery codes asked for that are there.
    pub recovery: HashSet<(UserNo, RecoveryHash)>,
    /// Codes that were mailed to the users of whom they were asked for, and not used.
    pub mailed: HashMap<UserNo, Vec<MailedCode>>,
    /// Previews that were asked for, and what became of them.
    pub revocations: HashMap<RevocationId, Revocation>,
    /// Mails that wait to be delivered; counted only when a command needs it.
    pub mails: u64,
    /// Whether the store's disk is full: then only that is taken which room is kept in reserve for.
    pub disk_full: bool,
}

impl Facts {
    /// Takes in what a command of this batch did.
    pub fn apply(&mut self, event: &Event) {
        self.head = Head { seq: event.seq, at: event.at, live: event.live };
        match &event.happening {
            Happening::UserCreated { user, .. } => self.create(user),
            Happening::UserChanged { before, after } => {
                if before.emails != after.emails {
                    self.mailed.remove(&after.owner.no);
                }
                self.change(after);
            }
            Happening::UserDeleted { .. } => {
                let Some(no) = event.subject else { return };
                self.passwords.remove(&no);
                self.profiles.remove(&no);
                self.personal.remove(&no);
                if let Some(fact) = self.users.remove(&no) {
                    self.active_administrators -= u64::from(fact.is_active_administrator());
                }
                self.usernames.retain(|_, owner| *owner != no);
                self.emails.retain(|_, owner| *owner != no);
            }
            Happening::SessionOpened(session) => {
                let user = session.owner.no;
                let Session { id, expires_at, opened_at, .. } = **session;
                let fact = SessionFact { id, user, expires_at, seen_at: opened_at };
                self.sessions.insert(session.no, fact);
                self.sessions_of.entry(user).or_default().push(session.no);
            }
            Happening::SessionEnded { .. } => {
                let Some(no) = event.session else { return };
                self.sessions.remove(&no);
                if let Some(sessions) = event.subject.and_then(|user| self.sessions_of.get_mut(&user)) {
                    sessions.retain(|session| *session != no);
                }
            }
            Happening::RolesChanged { owner, .. } => {
                if let Some(profile) = self.profiles.get_mut(&owner.no) {
                    profile.owner = Owner::clone(owner);
                }
                let Some(user) = self.users.get_mut(&owner.no) else { return };
                // Counted only where a command of the batch needs it.
                let before = u64::from(user.is_active_administrator());
                user.owner = owner.clone();
                let after = u64::from(user.is_active_administrator());
                self.active_administrators = (self.active_administrators + after).saturating_sub(before);
                self.had_administrator |= owner.roles.contains(Role::Admin);
            }
            Happening::PersonalTokenMade(token) => {
                let fact = PersonalFact { no: token.no, name: token.name.clone() };
                self.personal.entry(token.owner.no).or_default().push(fact);
            }
            Happening::PersonalTokenRemoved { token, .. } => {
                if let Some(held) = event.subject.and_then(|user| self.personal.get_mut(&user)) {
                    held.retain(|fact| fact.no != *token);
                }
            }
            Happening::ServiceTokenMade(_)
            | Happening::ServiceTokenRotated(_)
            | Happening::ServiceTokenRevoked { .. } => self.apply_to_service_tokens(event),
            Happening::KeyAdopted(key) => self.key = Some(*key),
            Happening::UserActivated | Happening::UserDeactivated => {
                let active = matches!(event.happening, Happening::UserActivated);
                let Some(user) = event.subject.and_then(|no| self.users.get_mut(&no)) else { return };
                self.active_administrators -= u64::from(user.is_active_administrator());
                user.active = active;
                self.active_administrators += u64::from(user.is_active_administrator());
            }
            Happening::PasswordSet { password } | Happening::PasswordRehashed { password } => {
                self.passwords.extend(event.subject.map(|no| (no, password.clone())));
            }
            Happening::FactorBegun { .. }
            | Happening::FactorEnrolled { .. }
            | Happening::MailEnrolled
            | Happening::FactorUsed(_)
            | Happening::FactorsRemoved(_)
            | Happening::RecoveryReplaced { .. } => self.apply_to_factors(event),
            Happening::MailQueued { about, until, .. } => {
                self.mails += 1;
                if let (About::Code(hash), Some(user)) = (*about, event.subject) {
                    self.mailed.entry(user).or_default().push(MailedCode { hash, until: *until });
                }
            }
            Happening::RevocationBegun { .. } | Happening::RevocationFinished { .. } => self.revoke(event),
            Happening::WorkspaceCreated { .. }
            | Happening::GrantsChanged { .. }
            | Happening::UserErased
            | Happening::UserUnlocked
            | Happening::StepUpPassed(_)
            | Happening::Observed(_) => {}
        }
    }

    fn create(&mut self, user: &User) {
        let no = user.owner.no;
        let fact = UserFact {
            owner: Arc::new(user.owner.clone()),
            active: user.active,
            authenticator: None,
            wants_mail: false,
            addresses: Addresses::of(&user.emails),
        };
        self.had_administrator |= user.owner.roles.contains(Role::Admin);
        self.active_administrators += u64::from(fact.is_active_administrator());
        self.usernames.insert(NameKey::of(&user.owner.username), no);
        self.emails.extend(user.emails.iter().map(|email| (NameKey::of(&email.address), no)));
        self.users.insert(no, fact);
    }

    fn apply_to_service_tokens(&mut self, event: &Event) {
        match &event.happening {
            Happening::ServiceTokenMade(token) => self.service_tokens.push(ServiceToken::clone(token)),
            Happening::ServiceTokenRotated(token) => {
                self.service_tokens.retain(|known| known.no != token.no);
                self.service_tokens.push(ServiceToken::clone(token));
            }
            Happening::ServiceTokenRevoked { no, .. } => self.service_tokens.retain(|known| known.no != *no),
            _ => {}
        }
    }

    fn apply_to_factors(&mut self, event: &Event) {
        match &event.happening {
            Happening::FactorBegun { .. } => {
                let begun = Authenticator { begun: event.seq, last_step: None };
                self.authenticator(event, |authenticator| *authenticator = Some(begun));
            }
            Happening::FactorEnrolled { step, .. } | Happening::FactorUsed(Used::Step(step)) => {
                self.authenticator(event, |authenticator| {
                    if let Some(authenticator) = authenticator {
                        authenticator.last_step = Some(*step);
                    }
                });
            }
            Happening::FactorUsed(Used::Recovery(code)) => {
                self.recovery.retain(|known| Some(known.0) != event.subject || known.1 != *code);
            }
            Happening::FactorUsed(Used::Mailed(code)) => {
                if let Some(mailed) = event.subject.and_then(|no| self.mailed.get_mut(&no)) {
                    mailed.retain(|known| known.hash != *code);
                }
            }
            Happening::MailEnrolled => {
                if let Some(user) = event.subject.and_then(|no| self.users.get_mut(&no)) {
                    user.wants_mail = true;
                }
            }
            Happening::FactorsRemoved(factors) => {
                let Some(no) = event.subject else { return };
                if factors.authenticator {
                    self.authenticator(event, |authenticator| *authenticator = None);
                    self.recovery.retain(|(user, _)| *user != no);
                }
                if factors.mail {
                    self.mailed.remove(&no);
                    if let Some(user) = self.users.get_mut(&no) {
                        user.wants_mail = false;
                    }
                }
            }
            Happening::RecoveryReplaced { .. } => {
                self.recovery.retain(|(user, _)| Some(*user) != event.subject);
            }
            _ => {}
        }
    }

    fn revoke(&mut self, event: &Event) {
        let (seq, at) = (event.seq, event.at);
        match &event.happening {
            Happening::RevocationBegun { id, reason, .. } => {
                if let Some(revocation) = self.revocations.get_mut(id) {
                    revocation.begun = Some(Begun { seq, at, reason: reason.clone() });
                }
            }
            Happening::RevocationFinished { id, closing, .. } => {
                if let Some(revocation) = self.revocations.get_mut(id) {
                    revocation.finished = Some(Finished { seq, at, closing: closing.clone() });
                }
            }
            _ => {}
        }
    }

    /// A user has other names, addresses and free fields.
    fn change(&mut self, after: &User) {
        let no = after.owner.no;
        if let Some(user) = self.users.get_mut(&no) {
            user.owner = Arc::new(after.owner.clone());
            user.addresses = Addresses::of(&after.emails);
        }
        self.usernames.retain(|_, owner| *owner != no);
        self.usernames.insert(NameKey::of(&after.owner.username), no);
        self.emails.retain(|_, owner| *owner != no);
        self.emails.extend(after.emails.iter().map(|email| (NameKey::of(&email.address), no)));
        self.profiles.insert(no, after.clone());
    }

    /// Changes the authenticator of the event's user.
    fn authenticator(&mut self, event: &Event, change: impl FnOnce(&mut Option<Authenticator>)) {
        if let Some(user) = event.subject.and_then(|no| self.users.get_mut(&no)) {
            change(&mut user.authenticator);
        }
    }
}
