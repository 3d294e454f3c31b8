//! `GET users`: users by what their names and addresses contain, in the order of their usernames.

use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v2::cursor;
use crate::v2::search::SearchQuery;
use crate::v2::user::{Email, Factors, emails, roles};
use rollcall_model::Permission;
use rollcall_service::{FoundUser, Principal};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

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
    type Answer = Json<UserPage<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let (service, query) = (&call.service, &call.query);
        let list = query.list_name("users");
        let open = |sealed: &str| cursor::open_place::<String>(service, &list, sealed);
        let after = query.cursor.as_deref().map(open).transpose()?;
        let found = service.find_users(query.q.trim(), after.as_deref(), query.limit).await?;
        let end = found.last().filter(|_| found.len() == query.limit);
        let next = end.map(|last| cursor::seal_place(service, &list, &json!(last.seen.user.owner.username)));
        Json::of(&UserPage { items: found.iter().map(UserItem::from).collect(), next })
    }
}

/// Users, in the order of their usernames.
#[derive(Serialize, JsonSchema)]
pub struct UserPage<'a> {
    items: Vec<UserItem<'a>>,
    /// The next page's cursor; null on the last page.
    next: Option<String>,
}

/// A user.
#[derive(Serialize, JsonSchema)]
pub struct UserItem<'a> {
    id: &'a str,
    username: &'a str,
    name: Option<&'a str>,
    emails: Vec<Email<'a>>,
    roles: Vec<&'static str>,
    /// Whether it may sign in.
    active: bool,
    created_at: Time,
    /// Null when it never signed in.
    last_login_at: Option<Time>,
    factors: Factors,
    /// How many sessions it has now.
    live_sessions: usize,
}

impl<'a> From<&'a FoundUser> for UserItem<'a> {
    fn from(found: &'a FoundUser) -> Self {
        let (user, owner) = (&found.seen.user, &found.seen.user.owner);
        Self {
            id: owner.id.as_str(),
            username: &owner.username,
            name: owner.name.as_deref(),
            emails: emails(&user.emails),
            roles: roles(user),
            active: user.active,
            created_at: Time(user.created_at),
            last_login_at: found.seen.last_login_at.map(Time),
            factors: found.factors.into(),
            live_sessions: found.live,
        }
    }
}
