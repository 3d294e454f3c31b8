//! `GET sessions/info`: one of the caller's own sessions, in full.

use super::query::SessionInput;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use rollcall_model::RoleSet;
use rollcall_model::permission::Role;
use rollcall_service::Principal;
use rollcall_service::index::Row;
use serde_json::{Value, json};

/// The endpoint.
pub struct Info;

impl Endpoint for Info {
    const ROUTES: &'static [Route] = &[get("/api/v1/sessions/info")];
    const SUMMARY: &'static str = "One of the caller's own sessions";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = SessionInput;
    type Body = Whatever;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let mine = call.caller.user();
        let found =
            call.service.session(&call.query.session_id, |row| (row.user() == mine).then(|| whole(&row)));
        Reply::json(&found?)
    }
}

/// Upstream names the server process that holds a session's socket; here any may.
const INSTANCE: &str = "rollcall";

fn whole(row: &Row<'_>) -> Value {
    let [id, address] = [&row.id()[..], row.address()].map(String::from_utf8_lossy);
    let opened_at = row.opened_at().to_string();
    let opened_on = row.opened_at().calendar();
    // The fragment is JSON of our own making.
    let mut body: Value = serde_json::from_str(&format!("{{{}}}", row.fragment())).unwrap_or_default();
    let fields = json!({
        "_id": id,
        "sessionId": id,
        "userId": row.user_id().as_str(),
        "ip": address,
        "loginAt": opened_at,
        "type": "session",
        "instanceId": INSTANCE,
        "roles": row.roles().iter().map(Role::as_str).collect::<Vec<_>>(),
        "mostImportantRole": most_important_role(row.roles()),
        "createdAt": opened_at,
        "_updatedAt": row.seen_at().to_string(),
        "lastActivityAt": row.seen_at().to_string(),
        "day": opened_on.day,
        "month": opened_on.month,
        "year": opened_on.year,
        "searchTerm": search_term(&id, row),
        "success": true,
    });
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    body
}

/// Administrators first; of the rest, what is more than a plain user.
fn most_important_role(roles: RoleSet) -> &'static str {
    let rank = |role: &Role| match role {
        Role::Admin => 0,
        Role::Owner => 1,
        Role::Moderator => 2,
        Role::User => 4,
        Role::Guest | Role::Anonymous => 5,
        _ => 3,
    };
    roles.iter().min_by_key(rank).map_or("", Role::as_str)
}

fn search_term(id: &str, row: &Row<'_>) -> String {
    let (user, device) = (row.user_id(), row.device());
    let parts = [
        &*device.name,
        device.device_type.as_str(),
        &device.os_name,
        id,
        user.as_str(),
        row.username(),
        row.name().unwrap_or_default(),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
