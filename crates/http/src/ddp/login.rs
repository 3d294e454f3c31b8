//! `login` on a socket: a session for the right password, or the same token again for one that lives. It makes
//! a token and a row like a sign-in over HTTP, and goes through the same service.

use crate::answer::Json;
use crate::endpoint::{Anyone, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, socket};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Unknown, Values, Whatever, required};
use crate::refusal::Refusal;
use crate::v1::login::LoginBody;
use rollcall_auth::digest;
use rollcall_service::{Refusal as Outcome, SignInRefusal};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// The method's name.
pub const NAME: &str = "login";

/// The endpoint.
pub struct Login;

impl Endpoint for Login {
    const ROUTES: &'static [Route] = &[socket(NAME)];
    const SUMMARY: &'static str = "Sign in with a password, or resume a token; the socket is the session's";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::SignIn,
        step_up: StepUp::Within,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    type Caller = Anyone;
    type Query = Whatever;
    type Body = LoginParams;
    type Answer = Json<SocketLogin<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let LoginParams(body) = call.body;
        let kind = if body.resumes() { "resume" } else { "password" };
        let signed_in = body.sign_in(&call.service, call.code, call.client).await?;
        let principal = call.service.authenticate(&digest::token(&signed_in.token)).await?;
        // Ended in this instant.
        let dead = Refusal::Outcome(Outcome::SignIn(SignInRefusal::TokenNotLive));
        let expires_at = principal.and_then(|principal| call.service.expires_at(&principal)).ok_or(dead)?;
        Json::of(&SocketLogin {
            id: signed_in.credential.user.owner.id.as_str(),
            token: &signed_in.token,
            token_expires: EjsonDate { date: expires_at.as_ms() },
            kind,
        })
    }
}

/// The session's token, and whose it is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SocketLogin<'a> {
    id: &'a str,
    token: &'a str,
    token_expires: EjsonDate,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A date of the socket protocol. One published client reads it without a guard.
#[derive(Serialize, JsonSchema)]
struct EjsonDate {
    #[serde(rename = "$date")]
    date: i64,
}

/// The first parameter, as far as it can be used: `{user, password}`, `{resume}`, or
/// `{totp: {code, login: {user, password}}}`.
pub struct LoginParams(LoginBody);

impl Input for LoginParams {
    const FIELDS: &'static [Field] = &[required("login", Kind::Any)];
    const UNKNOWN: Unknown = Unknown::IgnoredWithFaults;

    fn read(mut values: Values) -> Self {
        let mut login = fields(values.json("login"));
        let mut code = None;
        if let Some(Value::Object(mut totp)) = login.remove("totp") {
            code = totp.remove("code").and_then(|code| code.as_str().map(str::to_owned));
            login = fields(totp.remove("login"));
        }
        Self(LoginBody::of(&login, code))
    }

    fn resumes(&self) -> bool {
        self.0.resumes()
    }
}

fn fields(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}
