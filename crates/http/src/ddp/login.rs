//! `login` on a socket: a session for the right password, or the same token again for one that lives. It makes
//! a token and a row like a sign-in over HTTP, and goes through the same service.

use crate::endpoint::{
    Anyone, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, socket,
};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Unknown, Values, Whatever, required};
use crate::refusal::Refusal;
use crate::v1::login::LoginBody;
use rollcall_auth::digest;
use rollcall_service::{Refusal as Outcome, SignInRefusal};
use serde_json::{Map, Value, json};

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
        step_up: StepUp::No,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    type Caller = Anyone;
    type Query = Whatever;
    type Body = LoginParams;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let LoginParams(body) = call.body;
        let kind = if body.resumes() { "resume" } else { "password" };
        let signed_in = body.sign_in(&call.service, call.code, call.client).await?;
        let principal = call.service.authenticate(&digest::token(&signed_in.token)).await?;
        // Ended in this instant.
        let dead = Refusal::Outcome(Outcome::SignIn(SignInRefusal::TokenNotLive));
        let expires_at = principal.and_then(|principal| call.service.expires_at(&principal)).ok_or(dead)?;
        Reply::json(&json!({
            "id": signed_in.credential.user.owner.id.as_str(),
            "token": signed_in.token,
            // One published client reads `$date` without a guard.
            "tokenExpires": { "$date": expires_at.as_ms() },
            "type": kind,
        }))
    }
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
