//! A user as v1 shows it.

use crate::time::Time;
use rollcall_model::User;
use rollcall_model::permission::Role;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// An e-mail address.
#[derive(Serialize, JsonSchema)]
pub struct EmailWire<'a> {
    pub address: &'a str,
    pub verified: bool,
}

pub fn emails(user: &User) -> Vec<EmailWire<'_>> {
    user.emails.iter().map(|email| EmailWire { address: &email.address, verified: email.verified }).collect()
}

pub fn roles(user: &User) -> Vec<&'static str> {
    user.owner.roles.iter().map(Role::as_str).collect()
}

/// Sessions come without sockets yet, so nobody is seen to be online.
pub const PRESENCE: &str = "offline";

// Without `services`, which upstream servers leak hashes in.
/// A user.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserWire<'a> {
    #[serde(rename = "_id")]
    pub id: &'a str,
    pub username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    pub emails: Vec<EmailWire<'a>>,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub status: &'static str,
    pub active: bool,
    pub roles: Vec<&'static str>,
    pub created_at: Time,
    #[serde(rename = "_updatedAt")]
    pub updated_at: Time,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_password_change: bool,
    pub settings: Value,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub bio: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub nickname: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub status_text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_fields: Option<Value>,
}

impl<'a> From<&'a User> for UserWire<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.owner.id.as_str(),
            username: &user.owner.username,
            name: user.owner.name.as_deref(),
            emails: emails(user),
            kind: user.kind.as_str(),
            status: PRESENCE,
            active: user.active,
            roles: roles(user),
            created_at: Time(user.created_at),
            updated_at: Time(user.updated_at),
            require_password_change: user.profile.require_password_change,
            settings: Value::Object(serde_json::Map::default()),
            bio: &user.profile.bio,
            nickname: &user.profile.nickname,
            status_text: &user.profile.status_text,
            custom_fields: custom_fields(user),
        }
    }
}

/// The workspace's own fields, where there are any.
pub fn custom_fields(user: &User) -> Option<Value> {
    serde_json::from_str(&user.profile.custom_fields).ok()
}

/// A user, in an answer.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Showing<User> {
    /// The user.
    pub user: User,
}
