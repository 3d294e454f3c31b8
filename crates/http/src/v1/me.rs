//! `GET me`: the caller, shown to itself.

use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use crate::v1::success::Success;
use crate::v1::user_wire::{EmailWire, PRESENCE, custom_fields, emails, roles};
use rollcall_service::{Credential, Principal, Refusal as Outcome, SignInRefusal};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// The endpoint.
pub struct Me;

impl Endpoint for Me {
    const ROUTES: &'static [Route] = &[get("/api/v1/me")];
    const SUMMARY: &'static str = "The caller's own user";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = Whatever;
    type Answer = Json<Success<MeWire<'static>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let credential = call.service.myself(&call.caller).await.map_err(|refusal| match refusal {
            Outcome::SignIn(SignInRefusal::TokenNotLive) => Refusal::NotSignedIn,
            other => other.into(),
        })?;
        let me = MeWire::new(&credential, &call.client.host);
        Json::of(&Success::with(me))
    }
}

/// The user as `me` and `login` show it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeWire<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    emails: Vec<EmailWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    status: &'static str,
    status_connection: &'static str,
    utc_offset: i32,
    active: bool,
    roles: Vec<&'static str>,
    settings: Value,
    avatar_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_fields: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    require_password_change: bool,
    services: Value,
}

impl<'a> MeWire<'a> {
    /// `host` is the one that the caller named: links in its own answer lead where it came from.
    pub fn new(credential: &'a Credential, host: &str) -> Self {
        let user = &credential.user;
        let verified = user.emails.iter().find(|email| email.verified);
        Self {
            id: user.owner.id.as_str(),
            username: &user.owner.username,
            name: user.owner.name.as_deref(),
            emails: emails(user),
            email: verified.map(|email| email.address.as_str()),
            status: PRESENCE,
            status_connection: PRESENCE,
            utc_offset: 0,
            active: user.active,
            roles: roles(user),
            settings: json!({ "profile": {}, "preferences": {} }),
            avatar_url: format!("http://{host}/avatar/{}", user.owner.username),
            custom_fields: custom_fields(user),
            require_password_change: user.profile.require_password_change,
            services: services(credential),
        }
    }
}

/// Which ways to sign in the user has; never what they hold.
fn services(credential: &Credential) -> Value {
    let mut services = json!({ "password": { "exists": true } });
    if credential.enrolled().is_some() {
        services["totp"] = json!({ "enabled": true });
    }
    if credential.factors().mail {
        services["email2fa"] = json!({ "enabled": true });
    }
    services
}
