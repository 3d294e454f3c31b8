//! Service tokens: for users who manage them, with a second factor. No program makes or rotates one.

mod list;
mod make;
mod revoke;
mod rotate;

pub use list::List;
pub use make::Make;
pub use revoke::Revoke;
pub use rotate::Rotate;

use crate::endpoint::{DeniedAs, Needs};
use crate::input::{Field, Kind, Values, optional};
use crate::refusal::{Place, Refusal};
use crate::time::Time;
use crate::v2::event::EventUser;
use rollcall_model::{Networks, Permission, Scopes, ServiceNo, Timestamp, limits};
use rollcall_service::index::filter::{Age, nearest};
use rollcall_service::{Expiry, Issued, Refusal as Outcome, ServiceTokenRefusal, StandingServiceToken};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// Who manages them.
const NEEDS: Needs = Needs::Permission(Permission::ManageServiceTokens, DeniedAs::Forbidden);

const TEXT: Kind = Kind::Text(limits::TEXT_CHARS);
const EXPIRES_IN: Field = optional("expires_in", TEXT).meaning("How long it is good: `90d`, `12h`.");
const EXPIRES_AT: Field = optional("expires_at", TEXT).meaning("Until when it is good, instead.");

/// A service token, but for its secret.
#[derive(Serialize, JsonSchema)]
pub struct ServiceTokenItem<'a> {
    id: String,
    name: &'a str,
    /// The permissions that it holds.
    scopes: Vec<&'static str>,
    /// From where it is good; from anywhere when there are none.
    networks: Vec<String>,
    expires_at: Time,
    /// Until when the secret of before the last rotation is good; null when it is not.
    previous_secret_until: Option<Time>,
    created_at: Time,
    /// Who made it; it stays when they go.
    created_by: Option<EventUser<'a>>,
    /// Null when it was not used yet.
    last_used_at: Option<Time>,
}

impl<'a> ServiceTokenItem<'a> {
    fn of(standing: &'a StandingServiceToken, now: Timestamp) -> Self {
        let token = &standing.kept.token;
        let before = token.before.filter(|before| now < before.until);
        Self {
            id: token.no.0.to_string(),
            name: &token.name,
            scopes: token.scopes.iter().map(Permission::as_str).collect(),
            networks: token.networks.0.iter().map(ToString::to_string).collect(),
            expires_at: Time(token.expires_at),
            previous_secret_until: before.map(|before| Time(before.until)),
            created_at: Time(token.made_at),
            created_by: standing.made_by.as_ref().map(EventUser::from),
            last_used_at: standing.kept.last_used_at.map(Time),
        }
    }
}

/// A service token and its secret, which is shown this once.
#[derive(Serialize, JsonSchema)]
pub struct IssuedServiceToken<'a> {
    #[serde(flatten)]
    token: ServiceTokenItem<'a>,
    /// Sent as `Authorization: Bearer …`. It is kept nowhere.
    secret: &'a str,
}

impl<'a> IssuedServiceToken<'a> {
    fn of(issued: &'a Issued, now: Timestamp) -> Self {
        Self { token: ServiceTokenItem::of(&issued.token, now), secret: issued.secret.reveal() }
    }
}

/// Which token a path names.
fn number(id: &str) -> Result<ServiceNo, Refusal> {
    id.parse().map(ServiceNo).map_err(|_| Outcome::from(ServiceTokenRefusal::Unknown).into())
}

fn scopes(given: Vec<String>) -> Result<Scopes, Refusal> {
    let scope = |given: String| {
        let nearest = || nearest(&given, Scopes::ALL.iter().map(|permission| permission.as_str()));
        Scopes::scope(&given).ok_or_else(|| Refusal::Scope { nearest: nearest(), given: given.clone() })
    };
    given.into_iter().map(scope).collect()
}

/// Networks, or single addresses. Bits behind a prefix are none of it, and IPv4 is that however it is written.
fn networks(given: Vec<String>) -> Result<Networks, Refusal> {
    if given.len() > limits::SERVICE_NETWORKS {
        let fault = format!("`networks` must NOT have more than {} items", limits::SERVICE_NETWORKS);
        return Err(Refusal::Schema(Place::Body, vec![fault]));
    }
    let network = |given: String| Networks::read(&given).ok_or(Refusal::Network { given });
    given.into_iter().map(network).collect::<Result<_, _>>().map(Networks)
}

/// How long a token is to be good, as it was given.
struct ExpiryFields {
    expires_in: Option<String>,
    expires_at: Option<String>,
}

impl ExpiryFields {
    fn read(values: &mut Values) -> Self {
        Self { expires_in: values.text(EXPIRES_IN.name), expires_at: values.text(EXPIRES_AT.name) }
    }

    fn expiry(&self) -> Result<Option<Expiry>, Refusal> {
        match (&self.expires_in, &self.expires_at) {
            (None, None) => Ok(None),
            (Some(text), None) => {
                time(text, "`expires_in` is a time such as 90d or 12h.").map(|time| Some(Expiry::In(time)))
            }
            (None, Some(text)) => {
                let at = Timestamp::parse(text).map(|at| Some(Expiry::At(at)));
                at.ok_or(Refusal::Time("`expires_at` is an instant such as 2026-11-01T08:15:00Z."))
            }
            (Some(_), Some(_)) => {
                let fault = "must have at most one of the properties expires_in, expires_at";
                Err(Refusal::Schema(Place::Body, vec![fault.into()]))
            }
        }
    }
}

fn time(text: &str, what: &'static str) -> Result<Duration, Refusal> {
    Age::parse(text).map(Age::time).ok_or(Refusal::Time(what))
}
