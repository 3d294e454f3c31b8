//! `POST introspect`: whether a user's token is good, and whose it is; in the sense of RFC 7662. Of any other text it says
//! no more than that it is not.

use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, required};
use crate::refusal::Refusal;
use crate::time::Time;
use rollcall_model::{Permission, Role, SessionId, limits};
use rollcall_service::{AnyPrincipal, GoodToken};
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct Introspect;

impl Endpoint for Introspect {
    const ROUTES: &'static [Route] = &[post("/api/v2/introspect")];
    const SUMMARY: &'static str = "Whether a user's token is good, and whose it is";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::IntrospectTokens, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = AnyPrincipal;
    type Query = Nothing;
    type Body = Request;
    type Answer = Json<Introspection<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let found = call.service.introspect(&call.body.token).await?;
        Json::of(&Introspection { active: found.is_some(), of: found.as_ref().map(Introspected::from) })
    }
}

/// What is known of a token.
#[derive(Serialize, JsonSchema)]
pub struct Introspection<'a> {
    /// Whether it is good. If not, nothing else is said.
    active: bool,
    #[serde(flatten)]
    of: Option<Introspected<'a>>,
}

/// What is known of one that is good.
#[derive(Serialize, JsonSchema)]
struct Introspected<'a> {
    user_id: &'a str,
    username: &'a str,
    name: Option<&'a str>,
    roles: Vec<&'static str>,
    /// Null for a personal token.
    session_id: Option<&'a str>,
    /// When the session ends by itself; null for a personal token.
    expires_at: Option<Time>,
}

impl<'a> From<&'a GoodToken> for Introspected<'a> {
    fn from(good: &'a GoodToken) -> Self {
        Self {
            user_id: good.owner.id.as_str(),
            username: &good.owner.username,
            name: good.owner.name.as_deref(),
            roles: good.owner.roles.iter().map(Role::as_str).collect(),
            session_id: good.session.as_ref().map(SessionId::as_str),
            expires_at: good.expires_at.map(Time),
        }
    }
}

/// The token.
pub struct Request {
    token: String,
}

impl Input for Request {
    const FIELDS: &'static [Field] = &[required("token", Kind::Text(limits::TEXT_CHARS))];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self { token: values.text("token").unwrap_or_default() }
    }
}
