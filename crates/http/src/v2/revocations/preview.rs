//! `POST revocations/preview`: freezes what a filter finds, and says what that is.

use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, optional, required};
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v2::count::Tally;
use crate::v2::item::{Session, item};
use data_encoding::HEXLOWER;
use rollcall_model::{Permission, limits};
use rollcall_service::{AnyPrincipal, PreviewRequest, Previewed};
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct Preview;

impl Endpoint for Preview {
    const ROUTES: &'static [Route] = &[post("/api/v2/revocations/preview")];
    const SUMMARY: &'static str = "Freeze the sessions that a filter finds, to be ended";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Read,
    };
    type Caller = AnyPrincipal;
    type Query = Nothing;
    type Body = Request;
    type Answer = Json<FrozenPreview>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let Request { q, except_current, keep_newest } = call.body;
        let request = PreviewRequest { q, except_current, keep_newest };
        let frozen = call.service.preview_revocation(request, &call.caller).await?;
        // Whoever ended meanwhile is not shown.
        let show = |id: &rollcall_model::SessionId| {
            call.service.session(id.as_str(), |row| Some(item(&row, call.caller.session()))).ok()
        };
        let items: Vec<_> = frozen.sample.iter().filter_map(show).collect();
        let mut out = serde_json::to_vec(&Frozen::from(&frozen)).map_err(|_| Refusal::Internal)?;
        out.pop();
        out.extend_from_slice(br#","sample":["#);
        out.extend_from_slice(&items.join(&b','));
        out.extend_from_slice(b"]}");
        Ok(Json::written(out))
    }
}

/// What was frozen. Its sample stands beside it: items are written by hand, as everywhere.
#[derive(Serialize, JsonSchema)]
pub struct Frozen<'a> {
    /// The preview's id, to carry it out by.
    preview: &'a str,
    /// The digest of the frozen set, in hex: it says which set was looked at.
    digest: String,
    /// The filter, in its canonical form; empty for everything.
    filter: &'a str,
    /// How many sessions were frozen.
    count: u64,
    /// Whether the calling session is among them.
    includes_current: bool,
    /// From when on it can no longer be carried out.
    expires_at: Time,
    breakdown: Breakdown<'a>,
}

/// Whose sessions they are.
#[derive(Serialize, JsonSchema)]
struct Breakdown<'a> {
    user: Tally<'a>,
    device: Tally<'a>,
    role: Tally<'a>,
}

/// What was frozen, and some of it.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a schema: the sample is written by hand")]
pub struct FrozenPreview {
    #[serde(flatten)]
    frozen: Frozen<'static>,
    /// The newest of them.
    sample: Vec<Session>,
}

impl<'a> From<&'a Previewed> for Frozen<'a> {
    fn from(previewed: &'a Previewed) -> Self {
        let preview = &previewed.preview;
        Self {
            preview: preview.id.as_str(),
            digest: HEXLOWER.encode(&preview.digest.0),
            filter: &preview.filter,
            count: preview.count,
            includes_current: previewed.includes_current,
            expires_at: Time(preview.expires_at),
            breakdown: Breakdown {
                user: Tally::from(&previewed.by_user),
                device: Tally::from(&previewed.by_device),
                role: Tally::from(&previewed.by_role),
            },
        }
    }
}

/// What is to be frozen.
pub struct Request {
    q: String,
    except_current: bool,
    keep_newest: usize,
}

impl Input for Request {
    const FIELDS: &'static [Field] = &[
        required("q", Kind::Text(limits::FILTER_TREE_CHARS)).meaning("A filter of sessions; empty for all."),
        optional("except_current", Kind::Boolean).meaning("Leaves the calling session out."),
        optional("keep_newest", Kind::Number).meaning("Leaves so many of each user's newest out."),
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self {
            q: values.text("q").unwrap_or_default(),
            except_current: values.boolean("except_current").unwrap_or_default(),
            keep_newest: values.number("keep_newest").unwrap_or_default(),
        }
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.q)
    }
}
