//! The parameters that the endpoints of sessions share.

use crate::input::{Field, Input, Kind, Unknown, Values, optional, required};
use crate::refusal::Refusal;
use crate::v1::paging::Paging;
use crate::v1::sort::sort;
use rollcall_model::limits;
use rollcall_service::index::{List, Scope, SortKey};

/// `filter`, `offset`, `count` and `sort`.
pub struct ListQuery {
    filter: Option<String>,
    paging: Paging,
    sort: Option<String>,
}

impl Input for ListQuery {
    const FIELDS: &'static [Field] = &[
        optional("filter", Kind::Text(limits::FILTER_CHARS)).meaning("One text: a row has it in one of its fields, in whatever case, or a field matches it as a regular expression."),
        Paging::OFFSET,
        Paging::COUNT,
        optional("sort", Kind::Text(limits::TEXT_CHARS)).meaning("`{\"loginAt\":-1}` and the like, 1 rising and -1 falling; the first of several counts first."),
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self { filter: values.text("filter"), paging: Paging::read(&mut values), sort: values.text("sort") }
    }

    fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }
}

impl ListQuery {
    /// What is asked of the index. The empty filter is none.
    pub fn list(self, scope: Scope) -> Result<List, Refusal> {
        let sort = sort(self.sort.as_deref().unwrap_or_default(), sort_key)?;
        let Paging { offset, count } = self.paging;
        let filter = self.filter.filter(|filter| !filter.is_empty()).map(Into::into);
        Ok(List { scope, filter, sort, after: None, offset, count })
    }
}

fn sort_key(name: &str) -> Option<SortKey> {
    Some(match name {
        "loginAt" => SortKey::LoginAt,
        "device.name" => SortKey::DeviceName,
        "device.os.name" => SortKey::OsName,
        "device.os.version" => SortKey::OsVersion,
        "_user.name" => SortKey::Name,
        "_user.username" => SortKey::Username,
        _ => return None,
    })
}

/// `sessionId`.
pub struct SessionInput {
    /// The id as given.
    pub session_id: String,
}

impl Input for SessionInput {
    const FIELDS: &'static [Field] =
        &[required("sessionId", Kind::Text(limits::TEXT_CHARS)).meaning("Which session.")];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self { session_id: values.text("sessionId").unwrap_or_default() }
    }
}
