//! `GET filter/complete`: what may be written next in a filter.

use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, optional};
use crate::refusal::Refusal;
use crate::v2::fields;
use rollcall_model::Permission;
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct Complete;

impl Endpoint for Complete {
    const ROUTES: &'static [Route] = &[get("/api/v2/filter/complete")];
    const SUMMARY: &'static str = "What may be written next in a filter of sessions";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        // Values are names and devices of others, as lists show them.
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = CompleteQuery;
    type Body = Nothing;
    type Answer = Json<Completion<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let CompleteQuery { q, cursor } = &call.query;
        let cursor = cursor.unwrap_or(usize::MAX);
        let completed = call.service.complete_filter(q, cursor).await?;
        let completion = &completed.completion;
        Json::of(&Completion {
            replaces: Replaced { from: completion.replaces.start, to: completion.replaces.end },
            suggestions: (completion.suggestions.iter())
                .map(|known| Suggestion { text: &known.text, meaning: known.meaning })
                .collect(),
            values: completed.values.iter().map(|(text, count)| KnownValue { text, count: *count }).collect(),
            more: completed.more,
        })
    }
}

/// What may stand where the cursor is.
#[derive(Serialize, JsonSchema)]
pub struct Completion<'a> {
    replaces: Replaced,
    /// What the language knows.
    suggestions: Vec<Suggestion<'a>>,
    /// What the sessions know, the most frequent first.
    values: Vec<KnownValue<'a>>,
    /// How many more values there are.
    more: usize,
}

/// The characters that a suggestion takes the place of.
#[derive(Serialize, JsonSchema)]
struct Replaced {
    from: usize,
    to: usize,
}

/// A word of the language.
#[derive(Serialize, JsonSchema)]
struct Suggestion<'a> {
    text: &'a str,
    /// In a few words; empty where the text says it.
    meaning: &'a str,
}

/// A value, as it is written in a filter.
#[derive(Serialize, JsonSchema)]
struct KnownValue<'a> {
    text: &'a str,
    /// How many sessions have it.
    count: usize,
}

/// A filter, and behind how many of its characters the cursor stands; at its end when it is not said.
pub struct CompleteQuery {
    q: String,
    cursor: Option<usize>,
}

impl Input for CompleteQuery {
    const FIELDS: &'static [Field] = &[
        fields::FILTER,
        optional("cursor", Kind::Number)
            .meaning("Behind how many of its characters the cursor stands; at its end without it."),
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self { q: values.text("q").unwrap_or_default(), cursor: values.number("cursor") }
    }
}
