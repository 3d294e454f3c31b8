//! `GET sessions/info`: one of the caller's own sessions, in full.

use super::query::SessionInput;
use super::row::ClientWire;
use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v1::success::Success;
use rollcall_model::RoleSet;
use rollcall_model::permission::Role;
use rollcall_service::Principal;
use rollcall_service::index::Row;
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;

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
    type Answer = Json<Success<WholeSession<'static>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let mine = call.caller.user();
        let write = |row: &Row<'_>| Json::of(&Success::with(WholeSession::new(row)));
        call.service.session(&call.query.session_id, |row| (row.user() == mine).then(|| write(&row)))?
    }
}

/// Upstream names the server process that holds a session's socket; here any may.
const INSTANCE: &str = "rollcall";

/// A session in full.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WholeSession<'a> {
    #[serde(rename = "_id")]
    id: Cow<'a, str>,
    session_id: Cow<'a, str>,
    user_id: String,
    #[serde(flatten)]
    client: ClientWire<'a>,
    ip: Cow<'a, str>,
    login_at: Time,
    #[serde(rename = "type")]
    kind: &'static str,
    instance_id: &'static str,
    roles: Vec<&'static str>,
    most_important_role: &'static str,
    created_at: Time,
    #[serde(rename = "_updatedAt")]
    updated_at: Time,
    last_activity_at: Time,
    day: u8,
    month: u8,
    year: u16,
    search_term: String,
}

impl<'a> WholeSession<'a> {
    fn new(row: &'a Row<'_>) -> Self {
        let id = String::from_utf8_lossy(row.id());
        let (opened_at, seen_at) = (Time(row.opened_at()), Time(row.seen_at()));
        let opened_on = row.opened_at().calendar();
        Self {
            search_term: search_term(&id, row),
            session_id: id.clone(),
            id,
            user_id: row.user_id().as_str().to_owned(),
            client: ClientWire::new(row.device(), row.host()),
            ip: String::from_utf8_lossy(row.address()),
            login_at: opened_at,
            kind: "session",
            instance_id: INSTANCE,
            roles: row.roles().iter().map(Role::as_str).collect(),
            most_important_role: most_important_role(row.roles()),
            created_at: opened_at,
            updated_at: seen_at,
            last_activity_at: seen_at,
            day: opened_on.day,
            month: opened_on.month,
            year: opened_on.year,
        }
    }
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
