//! What has to be known to decide a batch of commands: which rows an engine reads under the locked head.

use crate::command::{Asker, Command, Shown};
use crate::factor::{Proof, RecoveryHash};
use crate::failure::FailureKey;
use crate::ids::{RevocationId, SessionNo, TokenNo, UserNo};
use crate::user::NameKey;
use std::collections::HashMap;

/// What has to be known to decide a batch of commands.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Users by number.
    pub users: Vec<UserNo>,
    /// Users of whom everything is needed.
    pub profiles: Vec<UserNo>,
    /// Usernames: whose are they?
    pub usernames: Vec<NameKey>,
    /// Addresses: whose are they?
    pub emails: Vec<NameKey>,
    /// Sessions by number.
    pub sessions: Vec<SessionNo>,
    /// Users whose sessions are needed, all of them.
    pub sessions_of: Vec<UserNo>,
    /// Users who open sessions, of whose others only those are needed that have to make room.
    pub opening: HashMap<UserNo, Room>,
    /// Users whose personal tokens are needed, all of them.
    pub personal_of: Vec<UserNo>,
    /// Counters.
    pub failures: Vec<FailureKey>,
    /// Users of whom the password's hash is needed.
    pub passwords: Vec<UserNo>,
    /// Users of whom all counters are needed.
    pub failures_of: Vec<UserNo>,
    /// Recovery codes: are they there?
    pub recovery: Vec<(UserNo, RecoveryHash)>,
    /// Users of whom the mailed codes are needed.
    pub mailed_to: Vec<UserNo>,
    /// Whether it is needed how many mails wait.
    pub mails: bool,
    /// Whether the service tokens are needed.
    pub service_tokens: bool,
    /// Previews, and what became of them.
    pub revocations: Vec<RevocationId>,
    /// Whether the number of active administrators is needed.
    pub administrators: bool,
}

/// Sessions that a user opens, and how many it may have with them at the least.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    opened: usize,
    most: usize,
}

/// Which sessions users have, the one not seen for longest first.
pub type SessionsOf = HashMap<UserNo, Vec<SessionNo>>;

impl Needs {
    /// What these commands need.
    pub fn of<'a>(commands: impl IntoIterator<Item = &'a Command>) -> Self {
        let mut needs = Self::default();
        for command in commands {
            needs.add(command);
        }
        needs
    }

    fn add(&mut self, command: &Command) {
        match command {
            Command::CreateWorkspace { .. }
            | Command::SetGrants { .. }
            | Command::AdoptKey(_)
            | Command::Observe(_) => {}
            Command::CreateUser { user, .. } | Command::CreateFirstAdministrator { user, .. } => {
                self.mails |= matches!(command, Command::CreateUser { welcome: Some(_), .. });
                self.usernames.push(NameKey::of(&user.username));
                self.emails.extend(user.emails.iter().map(|email| NameKey::of(&email.address)));
            }
            Command::DeleteUser { user, .. } | Command::EraseUser { user, .. } => {
                self.tokens_of(*user);
                self.administrators = true;
            }
            Command::ChangeUser { user, change, but, .. } => {
                self.tokens_of(*user);
                self.sessions.extend(but.map(|token| SessionNo(token.0)));
                self.profiles.push(*user);
                self.usernames.extend(change.username.as_deref().map(NameKey::of));
                self.emails.extend(change.email.as_deref().map(NameKey::of));
                self.administrators = true;
            }
            Command::EndSessionsOf { user, .. } => self.whole(*user),
            Command::RevokeRole { user, .. } => {
                self.users.push(*user);
                self.administrators = true;
            }
            Command::Rehash { user, .. } => self.passwords.push(*user),
            Command::MakePersonalToken(token) => {
                self.users.push(token.user);
                self.token(token.user, token.by);
            }
            Command::RemovePersonalToken { user, .. } => self.personal_of.push(*user),
            Command::MakeServiceToken(token) => self.service_tokens(Some(token.by)),
            Command::RotateServiceToken(rotation) => self.service_tokens(Some(rotation.by)),
            Command::RevokeServiceToken { .. } => self.service_tokens(None),
            Command::Unlock { user, .. } => {
                self.tokens_of(*user);
                self.failures_of.push(*user);
            }
            Command::GrantRole { user, .. } | Command::BeginAuthenticator { user, .. } => {
                self.users.push(*user);
            }
            Command::EnrolAuthenticator(enrolment) => {
                self.whole(enrolment.user);
                self.token(enrolment.user, enrolment.token);
                self.failures.push(FailureKey::Code(enrolment.user));
            }
            Command::RemoveFactors { user, shown, .. } => {
                self.tokens_of(*user);
                if let Some(shown) = shown {
                    self.shown(*user, *shown);
                }
            }
            Command::ReplaceRecovery { user, shown, .. } => {
                self.users.push(*user);
                self.shown(*user, *shown);
            }
            Command::EnrolMail { user, token } => {
                self.whole(*user);
                self.token(*user, *token);
            }
            Command::RemoveMail { user, token } => {
                self.users.push(*user);
                self.token(*user, *token);
            }
            Command::VerifyAddress { user, token, .. } => {
                self.users.push(*user);
                self.profiles.push(*user);
                self.token(*user, *token);
                self.failures.push(FailureKey::Code(*user));
            }
            Command::MailCode(mailing) => {
                self.users.push(mailing.user);
                self.mailed_to.push(mailing.user);
                self.failures.extend(mailing.counters.iter().map(|(key, _)| key));
                self.mails = true;
            }
            Command::OpenSession(opening) => {
                self.users.push(opening.user);
                let most = opening.per_user_max;
                let room = self.opening.entry(opening.user).or_insert(Room { opened: 0, most });
                *room = Room { opened: room.opened + 1, most: room.most.min(most) };
                self.failures.extend(&opening.guards);
                self.proof(opening.user, opening.proof);
            }
            Command::EndSession { session, .. } => self.sessions.push(*session),
            Command::ExpireSessions { sessions, .. } => self.sessions.extend(sessions),
            Command::BeginRevocation(beginning) => self.revocations.push(beginning.id),
            Command::StepRevocation(step) => {
                self.revocations.push(step.id);
                self.sessions.extend(&step.sessions);
            }
            Command::FinishRevocation { id, .. } => self.revocations.push(*id),
            Command::PassStepUp(passing) => {
                self.users.push(passing.user);
                self.shown(passing.user, Shown { token: passing.token, proof: passing.proof });
            }
            Command::CountFailure(keys) => self.failures.extend(keys.iter().map(|(key, _)| key)),
        }
    }

    /// Which sessions the users have, and of which the facts are needed. Of who signs in, and has room for it, neither:
    /// `count` says how many a user has, and `list` which.
    pub fn sessions(
        &self,
        count: impl Fn(UserNo) -> usize,
        list: impl Fn(UserNo) -> Vec<SessionNo>,
    ) -> (SessionsOf, Vec<SessionNo>) {
        let mut all: SessionsOf = self.sessions_of.iter().map(|user| (*user, list(*user))).collect();
        let mut needed = self.sessions.clone();
        needed.extend(all.values().flatten());
        for (user, Room { opened, most }) in &self.opening {
            let over = (count(*user) + opened).saturating_sub(*most);
            if over > 0 {
                let standing = all.entry(*user).or_insert_with(|| list(*user));
                needed.extend(standing.iter().take(over));
            }
        }
        needed.sort_unstable();
        needed.dedup();
        (all, needed)
    }

    /// The user and all of its sessions.
    fn whole(&mut self, user: UserNo) {
        self.users.push(user);
        self.sessions_of.push(user);
    }

    /// The user and all of its tokens.
    fn tokens_of(&mut self, user: UserNo) {
        self.whole(user);
        self.personal_of.push(user);
    }

    /// A token of the user, of whichever kind.
    fn token(&mut self, user: UserNo, token: TokenNo) {
        self.sessions.push(SessionNo(token.0));
        self.personal_of.push(user);
    }

    /// The service tokens, and the token of who asks for a change of them.
    fn service_tokens(&mut self, by: Option<Asker>) {
        self.service_tokens = true;
        if let Some(by) = by {
            self.token(by.user, by.token);
        }
    }

    fn shown(&mut self, user: UserNo, shown: Shown) {
        self.token(user, shown.token);
        self.failures.push(FailureKey::Code(user));
        self.proof(user, shown.proof);
    }

    fn proof(&mut self, user: UserNo, proof: Proof) {
        match proof {
            Proof::Recovery(code) => self.recovery.push((user, code)),
            Proof::Mailed(_) => self.mailed_to.push(user),
            Proof::Password | Proof::Authenticator { .. } => {}
        }
    }
}
