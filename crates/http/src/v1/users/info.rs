//! `GET users.info`: one user, by one of its names.

use super::{TEXT, sees_everything};
use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::{Field, Input, Unknown, Values, Whatever, one_of, optional};
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v1::success::Success;
use crate::v1::user_wire::{PRESENCE, Showing, UserWire};
use rollcall_service::{Principal, Refusal as Outcome, Seen, UserName};
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct Info;

impl Endpoint for Info {
    const ROUTES: &'static [Route] = &[get("/api/v1/users.info")];
    const SUMMARY: &'static str = "One user";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = InfoQuery;
    type Body = Whatever;
    type Answer = Json<Success<Showing<UserView<'static>>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let no_user = || Refusal::UserUnknown;
        // Users were imported from nowhere, and have no extension.
        let name = call.query.name.as_ref().ok_or_else(no_user)?;
        let seen = call.service.user(name).await.map_err(|refusal| match refusal {
            Outcome::NoSuchUser => no_user(),
            other => other.into(),
        })?;
        let own = seen.user.owner.no == call.caller.user();
        let all = own || sees_everything(&call.service, &call.caller);
        // Whoever may not see an address must not learn whose it is either.
        if !all && matches!(name, UserName::Email(_)) {
            return Err(no_user());
        }
        let user = if all { Seeing::all(&seen) } else { Seeing::outline(&seen) };
        Json::of(&Success::with(Showing { user: UserView { user, can_view_all_info: all } }))
    }
}

/// A user, as far as the caller may see it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView<'a> {
    #[serde(flatten)]
    user: Seeing<'a>,
    can_view_all_info: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Seeing<'a> {
    All(Box<WholeUser<'a>>),
    Outline(UserOutline<'a>),
}

/// All that there is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WholeUser<'a> {
    #[serde(flatten)]
    user: UserWire<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_login: Option<Time>,
}

/// What everybody may see.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct UserOutline<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    status: &'static str,
    active: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    utc_offset: i32,
}

impl<'a> Seeing<'a> {
    fn all(seen: &'a Seen) -> Self {
        let (user, last_login) = (UserWire::from(&seen.user), seen.last_login_at.map(Time));
        Self::All(Box::new(WholeUser { user, last_login }))
    }

    fn outline(seen: &'a Seen) -> Self {
        let owner = &seen.user.owner;
        Self::Outline(UserOutline {
            id: owner.id.as_str(),
            username: &owner.username,
            name: owner.name.as_deref(),
            status: PRESENCE,
            active: seen.user.active,
            kind: seen.user.kind.as_str(),
            utc_offset: 0,
        })
    }
}

/// Exactly one name.
pub struct InfoQuery {
    /// `None` for names that nobody has.
    name: Option<UserName>,
}

impl Input for InfoQuery {
    const FIELDS: &'static [Field] = &[
        one_of("userId", TEXT),
        one_of("username", TEXT),
        one_of("importId", TEXT),
        one_of("email", TEXT),
        one_of("freeSwitchExtension", TEXT),
        optional("includeUserRooms", TEXT).meaning("Taken and not used."),
        optional("fields", TEXT).meaning("Taken and not used."),
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        let id = values.text("userId").map(UserName::Id);
        let name = id.or_else(|| values.text("username").map(UserName::Username));
        Self { name: name.or_else(|| values.text("email").map(UserName::Email)) }
    }
}
