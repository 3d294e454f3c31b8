//! What a user's fields must be like, whether the user is made or changed: looked at in one order.

use crate::Refusal;
use crate::error::{FieldRefusal, NotWritten, SignInRefusal};
use rollcall_model::{Refused, Role, RoleSet};

/// Fields as they are asked for; what is absent is not looked at.
pub(crate) struct Fields<'a> {
    pub(crate) roles: Option<&'a [String]>,
    pub(crate) name: Option<&'a str>,
    pub(crate) username: Option<&'a str>,
    pub(crate) password: Option<&'a str>,
}

impl Fields<'_> {
    /// The roles, when nothing is wrong with any field.
    pub(crate) fn check(&self) -> Result<Option<RoleSet>, Refusal> {
        let refused = |refusal| Err(Refusal::UserFields(refusal));
        let roles = match self.roles.map(roles) {
            Some(None) => return refused(FieldRefusal::InvalidRole),
            Some(roles) => roles,
            None => None,
        };
        let fields = [("Name", self.name), ("Username", self.username), ("Password", self.password)];
        let empty = |text: Option<&str>| text.is_some_and(|text| text.trim().is_empty());
        if let Some((field, _)) = fields.iter().find(|(_, text)| empty(*text)) {
            return refused(FieldRefusal::Empty(field));
        }
        match self.username.filter(|username| !is_username(username)) {
            Some(username) => refused(FieldRefusal::InvalidUsername(username.into())),
            None => Ok(roles),
        }
    }
}

/// The roles of these ids, or `None` when one does not exist. Nobody is without a role.
fn roles(ids: &[String]) -> Option<RoleSet> {
    match ids {
        [] => Some([Role::User].into_iter().collect()),
        ids => ids.iter().map(|id| Role::parse(id)).collect(),
    }
}

/// Whether the whole text is of the characters that usernames have.
pub fn is_username(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Whether a text has the form of an address: something, an `@`, something. Whether anybody reads there is shown by a
/// code.
pub fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty());
    parts.is_some() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Why a user with this username and this address was not written.
pub(crate) fn not_written(error: NotWritten, username: &str, email: &str) -> Refusal {
    let in_use = |name: &str| Refusal::UserFields(FieldRefusal::InUse(name.into()));
    match error {
        NotWritten::Refused(Refused::UsernameInUse) => in_use(username),
        NotWritten::Refused(Refused::EmailInUse) => in_use(email),
        NotWritten::Refused(Refused::NoSuchUser) => Refusal::NoSuchUser,
        NotWritten::Refused(Refused::SessionNotLive) => Refusal::SignIn(SignInRefusal::TokenNotLive),
        NotWritten::Refused(Refused::LastAdministrator) => Refusal::LastAdministrator,
        error => error.unforeseen(),
    }
}
