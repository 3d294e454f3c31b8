//! `GET me`: the caller, what it may do, and how long its step-up lasts: all that a page has to know when it is opened.

use super::emails::EmailWire;
use super::factors::FactorsWire;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_model::{Permission, Role};
use rollcall_service::{Client, Principal, Service};
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

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        Reply::json(&MeWire::of(&call.service, &call.caller, &call.client).await?)
    }
}

/// Who is signed in, and what it may do.
#[derive(Serialize)]
pub struct MeWire {
    id: String,
    username: String,
    name: Option<String>,
    emails: Vec<EmailWire>,
    roles: Vec<&'static str>,
    permissions: Vec<&'static str>,
    factors: FactorsWire,
    must_enrol_factor: bool,
    must_change_password: bool,
    session_id: Option<String>,
    expires_at: Option<String>,
    stepped_up_until: Option<String>,
}

impl MeWire {
    /// What a principal is shown of itself.
    pub async fn of(service: &Service, principal: &Principal, client: &Client) -> Result<Self, Refusal> {
        let me = service.myself(principal).await?;
        let permitted = |permission: &&Permission| service.permits(principal, **permission);
        let session = principal.session().and_then(|session| service.session_id(session));
        Ok(Self {
            emails: me.user.emails.iter().map(EmailWire::from).collect(),
            roles: me.user.owner.roles.iter().map(Role::as_str).collect(),
            permissions: Permission::ALL
                .iter()
                .filter(permitted)
                .map(|permission| permission.as_str())
                .collect(),
            factors: FactorsWire::from(&me),
            must_enrol_factor: service.must_enrol_factor(principal),
            must_change_password: me.user.profile.require_password_change,
            session_id: session.map(|id| id.as_str().to_owned()),
            expires_at: service.expires_at(principal).map(|at| at.to_string()),
            stepped_up_until: service.stepped_up_until(principal, client).map(|at| at.to_string()),
            id: me.user.owner.id.as_str().to_owned(),
            username: me.user.owner.username,
            name: me.user.owner.name,
        })
    }
}
