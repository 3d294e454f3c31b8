//! The refusal order, as types: each stage takes what the one before it gave, and nobody outside this
//! folder can make one of them, so that a stage can be neither left out nor swapped.
//!
//! `authenticate 401 → authorise 403 → decode 400 → admit (right of the target, 429) → elevate 400 → act`
//!
//! Knows no web framework: whatever brings an [`Arrival`] passes here.

mod admit;
mod authenticate;
mod authorise;
mod decode;
mod elevate;
mod refusals;

pub use admit::{RateLimiter, RateState, Resumes};
pub use refusals::{WAIT, refusals, second_factor};

use crate::answer::{Answer as _, Reply};
use crate::endpoint::{Endpoint, Record, Route};
use crate::input::{Body, Input};
use crate::page::Page;
use crate::refusal::Refusal;
use rollcall_model::event::{Observation, Observed};
use rollcall_model::{Actor, AddressKey};
use rollcall_service::{Client, Code, Service};
use std::sync::Arc;

/// A request, before anything is known of it.
pub struct Arrival {
    /// The route that was taken: calls are counted by it.
    pub route: Route,
    /// What the request brings to authenticate with.
    pub credentials: Option<Credentials>,
    /// A second factor's code.
    pub code: Code,
    /// The other end.
    pub client: Client,
    /// The page that a browser sends it from.
    pub page: Page,
    /// What stands in the path for the names in the route.
    pub path: PathParams,
    /// What stands behind the `?`.
    pub query: String,
    /// The body.
    pub body: Body,
    /// The last event that was heard of a stream.
    pub last_event_id: Option<u64>,
    /// Sign-ins by token of this connection.
    pub resumes: Arc<Resumes>,
}

/// What stands in a path for the names in its route, in their order.
#[derive(Clone, Debug, Default)]
pub struct PathParams(pub Vec<(Box<str>, String)>);

impl PathParams {
    /// What stands for a name of the route.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(given, _)| **given == *name).map_or("", |(_, value)| value)
    }
}

/// How a token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As a bearer token. Programs send theirs so, and in no other way.
    Bearer,
    /// With its user's id, in two headers or on a socket.
    Pair,
    /// A browser keeps it as the console's cookie.
    Cookie,
}

/// A token, as it came, and the id of the user that it is said to be of, where one is.
#[derive(Clone)]
pub struct Credentials {
    /// The id.
    pub user_id: Option<String>,
    /// The token, in the clear.
    pub token: String,
    /// How it came.
    pub way: Way,
}

/// What the guard works with.
pub struct Guard {
    /// The use cases.
    pub service: Arc<Service>,
    /// Calls that were made, by address.
    pub rates: RateLimiter,
    /// The same, by principal.
    pub principal_rates: RateLimiter,
}

/// A call that has passed every stage.
pub struct Call<E: Endpoint> {
    /// The use cases.
    pub service: Arc<Service>,
    /// Who is calling.
    pub caller: E::Caller,
    /// The other end.
    pub client: Client,
    /// The page that a browser calls from.
    pub page: Page,
    /// A second factor's code, for endpoints that ask for one themselves.
    pub code: Code,
    /// What the caller authenticated with.
    pub credentials: Option<Credentials>,
    /// What stands in the path for the names in the route.
    pub path: PathParams,
    /// The last event that was heard of a stream.
    pub last_event_id: Option<u64>,
    /// The query's parameters.
    pub query: E::Query,
    /// The body's parameters.
    pub body: E::Body,
    _passed: Passed,
}

/// Only this folder makes one.
struct Passed;

/// An answer, and where its caller stands with the rate limit, when it was counted.
pub struct Answer {
    /// The answer.
    pub outcome: Result<Reply, Refusal>,
    /// The rate limit's state.
    pub rate: Option<RateState>,
}

/// Takes a request through all stages, and tells the ledger of a read or a refusal.
pub async fn run<E: Endpoint>(guard: &Guard, arrival: Arrival) -> Answer {
    let mut rate = None;
    let mut seen =
        Seen { by: Actor::Anyone, from: AddressKey::of(arrival.client.ip), endpoint: arrival.route.path };
    let outcome = stages::<E>(guard, arrival, &mut rate, &mut seen).await;
    if let Some(reason) = outcome.as_ref().err().and_then(Refusal::reason) {
        seen.tell(&guard.service, Observed::Refused { reason });
    }
    Answer { outcome, rate }
}

async fn stages<E: Endpoint>(
    guard: &Guard,
    arrival: Arrival,
    rate: &mut Option<RateState>,
    seen: &mut Seen,
) -> Result<Reply, Refusal> {
    guard.service.ready()?;
    let authenticated = authenticate::authenticate::<E>(&guard.service, arrival).await?;
    if let Some(principal) = &authenticated.principal {
        seen.by = principal.actor();
    }
    let authorised = authorise::authorise(&guard.service, authenticated)?;
    let decoded = decode::decode(authorised)?;
    let admitted = admit::admit(guard, decoded, rate)?;
    let call = elevate::elevate(&guard.service, admitted).await?;
    let read = match E::POLICY.record {
        Record::Read => {
            let filter = call.query.filter().or_else(|| call.body.filter()).unwrap_or_default();
            Some(Observed::Read { filter: filter.into(), as_of: call.query.as_of() })
        }
        Record::Nothing => None,
    };
    let service = call.service.clone();
    let reply = E::act(call).await?.reply();
    if let Some(read) = read {
        seen.tell(&service, read);
    }
    Ok(reply)
}

/// Who did something where.
struct Seen {
    by: Actor,
    from: AddressKey,
    endpoint: &'static str,
}

impl Seen {
    /// A user is known by itself, and where it is by its sessions; of anyone else the address is told.
    fn tell(&self, service: &Service, what: Observed) {
        let from = (!matches!(self.by, Actor::User(_))).then_some(self.from);
        service.observe(Observation { by: self.by, from, endpoint: self.endpoint, what, times: 0 });
    }
}
