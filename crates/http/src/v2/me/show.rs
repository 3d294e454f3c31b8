//! `GET me`: the caller, what it may do, and how long its step-up lasts.

use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_model::{Permission, Role};
use rollcall_service::{Principal, Refusal as Outcome, SignInRefusal};
use serde_json::json;

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
        let service = &call.service;
        let me = service.myself(&call.caller).await.map_err(|refusal| match refusal {
            Outcome::SignIn(SignInRefusal::TokenNotLive) => Refusal::NotSignedIn,
            other => other.into(),
        })?;
        let emails: Vec<_> = (me.user.emails.iter())
            .map(|email| json!({ "address": email.address, "verified": email.verified }))
            .collect();
        let permissions: Vec<_> = (Permission::ALL.iter())
            .filter(|permission| service.permits(&call.caller, **permission))
            .map(|permission| permission.as_str())
            .collect();
        let session = call.caller.session().and_then(|session| service.session_id(session));
        let stepped_up_until = service.stepped_up_until(&call.caller, &call.client);
        Reply::json(&json!({
            "id": me.user.owner.id.as_str(),
            "username": me.user.owner.username,
            "name": me.user.owner.name,
            "emails": emails,
            "roles": me.user.owner.roles.iter().map(Role::as_str).collect::<Vec<_>>(),
            "permissions": permissions,
            "factors": { "totp": me.enrolled().is_some(), "mail": me.factors().mail,
                "recovery_codes_left": me.recovery_left },
            "must_change_password": me.user.profile.require_password_change,
            "session_id": session.map(|id| id.as_str().to_owned()),
            "expires_at": service.expires_at(&call.caller).map(|at| at.to_string()),
            "stepped_up_until": stepped_up_until.map(|at| at.to_string()),
        }))
    }
}
