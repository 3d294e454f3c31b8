//! The caller's own addresses: given, and shown to be its own by a code that is mailed to them.

mod change;
mod confirm;
mod list;
mod verify;

pub use change::Change;
pub use confirm::Confirm;
pub use list::List;
pub use verify::Verify;

use crate::answer::Json;
use crate::refusal::Refusal;
use crate::v2::user::{Email, emails};
use rollcall_model::user;
use schemars::JsonSchema;
use serde::Serialize;

/// All addresses of a user.
#[derive(Serialize, JsonSchema)]
pub struct Emails<'a> {
    items: Vec<Email<'a>>,
}

impl Emails<'_> {
    fn of(items: &[user::Email]) -> Result<Json<Emails<'static>>, Refusal> {
        Json::of(&Emails { items: emails(items) })
    }
}
