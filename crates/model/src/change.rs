//! What is to be otherwise about a user, and what the ledger says of it.

use crate::event::PasswordHash;
use crate::permission::RoleSet;
use crate::user::{Email, NameKey, User};
use serde_json::{Map, Value, json};

/// What is to be otherwise about a user. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The username.
    pub username: Option<String>,
    /// The name that people read.
    pub name: Option<String>,
    /// The address, in the place of all that there are; an empty one for none.
    pub email: Option<String>,
    /// Whether the address counts as verified.
    pub verified: Option<bool>,
    /// A few words about the user.
    pub bio: Option<String>,
    /// Another name.
    pub nickname: Option<String>,
    /// What the user is doing.
    pub status_text: Option<String>,
    /// Whether clients should ask for a new password.
    pub require_password_change: Option<bool>,
    /// The workspace's own fields: a JSON object as text, or empty.
    pub custom_fields: Option<String>,
    /// The roles, all of them.
    pub roles: Option<RoleSet>,
    /// Whether it may sign in.
    pub active: Option<bool>,
    /// The hash of another password.
    pub password: Option<PasswordHash>,
}

impl UserChange {
    /// A change of whether a user may sign in.
    pub fn of_active(active: bool) -> Self {
        Self { active: Some(active), ..Self::default() }
    }

    /// A change of the password.
    pub fn of_password(password: PasswordHash) -> Self {
        Self { password: Some(password), ..Self::default() }
    }

    /// The user with its names, addresses and free fields as they are to be. Roles, password and whether it may
    /// sign in are kinds of events of their own, and left as they are.
    #[must_use]
    pub fn applied_to(&self, user: &User) -> User {
        let mut user = user.clone();
        user.emails = self.emails(&user.emails);
        replace(&mut user.owner.username, self.username.as_ref());
        if self.name.is_some() {
            user.owner.name.clone_from(&self.name);
        }
        let profile = &mut user.profile;
        replace(&mut profile.bio, self.bio.as_ref());
        replace(&mut profile.nickname, self.nickname.as_ref());
        replace(&mut profile.status_text, self.status_text.as_ref());
        replace(&mut profile.require_password_change, self.require_password_change.as_ref());
        replace(&mut profile.custom_fields, self.custom_fields.as_ref());
        user
    }

    fn emails(&self, before: &[Email]) -> Vec<Email> {
        let mut emails = match &self.email {
            None => before.to_vec(),
            Some(address) if address.is_empty() => Vec::new(),
            Some(address) => {
                // What was shown of one address says nothing of another.
                let key = NameKey::of(address);
                let known = before.iter().find(|email| NameKey::of(&email.address) == key);
                vec![Email { address: address.clone(), verified: known.is_some_and(|email| email.verified) }]
            }
        };
        if let (Some(first), Some(verified)) = (emails.first_mut(), self.verified) {
            first.verified = verified;
        }
        emails
    }
}

fn replace<T: Clone>(value: &mut T, by: Option<&T>) {
    if let Some(by) = by {
        value.clone_from(by);
    }
}

/// What differs between a user before and after a change, each field with both values.
pub fn difference(before: &User, after: &User) -> Value {
    let fields = |user: &User| {
        let emails = user.emails.iter().map(|email| json!([email.address, email.verified]));
        [
            ("username", json!(user.owner.username)),
            ("name", json!(user.owner.name)),
            ("emails", emails.collect()),
            ("bio", json!(user.profile.bio)),
            ("nickname", json!(user.profile.nickname)),
            ("status_text", json!(user.profile.status_text)),
            ("require_password_change", json!(user.profile.require_password_change)),
            ("custom_fields", json!(user.profile.custom_fields)),
        ]
    };
    let pairs = fields(before).into_iter().zip(fields(after));
    let differing = pairs.filter(|(before, after)| before != after);
    let told = differing.map(|((name, from), (_, to))| (name.to_owned(), json!({ "from": from, "to": to })));
    Value::Object(told.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(address: &str, verified: bool) -> Email {
        Email { address: address.into(), verified }
    }

    #[test]
    fn another_address_is_verified_only_when_somebody_says_so() {
        let before = [email("ann@example.test", true)];
        let change = |email: Option<&str>, verified| UserChange {
            email: email.map(Into::into),
            verified,
            ..UserChange::default()
        };
        for (change, after) in [
            (change(None, None), vec![email("ann@example.test", true)]),
            (change(None, Some(false)), vec![email("ann@example.test", false)]),
            (change(Some("Ann@Example.test"), None), vec![email("Ann@Example.test", true)]),
            (change(Some("eve@example.test"), None), vec![email("eve@example.test", false)]),
            (change(Some("eve@example.test"), Some(true)), vec![email("eve@example.test", true)]),
            (change(Some(""), Some(true)), vec![]),
        ] {
            assert_eq!(change.emails(&before), after, "{change:?}");
        }
        assert_eq!(change(None, Some(true)).emails(&[]), vec![]);
    }
}
