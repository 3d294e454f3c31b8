//! `GET me`: the caller, what it may do, and how long its step-up lasts: all that a page has to know when it is opened.

use super::factors::OwnFactors;
use crate::answer::Json;
use crate::endpoint::{Endpoint, Policy, Route, StepUp, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v2::me::policy;
use crate::v2::user::{Email, emails, roles};
use rollcall_model::{Permission, SessionId};
use rollcall_service::{Client, Principal, Service};
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct Me;

impl Endpoint for Me {
    const ROUTES: &'static [Route] = &[get("/api/v2/me")];
    const SUMMARY: &'static str = "The caller's own user, and what it may do";
    const POLICY: Policy<Self> = policy(StepUp::No);
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Json<Myself<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        Myself::of(&call.service, &call.caller, &call.client).await
    }
}

/// Who is signed in.
#[derive(Serialize, JsonSchema)]
pub struct Myself<'a> {
    id: &'a str,
    username: &'a str,
    name: Option<&'a str>,
    emails: Vec<Email<'a>>,
    roles: Vec<&'static str>,
    /// What it may do.
    permissions: Vec<&'static str>,
    factors: OwnFactors,
    /// Whether nothing else is answered until a second factor is enrolled.
    must_enrol_factor: bool,
    /// Whether the password is to be changed.
    must_change_password: bool,
    /// The calling session; null with a personal token.
    session_id: Option<&'a str>,
    /// When the calling session ends by itself; null with a personal token.
    expires_at: Option<Time>,
    /// Until when a second factor is remembered for this client.
    stepped_up_until: Option<Time>,
}

impl Myself<'_> {
    /// What a principal is shown of itself.
    pub async fn of(
        service: &Service,
        principal: &Principal,
        client: &Client,
    ) -> Result<Json<Myself<'static>>, Refusal> {
        let me = service.myself(principal).await?;
        let permitted = |permission: &&Permission| service.permits(principal, **permission);
        let permissions = Permission::ALL.iter().filter(permitted).map(|permission| permission.as_str());
        let session = principal.session().and_then(|session| service.session_id(session));
        Json::of(&Myself {
            id: me.user.owner.id.as_str(),
            username: &me.user.owner.username,
            name: me.user.owner.name.as_deref(),
            emails: emails(&me.user.emails),
            roles: roles(&me.user),
            permissions: permissions.collect(),
            factors: OwnFactors::from(&me),
            must_enrol_factor: service.must_enrol_factor(principal),
            must_change_password: me.user.profile.require_password_change,
            session_id: session.as_ref().map(SessionId::as_str),
            expires_at: service.expires_at(principal).map(Time),
            stepped_up_until: service.stepped_up_until(principal, client).map(Time),
        })
    }
}
