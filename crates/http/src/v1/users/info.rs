//! `GET users.info`: one user, by one of its names.

use super::{TEXT, sees_everything};
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::{Field, Input, Unknown, Values, Whatever, one_of, optional};
use crate::refusal::Refusal;
use crate::v1::user_wire::{PRESENCE, UserWire};
use rollcall_service::{Principal, Refusal as Outcome, Seen, UserName};
use serde_json::{Value, json};

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

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
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
        let mut user = if all { whole(&seen) } else { outline(&seen) };
        user["canViewAllInfo"] = json!(all);
        Reply::json(&json!({ "user": user, "success": true }))
    }
}

fn whole(seen: &Seen) -> Value {
    let mut user = serde_json::to_value(UserWire::from(&seen.user)).unwrap_or_default();
    if let Some(at) = seen.last_login_at {
        user["lastLogin"] = json!(at.to_string());
    }
    user
}

fn outline(seen: &Seen) -> Value {
    let owner = &seen.user.owner;
    let mut user = json!({
        "_id": owner.id.as_str(),
        "username": owner.username,
        "status": PRESENCE,
        "active": seen.user.active,
        "type": seen.user.kind.as_str(),
        "utcOffset": 0,
    });
    if let Some(name) = &owner.name {
        user["name"] = json!(name);
    }
    user
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
        optional("includeUserRooms", TEXT),
        optional("fields", TEXT),
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        let id = values.text("userId").map(UserName::Id);
        let name = id.or_else(|| values.text("username").map(UserName::Username));
        Self { name: name.or_else(|| values.text("email").map(UserName::Email)) }
    }
}
