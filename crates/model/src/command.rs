//! What may be asked of the writer. A command states all that is needed to decide it.

use crate::change::UserChange;
use crate::clock::Timestamp;
use crate::event::{Actor, Observation, PasswordHash};
use crate::factor::{KeyFingerprint, Proof, RecoveryHash, SealedSeed, Step};
use crate::failure::{FailureKey, FailureLimit};
use crate::ids::{RevocationId, ServiceNo, SessionId, SessionNo, TokenNo, UserNo};
use crate::mail::{About, SealedMail};
use crate::permission::{Permission, Role, RoleSet};
use crate::revocation::{Closing, SetDigest};
use crate::service_token::{Networks, Scopes};
use crate::session::EndReason;
use crate::step_up::AgentDigest;
use crate::token::TokenHash;
use crate::user::NewUser;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// One wish to change something. It succeeds or is refused on its own.
#[derive(Clone, Debug)]
pub enum Command {
    /// Begin the ledger. Refused when it has begun.
    CreateWorkspace {
        /// Whether it is a test workspace: its people are invented, and what guards people may be eased.
        test: bool,
    },
    /// Make a user.
    CreateUser {
        /// The user.
        user: Box<NewUser>,
        /// Its password's hash.
        password: PasswordHash,
        /// A mail that tells it of the account; not queued when the queue is full.
        welcome: Option<SealedMail>,
        /// Who makes it.
        by: Actor,
    },
    /// Make the first administrator. Refused when there ever was one.
    CreateFirstAdministrator {
        /// The administrator.
        user: Box<NewUser>,
        /// Its password's hash.
        password: PasswordHash,
    },
    /// Delete a user and end its sessions.
    DeleteUser {
        /// Whom.
        user: UserNo,
        /// Who asks for it.
        by: Actor,
    },
    /// Erase a user: it is deleted if it is not, and its row tells nothing of it any more.
    EraseUser {
        /// The user.
        user: UserNo,
        /// Who does it.
        by: Actor,
    },
    /// Change what is known of a user. What is so already is no change.
    ChangeUser {
        /// Whom.
        user: UserNo,
        /// What is to be otherwise.
        change: Box<UserChange>,
        /// The token that outlives a new password: the one by which its own user sets it, and which has to be
        /// live. Then personal tokens stay too.
        but: Option<TokenNo>,
        /// Who asks for it.
        by: Actor,
    },
    /// Keep another hash of the same password. When the one kept is no longer `from`, nothing happens.
    Rehash {
        /// Whose.
        user: UserNo,
        /// The hash that the password was verified against.
        from: PasswordHash,
        /// The new one.
        to: PasswordHash,
    },
    /// Forget the wrong guesses that were counted for a user, and end its sessions.
    Unlock {
        /// Whom.
        user: UserNo,
        /// Who asks for it.
        by: Actor,
    },
    /// Say which cluster key the store is sealed with. Refused when it is another.
    AdoptKey(KeyFingerprint),
    /// Keep the seed of an authenticator that is to be enrolled. Refused when one is.
    BeginAuthenticator {
        /// Whose.
        user: UserNo,
        /// The seed.
        seed: SealedSeed,
    },
    /// Enrol the authenticator that was begun, and end the user's other sessions.
    EnrolAuthenticator(Box<Enrolment>),
    /// Take a user's authenticator and recovery codes away, by one of their codes; or, by the operator's hand,
    /// all factors.
    RemoveFactors {
        /// Whose.
        user: UserNo,
        /// What the user shows for it; the operator shows nothing, and ends the user's sessions too.
        shown: Option<Shown>,
        /// Who asks for it.
        by: Actor,
    },
    /// Replace a user's recovery codes.
    ReplaceRecovery {
        /// Whose.
        user: UserNo,
        /// What the user shows for it.
        shown: Shown,
        /// The new codes.
        codes: Vec<RecoveryHash>,
    },
    /// Have codes by mail asked for, and end the user's other sessions. Refused without a verified address, or
    /// with an unverified one. Done already: nothing happens.
    EnrolMail {
        /// Whose.
        user: UserNo,
        /// The token that goes on.
        token: TokenNo,
    },
    /// Have codes by mail asked for no more. Done already: nothing happens.
    RemoveMail {
        /// Whose.
        user: UserNo,
        /// With which token: nothing is done for one that has ended.
        token: TokenNo,
    },
    /// Mail a user a code, which is good from then on.
    MailCode(Box<Mailing>),
    /// Take an address of a user as verified: its user has shown the code that was mailed to it. Refused when it is no
    /// more among those that are not.
    VerifyAddress {
        /// Whose.
        user: UserNo,
        /// With which token: nothing is done for one that has ended.
        token: TokenNo,
        /// The address, letter by letter.
        address: String,
    },
    /// Sign a user in.
    OpenSession(Box<Opening>),
    /// End a session. Refused when it is not live.
    EndSession {
        /// Which.
        session: SessionNo,
        /// Why.
        reason: EndReason,
        /// Who asks for it.
        by: Actor,
    },
    /// End all sessions of a user, but for one.
    EndSessionsOf {
        /// Whose.
        user: UserNo,
        /// The token of the one that stays, where one does.
        but: Option<TokenNo>,
        /// Who asks for it.
        by: Actor,
    },
    /// Make a personal access token.
    MakePersonalToken(Box<NewPersonalToken>),
    /// End a personal access token. Refused when the user has it not.
    RemovePersonalToken {
        /// Whose.
        user: UserNo,
        /// Which.
        token: TokenNo,
        /// Why.
        reason: EndReason,
        /// Who asks for it.
        by: Actor,
    },
    /// Give a user a role. Refused when it has it.
    GrantRole {
        /// Whom.
        user: UserNo,
        /// Which.
        role: Role,
        /// Who asks for it.
        by: Actor,
    },
    /// Take a role from a user. Refused when it has it not, or for the last active administrator.
    RevokeRole {
        /// From whom.
        user: UserNo,
        /// Which.
        role: Role,
        /// Who asks for it.
        by: Actor,
    },
    /// Say which roles hold these permissions from now on.
    SetGrants {
        /// The permissions, each with its roles.
        grants: Vec<(Permission, RoleSet)>,
        /// Who asks for it.
        by: Actor,
    },
    /// Record the endings of sessions whose time is up; those that are not due stay.
    ExpireSessions {
        /// Which.
        sessions: Vec<SessionNo>,
        /// How long a session may be idle.
        idle: Option<Duration>,
    },
    /// Begin to end what a preview froze. Begun already: nothing happens.
    BeginRevocation(Beginning),
    /// End the next sessions of a frozen set, those of them that are live still.
    StepRevocation(RevocationStep),
    /// Say that all of a frozen set were gone through.
    FinishRevocation {
        /// Of which.
        id: RevocationId,
        /// What is known at the end.
        closing: Closing,
    },
    /// Make a service token.
    MakeServiceToken(Box<NewServiceToken>),
    /// Give a service token another secret.
    RotateServiceToken(Rotation),
    /// End a service token.
    RevokeServiceToken {
        /// Which.
        no: ServiceNo,
        /// Who asks for it.
        by: Actor,
    },
    /// Remember a proved second factor.
    PassStepUp(Passing),
    /// Count a wrong guess in each of these counters. Refused, and not counted, when one of them blocks.
    CountFailure(Vec<(FailureKey, FailureLimit)>),
    /// Write down reads and refusals.
    Observe(Vec<Observation>),
}

impl Command {
    /// Whether room is kept in reserve for it, so that a full disk still takes it: it ends sessions or tokens, or
    /// guards a secret, or is what has to be shown before others' sessions can be ended.
    pub fn has_reserve(&self) -> bool {
        match self {
            Self::EndSession { .. }
            | Self::EndSessionsOf { .. }
            | Self::DeleteUser { .. }
            | Self::EraseUser { .. }
            | Self::Unlock { .. }
            | Self::RemovePersonalToken { .. }
            | Self::RevokeServiceToken { .. }
            | Self::CountFailure(_)
            | Self::PassStepUp(_)
            // Without it no start comes to its end; it is written once.
            | Self::AdoptKey(_) => true,
            Self::ChangeUser { change, .. } => change.active == Some(false) || change.password.is_some(),
            // By the operator's hand it ends the user's sessions.
            Self::RemoveFactors { shown, .. } => shown.is_none(),
            // Strangers could fill the disk with mails.
            Self::MailCode(mailing) => matches!(mailing.by, Actor::User(_)),
            // They would need more room than is kept; what is begun goes on when there is room.
            Self::BeginRevocation(_)
            | Self::StepRevocation(_)
            | Self::FinishRevocation { .. }
            // A session whose time is up is gone without it.
            | Self::ExpireSessions { .. }
            | Self::CreateWorkspace { .. }
            | Self::CreateUser { .. }
            | Self::CreateFirstAdministrator { .. }
            | Self::Rehash { .. }
            | Self::BeginAuthenticator { .. }
            | Self::EnrolAuthenticator(_)
            | Self::ReplaceRecovery { .. }
            | Self::EnrolMail { .. }
            | Self::RemoveMail { .. }
            | Self::VerifyAddress { .. }
            | Self::OpenSession(_)
            | Self::MakePersonalToken(_)
            | Self::MakeServiceToken(_)
            | Self::RotateServiceToken(_)
            | Self::GrantRole { .. }
            | Self::RevokeRole { .. }
            | Self::SetGrants { .. }
            | Self::Observe(_) => false,
        }
    }

    /// A change of a user by somebody else: no session outlives a new password.
    pub fn change_user(user: UserNo, change: UserChange, by: Actor) -> Self {
        Self::ChangeUser { user, change: Box::new(change), but: None, by }
    }
}

/// What a sign-in brings.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Whose session.
    pub user: UserNo,
    /// The session's id, drawn by the caller.
    pub id: SessionId,
    /// The digest of its token.
    pub token: TokenHash,
    /// How long it lives.
    pub lifetime: Duration,
    /// Live sessions that the user may have with it.
    pub per_user_max: usize,
    /// What was shown for a second factor.
    pub proof: Proof,
    /// The client's address.
    pub ip: IpAddr,
    /// The user agent.
    pub agent: Arc<str>,
    /// The `Host` header.
    pub host: Arc<str>,
    /// Counters of which none may block.
    pub guards: Vec<FailureKey>,
    /// Counters that this success resets.
    pub clears: Vec<FailureKey>,
}

/// What a personal access token is made of.
#[derive(Clone, Debug)]
pub struct NewPersonalToken {
    /// Whose it is, and who makes it.
    pub user: UserNo,
    /// The token by which it is asked for: nothing is done for one that has ended.
    pub by: TokenNo,
    /// Its digest.
    pub token: TokenHash,
    /// Its name.
    pub name: String,
    /// The last characters of it.
    pub last_part: String,
    /// Whether it is asked for no second factor.
    pub bypasses_step_up: bool,
}

/// Who asks for something that must not be done for a token that has ended meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// The user.
    pub user: UserNo,
    /// The token by which it asks.
    pub token: TokenNo,
}

/// What a service token is made of.
#[derive(Clone, Debug)]
pub struct NewServiceToken {
    /// Who makes it.
    pub by: Asker,
    /// The digest of its secret.
    pub secret: TokenHash,
    /// Its name.
    pub name: String,
    /// What it opens.
    pub scopes: Scopes,
    /// From where it is good; from anywhere when there are none.
    pub networks: Networks,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// What a service token's rotation brings.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Which token.
    pub no: ServiceNo,
    /// Who asks for it.
    pub by: Asker,
    /// The digest of the new secret.
    pub secret: TokenHash,
    /// How long the secret of before stays good.
    pub overlap: Duration,
    /// Until when the token is good from now on; `None`: as before.
    pub expires_at: Option<Timestamp>,
}

/// A proof, and with which token it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The token: nothing is done for one that has ended.
    pub token: TokenNo,
    /// The proof.
    pub proof: Proof,
}

/// What enrols an authenticator.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// Whose it is.
    pub user: UserNo,
    /// The token that goes on.
    pub token: TokenNo,
    /// The authenticator whose code was right.
    pub begun: crate::ids::Seq,
    /// The code's step: it is used with this.
    pub step: Step,
    /// Recovery codes.
    pub codes: Vec<RecoveryHash>,
}

/// A code that is to be mailed.
#[derive(Clone, Debug)]
pub struct Mailing {
    /// To whom.
    pub user: UserNo,
    /// What the code is good for.
    pub about: About,
    /// The mail that brings it.
    pub mail: SealedMail,
    /// How long it is good.
    pub life: Duration,
    /// Whether it is mailed only when no other one is good.
    pub if_none_is_good: bool,
    /// Counters that it counts in, and of which none may block.
    pub counters: Vec<(FailureKey, FailureLimit)>,
    /// Who asked for it.
    pub by: Actor,
}

/// What begins a revocation.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The preview.
    pub id: RevocationId,
    /// What its maker was told of the set.
    pub digest: SetDigest,
    /// Why.
    pub reason: String,
    /// Who asks for it.
    pub by: Actor,
}

/// The next sessions of a frozen set.
#[derive(Clone, Debug)]
pub struct RevocationStep {
    /// Of which revocation.
    pub id: RevocationId,
    /// How many were gone through before.
    pub from: u64,
    /// Which.
    pub sessions: Vec<SessionNo>,
}

/// What a proved second factor brings.
#[derive(Clone, Copy, Debug)]
pub struct Passing {
    /// Who proved it.
    pub user: UserNo,
    /// With which token.
    pub token: TokenNo,
    /// What was shown.
    pub proof: Proof,
    /// From which user agent.
    pub agent: AgentDigest,
    /// From which address.
    pub ip: IpAddr,
    /// How long it is remembered, where it is.
    pub window: Option<Duration>,
}

/// Why a command was not carried out. Nothing of it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The workspace exists.
    WorkspaceExists,
    /// There was an administrator before.
    AdministratorExisted,
    /// The username is somebody's.
    UsernameInUse,
    /// The address is somebody's.
    EmailInUse,
    /// There is no such user.
    NoSuchUser,
    /// The user is deactivated.
    UserNotActive,
    /// It would leave no active administrator.
    LastAdministrator,
    /// The session, or the token that asks, is not live.
    SessionNotLive,
    /// The user has a personal token of this name.
    TokenNameInUse,
    /// The user has as many personal tokens as it may have.
    TooManyTokens,
    /// The user has no such personal token.
    NoSuchToken,
    /// A service token has this name.
    ServiceNameInUse,
    /// There are as many service tokens as there may be.
    TooManyServiceTokens,
    /// There is no such service token, or it was revoked.
    NoSuchServiceToken,
    /// The service token's time is over, and no further one was given.
    ServiceTokenExpired,
    /// Too many wrong guesses; and until when no further one is looked at.
    Blocked(FailureKey, Timestamp),
    /// The store is sealed with another cluster key.
    OtherKey(KeyFingerprint),
    /// A factor is enrolled, so the password does for none.
    FactorRequired,
    /// A factor is enrolled already.
    FactorEnrolled,
    /// No such factor: none is enrolled, or it was begun anew meanwhile.
    NoSuchFactor,
    /// The code was good once, or never.
    CodeNotGood,
    /// The user has no verified address, or one that is not.
    AddressNotVerified,
    /// The user has no address that is to be verified, or not this one.
    NothingToVerify,
    /// A mailed code is good still.
    CodeIsGood,
    /// Too many mails are waiting.
    MailQueueFull,
    /// The user has the role already.
    HasRole,
    /// The user has not the role.
    HasNotRole,
    /// There is no such preview.
    NoSuchPreview,
    /// Somebody else made the preview.
    PreviewOfAnother,
    /// The preview can no longer be carried out.
    PreviewExpired,
    /// The preview is of another set.
    OtherDigest,
    /// Somebody else took this step of a revocation, or it is not its turn.
    NotTheNextStep,
    /// The store's disk is full, and no room is kept in reserve for this.
    DiskFull,
}

/// A carried-out command: where its events stand in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The commit's time.
    pub at: Timestamp,
    /// Its first event; behind the last when there is none.
    pub first: crate::ids::Seq,
    /// Its last event; the head before it when the command changed nothing that the ledger tells.
    pub last: crate::ids::Seq,
}
