//! `POST users.create`: makes a user.

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
use rollcall_model::user::Profile;
use rollcall_model::{Permission, Role};
use rollcall_service::{Password, Principal, UserRequest};

/// The endpoint.
pub struct Create;

impl Endpoint for Create {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.create")];
    const SUMMARY: &'static str = "Make a user";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(
            Permission::CreateUser,
            DeniedAs::ActionNotAllowed {
                sentence: "Adding user is not allowed",
                method: "insertOrUpdateUser",
                action: "Adding_user",
            },
        ),
        of_target: &[OfTarget {
            when: "roles has admin",
            permission: Permission::AssignAdminRole,
            denied: DeniedAs::ActionNotAllowed {
                sentence: "Assigning admin is not allowed",
                method: "insertOrUpdateUser",
                action: "Assign_admin",
            },
            asks: |_, body| body.assigns_admin(),
        }],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = CreateBody;
    type Answer = Json<Success<Showing<UserWire<'static>>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let user = call.service.create_user(&call.caller, call.body.request).await?;
        Json::of(&Success::with(Showing { user: UserWire::from(&user) }))
    }
}

/// The parameters of `users.create`.
pub struct CreateBody {
    request: UserRequest,
}

impl Input for CreateBody {
    const FIELDS: &'static [Field] = &[
        required("name", TEXT).meaning("As it is shown."),
        required("email", TEXT).meaning("Nobody else has it."),
        required("username", TEXT).meaning("Nobody else has it, in whatever case."),
        optional("password", TEXT).meaning("Needed, unless it is to be a random one."),
        optional("setRandomPassword", Kind::Boolean)
            .meaning("Give it a random password, which nobody is told."),
        optional("roles", Kind::List).meaning("Ids; the default role without it."),
        optional("active", Kind::Boolean).meaning("Whether it may sign in; true without it."),
        optional("verified", Kind::Boolean).meaning("Whether its address counts as verified."),
        optional("nickname", TEXT).meaning("Kept and shown."),
        optional("bio", TEXT).meaning("Kept and shown."),
        optional("statusText", TEXT).meaning("Kept and shown."),
        optional("requirePasswordChange", Kind::Boolean).meaning("Kept and shown; nothing is asked for."),
        optional("joinDefaultChannels", Kind::Boolean).meaning("Taken and not used."),
        optional("sendWelcomeEmail", Kind::Boolean).meaning("Whether a mail tells the user."),
        optional("customFields", Kind::Object).meaning("Kept and shown."),
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        let mut text = |name| values.text(name).unwrap_or_default();
        let (name, username, email) = (text("name"), text("username"), text("email"));
        let (bio, nickname, status_text) = (text("bio"), text("nickname"), text("statusText"));
        let random = values.boolean("setRandomPassword").unwrap_or(false);
        let password = values.text("password");
        let profile = Profile {
            bio,
            nickname,
            status_text,
            require_password_change: values.boolean("requirePasswordChange").unwrap_or(false),
            custom_fields: values.json("customFields").map(|fields| fields.to_string()).unwrap_or_default(),
        };
        Self {
            request: UserRequest {
                name,
                username,
                email,
                verified: values.boolean("verified").unwrap_or(false),
                // Without either, the empty password is complained of in its turn.
                password: (!random).then(|| Password(password.unwrap_or_default())),
                roles: values.list("roles"),
                active: values.boolean("active").unwrap_or(true),
                welcome: values.boolean("sendWelcomeEmail").unwrap_or(false),
                profile,
            },
        }
    }
}

impl CreateBody {
    fn assigns_admin(&self) -> bool {
        self.request.roles.iter().flatten().any(|role| role == Role::Admin.as_str())
    }
}
