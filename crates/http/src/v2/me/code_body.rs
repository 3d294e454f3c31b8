//! A code that is the matter itself, and no second factor for it.

use crate::input::{Field, Input, Kind, Unknown, Values, required};
use rollcall_model::limits;

/// A code as it was typed.
pub struct CodeBody {
    pub code: String,
}

impl Input for CodeBody {
    const FIELDS: &'static [Field] = &[required("code", Kind::Text(limits::TEXT_CHARS))];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self { code: values.text("code").unwrap_or_default() }
    }
}
