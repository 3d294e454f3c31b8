//! `GET me`: the caller, what it may do, and how long its step-up lasts.

use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v2::user::{Email, Factors, emails, roles};
use rollcall_model::{Permission, SessionId};
use rollcall_service::{Principal, Refusal as Outcome, SignInRefusal};
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct Me;

impl Endpoint for Me {
    const ROUTES: &'static [Route] = &[get("/api/v2/me")];
    const SUMMARY: &'static str = "The caller's own user, and what it may do";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Json<Myself<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let service = &call.service;
        let me = service.myself(&call.caller).await.map_err(|refusal| match refusal {
            Outcome::SignIn(SignInRefusal::TokenNotLive) => Refusal::NotSignedIn,
            other => other.into(),
        })?;
        let permissions: Vec<_> = (Permission::ALL.iter())
            .filter(|permission| service.permits(&call.caller, **permission))
            .map(|permission| permission.as_str())
            .collect();
        let session = call.caller.session().and_then(|session| service.session_id(session));
        let stepped_up_until = service.stepped_up_until(&call.caller, &call.client);
        Json::of(&Myself {
            id: me.user.owner.id.as_str(),
            username: &me.user.owner.username,
            name: me.user.owner.name.as_deref(),
            emails: emails(&me.user),
            roles: roles(&me.user),
            permissions,
            factors: OwnFactors { factors: me.factors().into(), recovery_codes_left: me.recovery_left },
            must_change_password: me.user.profile.require_password_change,
            session_id: session.as_ref().map(SessionId::as_str),
            expires_at: service.expires_at(&call.caller).map(Time),
            stepped_up_until: stepped_up_until.map(Time),
        })
    }
}

/// The caller.
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
    /// Whether the password is to be changed.
    must_change_password: bool,
    /// The calling session; null with a personal token.
    session_id: Option<&'a str>,
    /// When the calling session ends by itself; null with a personal token.
    expires_at: Option<Time>,
    /// Until when a second factor is remembered for this client.
    stepped_up_until: Option<Time>,
}

/// One's second factors, and how many recovery codes are left.
#[derive(Serialize, JsonSchema)]
struct OwnFactors {
    #[serde(flatten)]
    factors: Factors,
    recovery_codes_left: u32,
}
