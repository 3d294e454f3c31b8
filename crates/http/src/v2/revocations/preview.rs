//! `POST revocations/preview`: freezes what a filter finds, and says what that is.

use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, post,
};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, optional, required};
use crate::refusal::Refusal;
use crate::v2::item::item;
use data_encoding::HEXLOWER;
use rollcall_model::{Permission, limits};
use rollcall_service::index::Tally;
use rollcall_service::{PreviewRequest, Previewed, Principal};
use serde_json::{Value, json};

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
    type Caller = Principal;
    type Query = Nothing;
    type Body = Request;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let Request { q, except_current, keep_newest } = call.body;
        let request = PreviewRequest { q, except_current, keep_newest };
        let frozen = call.service.preview_revocation(request, &call.caller).await?;
        // Whoever ended meanwhile is not shown.
        let show = |id: &rollcall_model::SessionId| {
            call.service.session(id.as_str(), |row| Some(item(&row, call.caller.session()))).ok()
        };
        let items: Vec<_> = frozen.sample.iter().filter_map(show).collect();
        Ok(Reply::Json(reply(&frozen, &items)))
    }
}

/// The items are written as everywhere, behind the rest.
fn reply(frozen: &Previewed, items: &[Vec<u8>]) -> Vec<u8> {
    let Previewed { preview, includes_current, by_user, by_device, by_role, .. } = frozen;
    let told = json!({
        "preview": preview.id.as_str(),
        "digest": HEXLOWER.encode(&preview.digest.0),
        "filter": preview.filter,
        "count": preview.count,
        "includes_current": includes_current,
        "expires_at": preview.expires_at.to_string(),
        "breakdown": { "user": counts(by_user), "device": counts(by_device), "role": counts(by_role) },
    });
    let mut out = told.to_string().into_bytes();
    out.pop();
    out.extend_from_slice(br#","sample":["#);
    out.extend_from_slice(&items.join(&b','));
    out.extend_from_slice(b"]}");
    out
}

fn counts(tally: &Tally) -> Value {
    let values: Vec<_> =
        tally.values.iter().map(|(value, count)| json!({ "value": value, "count": count })).collect();
    json!({ "values": values, "more": tally.more })
}

/// What is to be frozen.
pub struct Request {
    q: String,
    except_current: bool,
    keep_newest: usize,
}

impl Input for Request {
    const FIELDS: &'static [Field] = &[
        required("q", Kind::Text(limits::FILTER_TREE_CHARS)),
        optional("except_current", Kind::Boolean),
        optional("keep_newest", Kind::Number),
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
