//! Saved filters. They are rows and no events: they change nothing that anybody else relies on.

use rollcall_model::{Timestamp, UserId, UserNo};

/// A filter that a user keeps under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Its name, one of its own among those of its user.
    pub name: String,
    /// The filter, in its one form.
    pub q: String,
    /// What to sort by, as lists are asked.
    pub sort: String,
    /// Whether others see it.
    pub shared: bool,
    /// When it was last put.
    pub updated_at: Timestamp,
}

/// A saved filter, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedView {
    /// The user.
    pub user: UserNo,
    /// The user's id on the wire.
    pub user_id: UserId,
    /// The user's name.
    pub username: String,
    /// The filter.
    pub view: View,
}
