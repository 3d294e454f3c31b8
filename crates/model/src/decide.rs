//! The one place where a command is allowed or refused, for every store engine.
//!
//! A batch of commands and the facts that they need go in; events and counters come out. Pure: the
//! engine reads the facts under the locked head, and writes what comes out in the same transaction.

mod factors;
mod revocations;
mod service_tokens;
mod users;

use crate::clock::Timestamp;
use crate::command::{Command, NewPersonalToken, Opening, Passing, Receipt, Refused, Shown};
use crate::event::{Actor, Event, Happening};
use crate::factor::KeyFingerprint;
use crate::facts::{Facts, PersonalFact, SessionFact, UserFact};
use crate::failure::{Failure, FailureKey, FailureLimit};
use crate::ids::{RevocationId, Seq, SessionNo, TokenNo, UserNo};
use crate::limits;
use crate::mail::About;
use crate::revocation::Progress;
use crate::session::{EndReason, Session, live};
use crate::step_up::Window;
use crate::token::PersonalToken;
use factors::{
    begin_authenticator, enrol_authenticator, enrol_mail, mail_code, remove_factors, remove_mail,
    replace_recovery, take_proof, take_shown,
};
use revocations::{begin_revocation, finish_revocation, step_revocation};
use service_tokens::{make_service_token, revoke_service_token, rotate_service_token};
use std::collections::{HashMap, HashSet};
use users::{change_role, change_user, create_user, delete_user, verify_address};

/// What a batch comes to.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// The events, in order, without gaps from the head on.
    pub events: Vec<Event>,
    /// Counters as they stand after the batch; `None` means forgotten.
    pub failures: HashMap<FailureKey, Option<Failure>>,
    /// How far revocations are after the batch.
    pub progress: HashMap<RevocationId, Progress>,
    /// One answer to each command, in their order.
    pub answers: Vec<Result<Receipt, Refused>>,
    /// The users of the facts, as they are after the batch.
    pub users: HashMap<UserNo, UserFact>,
}

/// Decides a batch, each command on its own, at the instant beside it or the head's time if that is later.
pub fn decide<'a>(batch: impl Iterator<Item = (Timestamp, &'a Command)>, mut facts: Facts) -> Decided {
    let mut decided = Decided::default();
    for (now, command) in batch {
        let at = now.max(facts.head.at);
        let fits = |effects: &Effects| !facts.disk_full || command.has_reserve() || effects.are_none();
        let decision = decide_one(command, &facts, at);
        let decision =
            decision.and_then(|effects| if fits(&effects) { Ok(effects) } else { Err(Refused::DiskFull) });
        let first = facts.head.seq.next();
        let answer = decision.map(|effects| {
            for event in effects.events {
                facts.apply(&event);
                decided.events.push(event);
            }
            for (key, failure) in effects.failures {
                match failure {
                    Some(failure) => facts.failures.insert(key, failure),
                    None => facts.failures.remove(&key),
                };
                decided.failures.insert(key, failure);
            }
            if let Some((id, progress)) = effects.progress {
                if let Some(revocation) = facts.revocations.get_mut(&id) {
                    revocation.progress = progress;
                }
                decided.progress.insert(id, progress);
            }
            Receipt { at, first, last: facts.head.seq }
        });
        decided.answers.push(answer);
    }
    decided.users = facts.users;
    decided
}

/// What one command does.
struct Effects {
    events: Vec<Event>,
    failures: Vec<(FailureKey, Option<Failure>)>,
    progress: Option<(RevocationId, Progress)>,
    next: Seq,
    at: Timestamp,
    live: u64,
    /// Tokens that it ends, with their sessions where they have one.
    ended: HashSet<TokenNo>,
}

impl Effects {
    fn new(facts: &Facts, at: Timestamp) -> Self {
        Self {
            events: Vec::new(),
            failures: Vec::new(),
            progress: None,
            next: facts.head.seq.next(),
            at,
            live: facts.head.live,
            ended: HashSet::new(),
        }
    }

    /// Whether nothing is to be written.
    fn are_none(&self) -> bool {
        self.events.is_empty() && self.failures.is_empty() && self.progress.is_none()
    }

    fn record(
        &mut self,
        actor: Actor,
        subject: Option<UserNo>,
        session: Option<SessionNo>,
        happening: Happening,
    ) {
        match happening {
            Happening::SessionOpened(_) => self.live += 1,
            Happening::SessionEnded { .. } => self.live -= 1,
            _ => {}
        }
        let (seq, at, live) = (self.next, self.at, self.live);
        self.events.push(Event { seq, at, actor, subject, session, live, happening });
        self.next = seq.next();
    }

    /// Something that happened to a user, on no session.
    fn happen(&mut self, by: Actor, user: UserNo, happening: Happening) {
        self.record(by, Some(user), None, happening);
    }

    /// Ends all of a user's tokens, personal ones too.
    fn end_tokens(&mut self, facts: &Facts, user: UserNo, reason: EndReason, by: Actor) {
        self.end_all(facts, user, None, reason, by);
        for held in facts.personal.get(&user).into_iter().flatten() {
            self.remove_token(user, held, reason, by);
        }
    }

    /// The one way out of a personal token.
    fn remove_token(&mut self, user: UserNo, held: &PersonalFact, reason: EndReason, by: Actor) {
        if self.ended.insert(held.no) {
            let (token, name) = (held.no, held.name.clone());
            self.happen(by, user, Happening::PersonalTokenRemoved { token, name, reason });
        }
    }

    /// Ends all of a user's sessions but one.
    fn end_all(&mut self, facts: &Facts, user: UserNo, but: Option<TokenNo>, reason: EndReason, by: Actor) {
        for (no, session) in standing_sessions(facts, user).filter(|(no, _)| Some((*no).into()) != but) {
            self.end(no, session, reason, None, by);
        }
    }

    /// The one way out of a session. One command ends it once, whatever its reasons. One whose time was up was
    /// gone at its due instant, whenever somebody came to write it down.
    fn end(
        &mut self,
        no: SessionNo,
        session: &SessionFact,
        reason: EndReason,
        due: Option<Timestamp>,
        by: Actor,
    ) {
        if !self.ended.insert(no.into()) {
            return;
        }
        let ended = Happening::SessionEnded { id: session.id, reason, due };
        self.record(by, Some(session.user), Some(no), ended);
    }
}

fn decide_one(command: &Command, facts: &Facts, at: Timestamp) -> Result<Effects, Refused> {
    let mut effects = Effects::new(facts, at);
    match command {
        Command::CreateWorkspace { test } => {
            if facts.head.seq != Seq(0) {
                return Err(Refused::WorkspaceExists);
            }
            effects.record(Actor::System, None, None, Happening::WorkspaceCreated { test: *test });
        }
        Command::CreateUser { user, password, welcome, by } => {
            let no = create_user(&mut effects, facts, user, password, *by)?;
            // The account matters, the mail does not.
            if let Some(mail) = welcome.as_ref().filter(|_| facts.mails < limits::MAILS_QUEUED) {
                let until = effects.at + limits::MAIL_AGE;
                let queued = Happening::MailQueued { mail: mail.clone(), about: About::Welcome, until };
                effects.happen(*by, no, queued);
            }
        }
        Command::CreateFirstAdministrator { user, password } => {
            if facts.had_administrator {
                return Err(Refused::AdministratorExisted);
            }
            create_user(&mut effects, facts, user, password, Actor::System)?;
        }
        Command::DeleteUser { user, by } => delete_user(&mut effects, facts, *user, *by)?,
        Command::EraseUser { user, by } => {
            if facts.users.contains_key(user) {
                delete_user(&mut effects, facts, *user, *by)?;
            }
            effects.happen(*by, *user, Happening::UserErased);
        }
        Command::ChangeUser { user, change, but, by } => {
            change_user(&mut effects, facts, *user, change, *but, *by)?;
        }
        Command::Rehash { user, from, to } => {
            // A password that was changed meanwhile stays, and so does a user that is gone.
            if facts.passwords.get(user) == Some(from) {
                effects.happen(Actor::System, *user, Happening::PasswordRehashed { password: to.clone() });
            }
        }
        Command::Unlock { user, by } => unlock(&mut effects, facts, *user, *by)?,
        Command::EndSessionsOf { user, but, by } => {
            existing(facts, *user)?;
            effects.end_all(facts, *user, *but, EndReason::SignedOutEverywhere, *by);
        }
        Command::MakePersonalToken(token) => make_personal_token(&mut effects, facts, token)?,
        Command::RemovePersonalToken { user, token, reason, by } => {
            let held = facts.personal.get(user).and_then(|held| held.iter().find(|held| held.no == *token));
            effects.remove_token(*user, held.ok_or(Refused::NoSuchToken)?, *reason, *by);
        }
        Command::GrantRole { user, role, by } => change_role(&mut effects, facts, *user, *role, true, *by)?,
        Command::RevokeRole { user, role, by } => change_role(&mut effects, facts, *user, *role, false, *by)?,
        Command::SetGrants { grants, by } => {
            effects.record(*by, None, None, Happening::GrantsChanged { grants: grants.clone() });
        }
        Command::AdoptKey(key) => adopt_key(&mut effects, facts, *key)?,
        Command::BeginAuthenticator { user, seed } => begin_authenticator(&mut effects, facts, *user, seed)?,
        Command::EnrolAuthenticator(enrolment) => enrol_authenticator(&mut effects, facts, enrolment)?,
        Command::RemoveFactors { user, shown, by } => {
            remove_factors(&mut effects, facts, *user, *shown, *by)?;
        }
        Command::ReplaceRecovery { user, shown, codes } => {
            replace_recovery(&mut effects, facts, *user, *shown, codes)?;
        }
        Command::EnrolMail { user, token } => enrol_mail(&mut effects, facts, *user, *token)?,
        Command::RemoveMail { user, token } => remove_mail(&mut effects, facts, *user, *token)?,
        Command::MailCode(mailing) => mail_code(&mut effects, facts, mailing)?,
        Command::VerifyAddress { user, token, address } => {
            verify_address(&mut effects, facts, *user, *token, address)?;
        }
        Command::OpenSession(opening) => open_session(&mut effects, facts, opening)?,
        Command::EndSession { session, reason, by } => {
            let fact = live_session(facts, *session, at)?;
            effects.end(*session, fact, *reason, None, *by);
        }
        Command::ExpireSessions { sessions, idle } => {
            for no in sessions {
                let Some(fact) = facts.sessions.get(no) else { continue };
                let due = fact.life(*idle).due();
                if due.told_from() <= at {
                    effects.end(*no, fact, due.reason, Some(due.at), Actor::System);
                }
            }
        }
        Command::BeginRevocation(beginning) => begin_revocation(&mut effects, facts, beginning)?,
        Command::StepRevocation(step) => step_revocation(&mut effects, facts, step)?,
        Command::FinishRevocation { id, closing } => finish_revocation(&mut effects, facts, *id, closing)?,
        Command::MakeServiceToken(new) => make_service_token(&mut effects, facts, new)?,
        Command::RotateServiceToken(rotation) => rotate_service_token(&mut effects, facts, rotation)?,
        Command::RevokeServiceToken { no, by } => revoke_service_token(&mut effects, facts, *no, *by)?,
        Command::PassStepUp(passing) => pass_step_up(&mut effects, facts, passing)?,
        Command::CountFailure(keys) => count_failure(&mut effects, facts, keys)?,
        Command::Observe(observations) => {
            for observation in observations {
                effects.record(observation.by, None, None, Happening::Observed(observation.clone()));
            }
        }
    }
    Ok(effects)
}

fn unlock(effects: &mut Effects, facts: &Facts, user: UserNo, by: Actor) -> Result<(), Refused> {
    existing(facts, user)?;
    effects.end_tokens(facts, user, EndReason::Unlocked, by);
    effects.happen(by, user, Happening::UserUnlocked);
    let counters = facts.failures.keys().filter(|key| key.user() == Some(user));
    effects.failures.extend(counters.map(|key| (*key, None)));
    Ok(())
}

fn adopt_key(effects: &mut Effects, facts: &Facts, key: KeyFingerprint) -> Result<(), Refused> {
    match facts.key {
        Some(other) if other != key => return Err(Refused::OtherKey(other)),
        Some(_) => {}
        None => effects.record(Actor::System, None, None, Happening::KeyAdopted(key)),
    }
    Ok(())
}

fn existing(facts: &Facts, no: UserNo) -> Result<&UserFact, Refused> {
    facts.users.get(&no).ok_or(Refused::NoSuchUser)
}

fn open_session(effects: &mut Effects, facts: &Facts, opening: &Opening) -> Result<(), Refused> {
    not_blocked(facts, &opening.guards, effects.at)?;
    let user = existing(facts, opening.user)?;
    if !user.active {
        return Err(Refused::UserNotActive);
    }
    take_proof(effects, facts, opening.user, None, opening.proof)?;
    let standing = facts.sessions_of.get(&opening.user).map_or(&[][..], Vec::as_slice);
    let evicted = (standing.len() + 1).saturating_sub(opening.per_user_max);
    for session in standing.iter().take(evicted) {
        if let Some(fact) = facts.sessions.get(session) {
            effects.end(*session, fact, EndReason::Evicted, None, Actor::System);
        }
    }
    let no = SessionNo(effects.next.0);
    let session = Box::new(Session {
        no,
        id: opening.id,
        owner: user.owner.clone(),
        token: opening.token,
        opened_at: effects.at,
        expires_at: effects.at + opening.lifetime,
        ip: opening.ip,
        agent: opening.agent.clone(),
        host: opening.host.clone(),
    });
    let opened = Happening::SessionOpened(session);
    effects.record(Actor::User(opening.user), Some(opening.user), Some(no), opened);
    effects.failures.extend(opening.clears.iter().map(|key| (*key, None)));
    Ok(())
}

fn pass_step_up(effects: &mut Effects, facts: &Facts, passing: &Passing) -> Result<(), Refused> {
    let shown = Shown { token: passing.token, proof: passing.proof };
    let session = take_shown(effects, facts, passing.user, shown)?;
    let Passing { user, token, agent, ip, .. } = *passing;
    if let Some(window) = passing.window {
        let window = Window { token, agent, ip, until: effects.at + window };
        effects.record(Actor::User(user), Some(user), session, Happening::StepUpPassed(window));
    }
    Ok(())
}

fn make_personal_token(effects: &mut Effects, facts: &Facts, new: &NewPersonalToken) -> Result<(), Refused> {
    let user = existing(facts, new.user)?;
    live_token(facts, new.user, new.by, effects.at)?;
    let held = facts.personal.get(&new.user).map_or(&[][..], Vec::as_slice);
    if held.iter().any(|held| held.name == new.name) {
        return Err(Refused::TokenNameInUse);
    }
    if held.len() >= limits::PERSONAL_TOKENS_PER_USER {
        return Err(Refused::TooManyTokens);
    }
    let token = Box::new(PersonalToken {
        no: TokenNo(effects.next.0),
        owner: user.owner.clone(),
        token: new.token,
        name: new.name.clone(),
        last_part: new.last_part.clone(),
        bypasses_step_up: new.bypasses_step_up,
        made_at: effects.at,
    });
    effects.happen(Actor::User(new.user), new.user, Happening::PersonalTokenMade(token));
    Ok(())
}

fn count_failure(
    effects: &mut Effects,
    facts: &Facts,
    keys: &[(FailureKey, FailureLimit)],
) -> Result<(), Refused> {
    let guards: Vec<_> = keys.iter().map(|(key, _)| *key).collect();
    not_blocked(facts, &guards, effects.at)?;
    for (key, limit) in keys {
        let before = facts.failures.get(key).copied();
        effects.failures.push((*key, Some(Failure::after_one_more(before, *limit, effects.at))));
    }
    Ok(())
}

fn not_blocked(facts: &Facts, guards: &[FailureKey], at: Timestamp) -> Result<(), Refused> {
    let blocking = |key: &FailureKey| {
        let failure = facts.failures.get(key).filter(|failure| failure.blocks(at))?;
        Some(Refused::Blocked(*key, failure.blocked_until))
    };
    guards.iter().find_map(blocking).map_or(Ok(()), Err)
}

/// A session that is live as far as its row knows. For how long it was idle the index knows better, and has
/// asked already; here a session stands until its ending is told.
fn live_session(facts: &Facts, no: SessionNo, at: Timestamp) -> Result<&SessionFact, Refused> {
    facts.sessions.get(&no).filter(|fact| live(fact.life(None), at)).ok_or(Refused::SessionNotLive)
}

/// The session of a token of the user that is live; a personal one has none.
fn live_token(
    facts: &Facts,
    user: UserNo,
    token: TokenNo,
    at: Timestamp,
) -> Result<Option<SessionNo>, Refused> {
    if facts.personal.get(&user).is_some_and(|held| held.iter().any(|held| held.no == token)) {
        return Ok(None);
    }
    let session = SessionNo(token.0);
    let fact = live_session(facts, session, at)?;
    if fact.user == user { Ok(Some(session)) } else { Err(Refused::SessionNotLive) }
}

/// The user's sessions that have not been ended, due ones included: whoever ends them all ends those too.
fn standing_sessions(facts: &Facts, user: UserNo) -> impl Iterator<Item = (SessionNo, &SessionFact)> {
    let sessions = facts.sessions_of.get(&user).map_or(&[][..], Vec::as_slice);
    sessions.iter().filter_map(|no| facts.sessions.get(no).map(|fact| (*no, fact)))
}
