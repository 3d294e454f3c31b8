//! `GET users`: users by what their names and addresses contain, in the order of their usernames.

use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get,
};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::cursor;
use crate::v2::search::SearchQuery;
use rollcall_model::{Permission, Role};
use rollcall_service::{FoundUser, Principal};
use serde_json::{Value, json};

/// The endpoint.
pub struct List;

impl Endpoint for List {
    const ROUTES: &'static [Route] = &[get("/api/v2/users")];
    const SUMMARY: &'static str = "Users, by what their names and addresses contain";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewFullOtherUserInfo, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = SearchQuery;
    type Body = Nothing;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let (service, query) = (&call.service, &call.query);
        let list = query.list_name("users");
        let open = |sealed: &str| cursor::open_place::<String>(service, &list, sealed);
        let after = query.cursor.as_deref().map(open).transpose()?;
        let found = service.find_users(query.q.trim(), after.as_deref(), query.limit).await?;
        let end = found.last().filter(|_| found.len() == query.limit);
        let next = end.map(|last| cursor::seal_place(service, &list, &json!(last.seen.user.owner.username)));
        let items: Vec<_> = found.iter().map(item).collect();
        Reply::json(&json!({ "items": items, "next": next }))
    }
}

fn item(found: &FoundUser) -> Value {
    let (user, owner) = (&found.seen.user, &found.seen.user.owner);
    let emails: Vec<_> = (user.emails.iter())
        .map(|email| json!({ "address": email.address, "verified": email.verified }))
        .collect();
    json!({
        "id": owner.id.as_str(),
        "username": owner.username,
        "name": owner.name,
        "emails": emails,
        "roles": owner.roles.iter().map(Role::as_str).collect::<Vec<_>>(),
        "active": user.active,
        "created_at": user.created_at.to_string(),
        "last_login_at": found.seen.last_login_at.map(|at| at.to_string()),
        "factors": { "totp": found.factors.authenticator, "mail": found.factors.mail },
        "live_sessions": found.live,
    })
}
