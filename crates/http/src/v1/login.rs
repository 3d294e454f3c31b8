//! `POST login`: a session for the right password, or the same token again for one that lives.

use crate::answer::Json;
use crate::endpoint::{Anyone, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Unknown, Values, Whatever, optional};
use crate::refusal::Refusal;
use crate::v1::me::MeWire;
use rollcall_auth::PasswordDigest;
use rollcall_model::limits;
use rollcall_service::{Client, Code, LoginName, Service, SignIn, SignedIn};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

const TEXT: Kind = Kind::Text(limits::TEXT_CHARS);

/// The endpoint.
pub struct Login;

impl Endpoint for Login {
    const ROUTES: &'static [Route] = &[post("/api/v1/login")];
    const SUMMARY: &'static str = "Sign in with a password, or resume a token";
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
    type Body = LoginBody;
    type Answer = Json<LoggedIn<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let host = call.client.host.clone();
        let signed_in = call.body.sign_in(&call.service, call.code, call.client).await?;
        let user = &signed_in.credential.user;
        let data = LoggedInData {
            user_id: user.owner.id.as_str(),
            auth_token: &signed_in.token,
            me: MeWire::new(&signed_in.credential, &host),
        };
        Json::of(&LoggedIn { status: "success", success: true, data })
    }
}

/// The session's token, and its user.
#[derive(Serialize, JsonSchema)]
pub struct LoggedIn<'a> {
    status: &'static str,
    success: bool,
    data: LoggedInData<'a>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LoggedInData<'a> {
    user_id: &'a str,
    auth_token: &'a str,
    me: MeWire<'a>,
}

/// What can be used of the body. Whatever cannot be is a sign-in that fails like any other, not a fault of
/// the schema: only a body that is no JSON is refused as such.
pub enum LoginBody {
    /// A token to resume.
    Resume(String),
    /// A user and a password, as far as they are there.
    Password(SignIn),
}

impl LoginBody {
    /// What can be used of a JSON object's fields.
    pub fn of(fields: &Map<String, Value>, code: Option<String>) -> Self {
        if let Some(token) = fields.get("resume").and_then(Value::as_str) {
            return Self::Resume(token.to_owned());
        }
        let named = |name: &str| fields.get(name).and_then(name_in);
        let user = fields.get("user").and_then(user);
        let user = user.or_else(|| named("username").map(LoginName::Username));
        let user = user.or_else(|| named("email").map(LoginName::Email));
        let code = Code { code: code.filter(|code| !code.is_empty()), method: None };
        Self::Password(SignIn { user, password: fields.get("password").and_then(password), code })
    }

    /// Carries it out. A code stands in the body or beside it; its method beside it.
    pub async fn sign_in(self, service: &Service, beside: Code, client: Client) -> Result<SignedIn, Refusal> {
        Ok(match self {
            Self::Resume(token) => service.resume(token).await?,
            Self::Password(mut sign_in) => {
                sign_in.code.code = sign_in.code.code.or(beside.code);
                sign_in.code.method = beside.method;
                service.sign_in(sign_in, client).await?
            }
        })
    }
}

impl Input for LoginBody {
    const FIELDS: &'static [Field] = &[
        optional("user", Kind::Any)
            .meaning("A username or an address; or `{\"username\":…}`, `{\"email\":…}`."),
        optional("username", TEXT).meaning("In the place of `user`."),
        optional("email", TEXT).meaning("In the place of `user`."),
        optional("password", Kind::Any).meaning("As it is, or `{\"digest\":…,\"algorithm\":\"sha-256\"}`."),
        optional("code", TEXT).meaning("Of a second factor, where one is asked for."),
        optional("resume", TEXT).meaning("A token: its session goes on."),
    ];
    const UNKNOWN: Unknown = Unknown::IgnoredWithFaults;

    fn read(mut values: Values) -> Self {
        let code = values.text("code");
        let mut fields = Map::new();
        for name in ["user", "password"] {
            fields.extend(values.json(name).map(|value| (name.to_owned(), value)));
        }
        for name in ["username", "email", "resume"] {
            fields.extend(values.text(name).map(|text| (name.to_owned(), text.into())));
        }
        Self::of(&fields, code)
    }

    fn resumes(&self) -> bool {
        matches!(self, Self::Resume(_))
    }
}

/// A name. One with a NUL is nobody's, and PostgreSQL cannot be asked for it.
fn name_in(value: &Value) -> Option<String> {
    value.as_str().filter(|name| !name.contains('\0')).map(str::to_owned)
}

/// A name, or the form of the socket protocol: an object with one.
fn user(value: &Value) -> Option<LoginName> {
    let named = |name: &str| value.get(name).and_then(name_in);
    if value.is_string() {
        return name_in(value).map(LoginName::of);
    }
    let username = named("username").map(LoginName::Username);
    username.or_else(|| named("email").map(LoginName::Email))
}

/// The text, or its SHA-256.
fn password(value: &Value) -> Option<PasswordDigest> {
    match value {
        Value::String(text) if !text.is_empty() => Some(PasswordDigest::of(text)),
        Value::Object(fields) if fields.get("algorithm").and_then(Value::as_str) == Some("sha-256") => {
            fields.get("digest").and_then(Value::as_str).and_then(PasswordDigest::from_hex)
        }
        _ => None,
    }
}
