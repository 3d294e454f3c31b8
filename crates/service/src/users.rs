//! Looking users up: one, or a page of them.

use crate::{Refusal, Service};
use rollcall_model::user::NameKey;
use rollcall_model::{Timestamp, User, UserNo};
use rollcall_store::{UsersQuery, WhichUser};

/// A user, and when it last signed in.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The user.
    pub user: User,
    /// Its last sign-in, as far as is remembered.
    pub last_login_at: Option<Timestamp>,
}

/// A page of users.
#[derive(Clone, Debug)]
pub struct SeenPage {
    /// The users.
    pub users: Vec<Seen>,
    /// How many there are on all pages.
    pub total: u64,
}

/// How one user is looked up.
#[derive(Clone, Debug)]
pub enum UserName {
    /// By id.
    Id(String),
    /// By username.
    Username(String),
    /// By address.
    Email(String),
}

/// A user by id, when that is an id at all.
pub(crate) fn by_id(id: &str) -> Result<WhichUser, Refusal> {
    id.parse().map(WhichUser::Id).map_err(|_| Refusal::NoSuchUser)
}

impl Service {
    /// A page of users.
    pub async fn users(&self, query: UsersQuery) -> Result<SeenPage, Refusal> {
        let page = self.store.users(query).await?;
        let users = page.users.into_iter().map(|(user, stored)| self.seen(user, stored)).collect();
        Ok(SeenPage { users, total: page.total })
    }

    /// One user.
    pub async fn user(&self, name: &UserName) -> Result<Seen, Refusal> {
        let which = match name {
            UserName::Id(id) => by_id(id)?,
            UserName::Username(name) => WhichUser::Username(NameKey::of(name)),
            UserName::Email(address) => WhichUser::Email(NameKey::of(address)),
        };
        let found = self.store.credential(which).await?.ok_or(Refusal::NoSuchUser)?;
        Ok(self.seen(found.user, found.last_login_at))
    }

    /// The store knows the sign-ins that are history; those that stand are in the index.
    pub(crate) fn seen(&self, user: User, stored: Option<Timestamp>) -> Seen {
        let last_login_at = stored.max(self.newest_opening(user.owner.no));
        Seen { user, last_login_at }
    }

    fn newest_opening(&self, user: UserNo) -> Option<Timestamp> {
        self.standing.newest_opening(user, self.clock.now())
    }
}
