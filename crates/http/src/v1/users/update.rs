//! `POST users.update`: changes a user, oneself or another.

use super::TEXT;
use crate::answer::Json;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, OfTarget, Policy, Rate, Record, Route, StepUp, WithoutFactor, post,
};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Unknown, Values, Whatever, optional, required};
use crate::refusal::Refusal;
use crate::v1::success::Success;
use crate::v1::user_wire::{Showing, UserWire};
use rollcall_model::{Permission, Role, UserChange};
use rollcall_service::{Password, Principal, Refusal as Outcome, SignInRefusal, UserUpdate};

/// The endpoint.
pub struct Update;

impl Endpoint for Update {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.update")];
    const SUMMARY: &'static str = "Change a user, all that is asked for or nothing";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[
            OfTarget {
                when: "`userId` is another's, or `data` has `roles` or `active`",
                permission: Permission::EditOtherUserInfo,
                denied: refused("Editing user is not allowed", "Editing_user"),
                asks: |caller, body| {
                    body.is_of_another(caller)
                        || body.update.roles.is_some()
                        || body.update.change.active.is_some()
                },
            },
            // Whoever sets a password can sign in as its user.
            OfTarget {
                when: "`data` has `password` and `userId` is another's",
                permission: Permission::EditOtherUserPassword,
                denied: refused("Editing user is not allowed", "Editing_user"),
                asks: |caller, body| body.is_of_another(caller) && body.update.password.is_some(),
            },
            OfTarget {
                when: "`data` has `verified`",
                permission: Permission::EditOtherUserInfo,
                denied: refused("Editing email verification is not allowed", "Editing_user"),
                asks: |_, body| body.update.change.verified.is_some(),
            },
            OfTarget {
                when: "`data.roles` has admin",
                permission: Permission::AssignAdminRole,
                denied: refused("Assigning admin is not allowed", "Assign_admin"),
                asks: |_, body| body.update.roles.iter().flatten().any(|role| role == Role::Admin.as_str()),
            },
        ],
        rate: Rate::Default,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = UpdateBody;
    type Answer = Json<Success<Showing<UserWire<'static>>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let UpdateBody { user_id, update } = call.body;
        let changed = call.service.update_user(&call.caller, &user_id, update).await;
        let user = changed.map_err(|refusal| match refusal {
            Outcome::NoSuchUser => Refusal::UserInvalid,
            Outcome::SignIn(SignInRefusal::TokenNotLive) => Refusal::NotSignedIn,
            other => other.into(),
        })?;
        Json::of(&Success::with(Showing { user: UserWire::from(&user) }))
    }
}

const fn refused(sentence: &'static str, action: &'static str) -> DeniedAs {
    DeniedAs::ActionNotAllowed { sentence, method: "insertOrUpdateUser", action }
}

/// Whom, and what is to be otherwise.
pub struct UpdateBody {
    user_id: String,
    update: UserUpdate,
}

impl UpdateBody {
    fn is_of_another(&self, caller: &Principal) -> bool {
        self.user_id != caller.user_id().as_str()
    }
}

const DATA: &[Field] = &[
    optional("email", TEXT).meaning("A new address is not verified, unless `verified` says so."),
    optional("name", TEXT).meaning("As it is shown."),
    optional("password", TEXT).meaning("Ends its sessions; of oneself, all others."),
    optional("username", TEXT).meaning("Nobody else has it, in whatever case."),
    optional("active", Kind::Boolean).meaning("Whether it may sign in."),
    optional("roles", Kind::List).meaning("Ids: these and no others."),
    optional("requirePasswordChange", Kind::Boolean).meaning("Kept and shown; nothing is asked for."),
    optional("verified", Kind::Boolean).meaning("Whether its address counts as verified."),
    optional("sendWelcomeEmail", Kind::Boolean).meaning("Taken and not used."),
    optional("customFields", Kind::Object).meaning("Kept and shown."),
    optional("bio", TEXT).meaning("Kept and shown."),
    optional("nickname", TEXT).meaning("Kept and shown."),
    optional("statusText", TEXT).meaning("Kept and shown."),
    optional("status", TEXT).meaning("Taken and not used."),
];

impl Input for UpdateBody {
    const FIELDS: &'static [Field] = &[
        required("userId", TEXT).meaning("Whom."),
        required("data", Kind::Fields(DATA)).meaning("What is to be different; the rest stays."),
        optional("confirmRelinquish", Kind::Boolean).meaning("Taken and not used."),
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        let user_id = values.text("userId").unwrap_or_default();
        let mut data = values.fields("data").unwrap_or_default();
        let change = UserChange {
            username: data.text("username"),
            name: data.text("name"),
            email: data.text("email"),
            verified: data.boolean("verified"),
            bio: data.text("bio"),
            nickname: data.text("nickname"),
            status_text: data.text("statusText"),
            require_password_change: data.boolean("requirePasswordChange"),
            custom_fields: data.json("customFields").map(|fields| fields.to_string()),
            active: data.boolean("active"),
            ..UserChange::default()
        };
        let (roles, password) = (data.list("roles"), data.text("password").map(Password));
        Self { user_id, update: UserUpdate { change, roles, password } }
    }
}
