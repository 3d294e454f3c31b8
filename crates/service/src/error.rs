//! The outcomes that a principal may see. What each looks like on the wire is said in one file per API
//! version; what caused an [`Refusal::Unavailable`] is in the log and nowhere else.

use rollcall_index::filter::FilterError;
use rollcall_model::{Refused, Timestamp};
use rollcall_store::StoreError;
use std::time::Duration;

/// A foreseen answer that is not the one asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such session, or not one that the principal may know of.
    SessionNotFound,
    /// A sign-in failed.
    SignIn(SignInRefusal),
    /// A second factor is wanted.
    StepUp(StepUpRefusal),
    /// A filter cannot be read.
    Filter(Box<FilterError>),
    /// A filter took too long.
    FilterTooCostly,
    /// What was live at an instant cannot be told.
    AsOf(AsOfRefusal),
    /// The user has as many streams as it may have.
    TooManyStreams,
    /// Too many different filters are followed at once.
    TooManyFollowed,
    /// A user cannot be made as asked.
    UserFields(FieldRefusal),
    /// No user was named.
    UserNotNamed,
    /// There is no such user.
    NoSuchUser,
    /// A factor is enrolled already.
    FactorEnrolled,
    /// Mail cannot be enrolled: the user has no verified address, or one that is not.
    AddressNotVerified,
    /// No authenticator is enrolled.
    FactorNotEnrolled,
    /// The code enrols no factor, or none is begun.
    InvalidTotp,
    /// The user has no address that is to be verified.
    NothingToVerify,
    /// The code is not the one that was mailed to the address.
    WrongAddressCode,
    /// As many codes were mailed to the user, or asked for from the address, as may be.
    TooManyMails(Wait),
    /// What was given as the present password is not it.
    WrongPassword,
    /// It would leave no active administrator.
    LastAdministrator,
    /// A role cannot be given or taken as asked.
    Role(RoleRefusal),
    /// A personal access token cannot be made or removed as asked.
    PersonalToken(PersonalTokenRefusal),
    /// A service token cannot be made, rotated or revoked as asked.
    ServiceToken(ServiceTokenRefusal),
    /// A preview cannot be carried out as asked.
    Revocation(RevocationRefusal),
    /// There is no such saved filter of one's own.
    NoSuchView,
    /// One has as many saved filters as one may have.
    TooManyViews,
    /// The store's disk is full, and this is none of what room is kept in reserve for.
    DiskFull,
    /// The truth cannot be read or written now.
    Unavailable,
}

/// Why what was live at an instant cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOfRefusal {
    /// It lies in the future.
    Future,
    /// It lies before what the ledger or the history holds.
    TooEarly {
        /// The earliest instant that can be told at present.
        earliest: Timestamp,
    },
    /// Some of its sessions were forgotten, by a retention that was shorter than it is now.
    Forgotten,
    /// It had more sessions than pasts may have in memory.
    TooLarge {
        /// How many.
        sessions: u64,
        /// The bound.
        most: u64,
    },
    /// Other pasts take all the room, and all of them are being read.
    AllRead,
}

impl From<AsOfRefusal> for Refusal {
    fn from(refusal: AsOfRefusal) -> Self {
        Self::AsOf(refusal)
    }
}

/// Why a preview cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationRefusal {
    /// There is none of this id, or none any more.
    NoSuchPreview,
    /// Somebody else made it.
    OfAnother,
    /// Its time is over.
    Expired,
    /// It is of another set than was named.
    OtherDigest,
}

impl From<RevocationRefusal> for Refusal {
    fn from(refusal: RevocationRefusal) -> Self {
        Self::Revocation(refusal)
    }
}

/// Why a role cannot be given or taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleRefusal {
    /// There is no such user.
    NoSuchUser,
    /// There is no such role.
    NoSuchRole,
    /// The user has it already.
    HasRole,
    /// The user has it not.
    HasNotRole,
    /// It would leave no active administrator.
    LastAdministrator,
}

/// Why a personal access token cannot be made or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalTokenRefusal {
    /// No name was given.
    NoName,
    /// The user has one of this name.
    NameInUse,
    /// The user has as many as it may have.
    TooMany,
    /// The user has none of this name.
    Unknown,
}

/// Why a service token cannot be made, rotated or revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceTokenRefusal {
    /// No name was given, or one that cannot be shown.
    NoName,
    /// There is one of this name.
    NameInUse,
    /// There are as many as there may be.
    TooMany,
    /// It would open nothing.
    NoScope,
    /// It would be over already.
    ExpiryPast,
    /// It would be good for longer than one may be.
    ExpiryTooFar,
    /// The secret of before would be good for longer than it may.
    OverlapTooLong,
    /// Its time is over, and no further one was given.
    Expired,
    /// There is none of this id, or none any more.
    Unknown,
}

impl From<ServiceTokenRefusal> for Refusal {
    fn from(refusal: ServiceTokenRefusal) -> Self {
        Self::ServiceToken(refusal)
    }
}

/// Why a sign-in failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInRefusal {
    /// Wrong password, unknown user, nothing usable: not told apart.
    Unauthorized,
    /// The password was right, the user is deactivated.
    UserNotActive,
    /// Too many wrong passwords of this user.
    BlockedForUser(Wait),
    /// Too many wrong passwords from this address.
    BlockedForAddress(Wait),
    /// The password was right, and a second factor is wanted too.
    SecondFactor(StepUpRefusal),
    /// The token to resume is not live.
    TokenNotLive,
}

/// Why a second factor is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepUpRefusal {
    /// What is the matter.
    pub kind: StepUpKind,
    /// The method by which a code is expected.
    pub method: StepUpMethod,
    /// The methods that are enrolled.
    pub available: Vec<StepUpMethod>,
    /// Whose factor it is.
    pub username: String,
    /// Codes that were mailed.
    pub mailed: MailedCodes,
}

/// Codes that were mailed to a user who is asked for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailedCodes {
    /// Whether one was mailed just now.
    pub now: bool,
    /// Until when each that is good will be so.
    pub until: Vec<Timestamp>,
}

/// What is the matter with a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepUpKind {
    /// None was given.
    Required,
    /// It is wrong.
    Invalid,
    /// Too many were wrong.
    MaxAttempts(Wait),
}

/// Until when no further attempt is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Until when.
    pub until: Timestamp,
    /// How long that is from the refusal.
    pub left: Duration,
}

impl Refusal {
    /// Whether it is that a second factor's code was wrong.
    pub fn is_wrong_code(&self) -> bool {
        matches!(self, Self::StepUp(StepUpRefusal { kind: StepUpKind::Invalid, .. }))
    }
}

impl Wait {
    /// The wait until an instant.
    pub fn new(until: Timestamp, now: Timestamp) -> Self {
        Self { until, left: until.since(now) }
    }

    /// How long in whole seconds: whoever waits for so long is not too early.
    pub fn seconds(self) -> u64 {
        u64::try_from(self.left.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX).max(1)
    }
}

/// The ways to prove a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepUpMethod {
    /// An authenticator's code.
    Totp,
    /// A code by mail.
    Email,
    /// The password again.
    Password,
}

impl StepUpMethod {
    /// The word for it on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Email => "email",
            Self::Password => "password",
        }
    }
}

/// What is wrong with a new user's fields, in the order in which it is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldRefusal {
    /// A role that does not exist.
    InvalidRole,
    /// A field that must not be empty: its name.
    Empty(&'static str),
    /// The username has characters that it must not have.
    InvalidUsername(String),
    /// The username or address is somebody's.
    InUse(String),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store did not answer");
        Self::Unavailable
    }
}

/// Why the writer did not carry a command out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotWritten {
    /// The model refused it.
    Refused(Refused),
    /// It may or may not have been written; the log says why.
    Unavailable,
}

impl NotWritten {
    /// The outcome, where a refusal of this command is none that is foreseen here.
    pub(crate) fn unforeseen(self) -> Refusal {
        match self {
            Self::Refused(refused) => unforeseen(refused),
            Self::Unavailable => Refusal::Unavailable,
        }
    }
}

/// The outcome of a refusal that the use case does not know.
pub(crate) fn unforeseen(refused: Refused) -> Refusal {
    if refused == Refused::DiskFull {
        // Any use case may hear this; the store has said it in the log.
        return Refusal::DiskFull;
    }
    tracing::error!(?refused, "a command was refused for a reason that its use case does not know");
    Refusal::Unavailable
}
