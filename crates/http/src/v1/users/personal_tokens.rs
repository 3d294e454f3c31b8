//! `users.generatePersonalAccessToken`, `getPersonalAccessTokens`, `removePersonalAccessToken`: the caller's own.

use super::TEXT;
use crate::answer::Json;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get, post,
};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Unknown, Values, Whatever, optional};
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v1::success::{Nothing as NoFields, Success};
use rollcall_model::Permission;
use rollcall_service::{Principal, Refusal as Outcome, SignInRefusal};
use schemars::JsonSchema;
use serde::Serialize;

const NEEDS: Needs = Needs::Permission(Permission::CreatePersonalAccessTokens, DeniedAs::Forbidden);

/// `users.generatePersonalAccessToken`: the one time at which the token is shown.
pub struct Generate;

impl Endpoint for Generate {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.generatePersonalAccessToken")];
    const SUMMARY: &'static str = "Make a personal access token, and show it this once";
    const POLICY: Policy<Self> = Policy {
        needs: NEEDS,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = GenerateBody;
    type Answer = Json<Success<MadeToken<'static>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let GenerateBody { name, bypasses_step_up } = call.body;
        let made = call.service.make_personal_token(&call.caller, name, bypasses_step_up).await;
        let token = made.map_err(not_done)?;
        Json::of(&Success::with(MadeToken { token: token.reveal() }))
    }
}

/// `users.getPersonalAccessTokens`.
pub struct List;

impl Endpoint for List {
    const ROUTES: &'static [Route] = &[get("/api/v1/users.getPersonalAccessTokens")];
    const SUMMARY: &'static str = "The caller's personal access tokens, but for the tokens themselves";
    const POLICY: Policy<Self> = Policy {
        needs: NEEDS,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = Whatever;
    type Answer = Json<Success<HeldTokens<'static>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let held = call.service.personal_tokens(&call.caller).await?;
        let tokens = held.iter().map(|token| TokenWire {
            name: &token.name,
            created_at: Time(token.made_at),
            last_token_part: &token.last_part,
            bypass_two_factor: token.bypasses_step_up,
        });
        Json::of(&Success::with(HeldTokens { tokens: tokens.collect() }))
    }
}

/// `users.removePersonalAccessToken`.
pub struct Remove;

impl Endpoint for Remove {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.removePersonalAccessToken")];
    const SUMMARY: &'static str = "End a personal access token";
    const POLICY: Policy<Self> = Policy {
        needs: NEEDS,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = RemoveBody;
    type Answer = Json<Success<NoFields>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let removed = call.service.remove_personal_token(&call.caller, call.body.name).await;
        removed.map_err(not_done)?;
        Json::of(&Success::DONE)
    }
}

/// The token, shown this once.
#[derive(Serialize, JsonSchema)]
pub struct MadeToken<'a> {
    token: &'a str,
}

/// The tokens that one has.
#[derive(Serialize, JsonSchema)]
pub struct HeldTokens<'a> {
    tokens: Vec<TokenWire<'a>>,
}

/// A token, but for the token itself.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TokenWire<'a> {
    name: &'a str,
    created_at: Time,
    last_token_part: &'a str,
    bypass_two_factor: bool,
}

/// The calling token may have ended meanwhile.
fn not_done(refusal: Outcome) -> Refusal {
    match refusal {
        Outcome::SignIn(SignInRefusal::TokenNotLive) => Refusal::NotSignedIn,
        other => other.into(),
    }
}

/// Its name, and what it is good for. A missing name is as an empty one, which the service refuses.
pub struct GenerateBody {
    name: String,
    bypasses_step_up: bool,
}

impl Input for GenerateBody {
    const FIELDS: &'static [Field] = &[
        optional("tokenName", TEXT).meaning("What it is called; a user has it once."),
        optional("bypassTwoFactor", Kind::Boolean)
            .meaning("Whether no second factor is asked of whoever uses it."),
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        let name = values.text("tokenName").unwrap_or_default();
        Self { name, bypasses_step_up: values.boolean("bypassTwoFactor").unwrap_or(false) }
    }
}

/// Which.
pub struct RemoveBody {
    name: String,
}

impl Input for RemoveBody {
    const FIELDS: &'static [Field] =
        &[optional("tokenName", TEXT).meaning("What it is called; a user has it once.")];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        Self { name: values.text("tokenName").unwrap_or_default() }
    }
}
