//! What v1 says when it is done: what there is to say, and `success`.

use schemars::JsonSchema;
use serde::Serialize;

/// An answer's own fields, and that it went well.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Success<T> {
    #[serde(flatten)]
    body: T,
    success: bool,
}

/// No fields of its own.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Nothing {}

impl<T> Success<T> {
    /// With these fields.
    pub const fn with(body: T) -> Self {
        Self { body, success: true }
    }
}

impl Success<Nothing> {
    /// With none.
    pub const DONE: Self = Self::with(Nothing {});
}
