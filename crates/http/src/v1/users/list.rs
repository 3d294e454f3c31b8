//! `GET users.list`: a page of all users.

use super::{TEXT, sees_everything};
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::{Field, Input, Unknown, Values, Whatever, optional};
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v1::paging::Paging;
use crate::v1::sort::sort;
use crate::v1::success::Success;
use crate::v1::user_wire::{EmailWire, PRESENCE, emails, roles};
use rollcall_model::Permission;
use rollcall_model::text::folded;
use rollcall_model::user::NameKey;
use rollcall_service::index::Direction;
use rollcall_service::{Principal, Seen, SeenPage, UserName, UserSortKey, UsersQuery};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// The endpoint.
pub struct List;

impl Endpoint for List {
    const ROUTES: &'static [Route] = &[get("/api/v1/users.list")];
    const SUMMARY: &'static str = "All users";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDRoom, DeniedAs::Unauthorized),
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = ListQuery;
    type Body = Whatever;
    type Answer = Json<Success<UserRows<'static>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let ListQuery { paging: Paging { offset, count }, sort, email, query } = call.query;
        if !query
            .is_none_or(|query| serde_json::from_str::<Value>(&query).is_ok_and(|query| query == json!({})))
        {
            return Err(Refusal::UserQuery);
        }
        let all = sees_everything(&call.service, &call.caller);
        let sort = order(sort.as_deref().unwrap_or_default(), all)?;
        let me = call.caller.user();
        let page = match email.filter(|email| !email.is_empty()) {
            // Whoever may not see an address must not learn whose it is either.
            Some(email) if !all => {
                let own = call.service.user(&UserName::Email(email)).await.ok();
                let users: Vec<_> = own.into_iter().filter(|own| own.user.owner.no == me).collect();
                let total = users.len() as u64;
                SeenPage { users: users.into_iter().skip(offset).take(count).collect(), total }
            }
            email => {
                let email = email.as_deref().map(NameKey::of);
                call.service.users(UsersQuery { email, sort, offset, count }).await?
            }
        };
        let users: Vec<_> =
            page.users.iter().map(|seen| UserRow::new(seen, all || seen.user.owner.no == me)).collect();
        let (count, total) = (users.len(), page.total);
        Json::of(&Success::with(UserRows { users, count, offset, total }))
    }
}

/// A page of users.
#[derive(Serialize, JsonSchema)]
pub struct UserRows<'a> {
    users: Vec<UserRow<'a>>,
    /// How many are on this page.
    count: usize,
    offset: usize,
    /// How many there are on all pages.
    total: u64,
}

/// By username unless asked otherwise. Who may not see a last sign-in may not sort by it.
fn order(given: &str, all: bool) -> Result<Vec<(UserSortKey, bool)>, Refusal> {
    let key = |name: &str| {
        Some(match name {
            "username" => UserSortKey::Username,
            "name" => UserSortKey::Name,
            "createdAt" => UserSortKey::CreatedAt,
            "lastLogin" if all => UserSortKey::LastLogin,
            "active" => UserSortKey::Active,
            _ => return None,
        })
    };
    let keys: Vec<_> =
        sort(given, key)?.into_iter().map(|(key, way)| (key, way == Direction::Descending)).collect();
    Ok(if keys.is_empty() { vec![(UserSortKey::Username, false)] } else { keys })
}

/// A user, as far as the caller may see it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct UserRow<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    emails: Option<Vec<EmailWire<'a>>>,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_login: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_insensitive: Option<String>,
}

impl<'a> UserRow<'a> {
    fn new(seen: &'a Seen, all: bool) -> Self {
        let (user, owner) = (&seen.user, &seen.user.owner);
        Self {
            id: owner.id.as_str(),
            username: &owner.username,
            emails: all.then(|| emails(user)),
            kind: user.kind.as_str(),
            status: PRESENCE,
            active: user.active,
            roles: all.then(|| roles(user)),
            name: owner.name.as_deref(),
            last_login: seen.last_login_at.filter(|_| all).map(Time),
            name_insensitive: owner.name.as_deref().map(folded),
        }
    }
}

/// The parameters.
pub struct ListQuery {
    paging: Paging,
    sort: Option<String>,
    email: Option<String>,
    query: Option<String>,
}

impl Input for ListQuery {
    const FIELDS: &'static [Field] = &[
        Paging::OFFSET,
        Paging::COUNT,
        optional("sort", TEXT).meaning("`{\"username\":1}` and the like, 1 rising and -1 falling."),
        optional("email", TEXT).meaning("Only who has this address."),
        optional("fields", TEXT).meaning("Taken and not used."),
        optional("query", TEXT).meaning("Nothing but `{}`."),
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        Self {
            paging: Paging::read(&mut values),
            sort: values.text("sort"),
            email: values.text("email"),
            query: values.text("query").filter(|query| !query.is_empty()),
        }
    }
}
