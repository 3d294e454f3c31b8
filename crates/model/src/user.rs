//! An account of the workspace.

use crate::clock::Timestamp;
use crate::ids::{UserId, UserNo};
use crate::permission::RoleSet;

/// Everything that is known of a user, but for secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who it is, and what a list shows of it.
    pub owner: Owner,
    /// Addresses, the first verified one being the user's address.
    pub emails: Vec<Email>,
    /// What kind of account it is.
    pub kind: UserKind,
    /// A deactivated user cannot sign in and has no live session.
    pub active: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What the user says of itself and clients keep for it.
    pub profile: Profile,
}

/// The part of a user that goes with each of its sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user's number inside.
    pub no: UserNo,
    /// The user's id on the wire.
    pub id: UserId,
    /// Unique ignoring case.
    pub username: String,
    /// The name that people read, where there is one.
    pub name: Option<String>,
    /// What the user may do.
    pub roles: RoleSet,
}

/// An address and whether it was shown to be the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// Unique ignoring case among all users.
    pub address: String,
    /// Whether it was verified.
    pub verified: bool,
}

/// What kind of account a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKind {
    /// A person.
    User,
    /// A program.
    Bot,
    /// An installed app.
    App,
}

impl UserKind {
    /// The word for it on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Bot => "bot",
            Self::App => "app",
        }
    }

    /// The kind with this word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Bot, Self::App].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Free fields of a user; an empty text is as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// A few words about the user.
    pub bio: String,
    /// Another name.
    pub nickname: String,
    /// What the user is doing.
    pub status_text: String,
    /// Whether clients should ask for a new password.
    pub require_password_change: bool,
    /// The workspace's own fields: a JSON object as text, or empty.
    pub custom_fields: String,
}

/// A user that is to be made; the ledger gives the number and the times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// The id on the wire, drawn by the caller.
    pub id: UserId,
    /// Unique ignoring case.
    pub username: String,
    /// The name that people read.
    pub name: Option<String>,
    /// What the user may do.
    pub roles: RoleSet,
    /// Addresses, unique ignoring case.
    pub emails: Vec<Email>,
    /// What kind of account it is.
    pub kind: UserKind,
    /// Whether it may sign in.
    pub active: bool,
    /// Free fields.
    pub profile: Profile,
}

impl NewUser {
    /// The user, once the ledger has a place and a time for it.
    pub fn at(&self, no: UserNo, at: Timestamp) -> User {
        User {
            owner: Owner {
                no,
                id: self.id,
                username: self.username.clone(),
                name: self.name.clone(),
                roles: self.roles,
            },
            emails: self.emails.clone(),
            kind: self.kind,
            active: self.active,
            created_at: at,
            updated_at: at,
            profile: self.profile.clone(),
        }
    }
}

/// A username or address as it is compared: ignoring case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameKey(String);

impl NameKey {
    /// The key of a username or address.
    pub fn of(name: &str) -> Self {
        Self(name.to_lowercase())
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
