//! `PUT me/emails`: another address in the place of all that the caller has. It is to be verified.

use super::Emails;
use crate::answer::Json;
use crate::endpoint::{Endpoint, Policy, Route, StepUp, put};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, required};
use crate::refusal::{Place, Refusal};
use crate::v2::me::policy;
use rollcall_model::limits;
use rollcall_service::{Principal, is_address};

/// The endpoint.
pub struct Change;

impl Endpoint for Change {
    const ROUTES: &'static [Route] = &[put("/api/v2/me/emails")];
    const SUMMARY: &'static str = "Give the caller another address, in the place of all that it has";
    const POLICY: Policy<Self> = policy(StepUp::Required);
    type Caller = Principal;
    type Query = Nothing;
    type Body = EmailBody;
    type Answer = Json<Emails<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let email = call.body.email;
        if !is_address(&email) {
            return Err(Refusal::Schema(Place::Body, vec!["`email` must be an address: name@host".into()]));
        }
        Emails::of(&call.service.change_address(&call.caller, email).await?)
    }
}

/// An address.
pub struct EmailBody {
    email: String,
}

impl Input for EmailBody {
    const FIELDS: &'static [Field] = &[required("email", Kind::Text(limits::TEXT_CHARS))];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self { email: values.text("email").unwrap_or_default().trim().to_owned() }
    }
}
