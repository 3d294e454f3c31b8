//! The user that a command names.

use crate::clean::clean;
use crate::remote::pages::{ITEMS_MAX, Listed, list};
use crate::remote::{Failure, Kind, Remote};
use serde::Deserialize;

/// A user, as the API lists it.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct NamedUser {
    /// By this it is asked for.
    pub id: String,
    /// The name that it signs in by.
    pub username: String,
    /// The name that it is called by.
    pub name: Option<String>,
    /// Whether it may sign in.
    pub active: bool,
    /// How many sessions it has.
    pub live_sessions: u64,
}

impl NamedUser {
    /// The user with this username, in capitals or not.
    pub fn find(remote: &Remote, username: &str) -> Result<Self, Failure> {
        let query = vec![("q", username.to_owned())];
        let found: Listed<Self> = list(remote, "users", &query, ITEMS_MAX, |_| ())?;
        let wanted = username.to_lowercase();
        let mut users = found.rows.into_iter().map(|row| row.item);
        users.find(|user| user.username.to_lowercase() == wanted).ok_or_else(|| {
            Kind::NotFound.because(format!("there is no user with the username {}", clean(username, 80)))
        })
    }
}
