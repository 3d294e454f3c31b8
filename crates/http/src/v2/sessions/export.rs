//! `GET sessions/export`: all sessions that a filter finds, as they are read, in a form that others take.
//!
//! The last line says whether it is whole: what ends without one was cut.

use crate::answer::{Answer, Content, Form, Reply, Stream};
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, optional};
use crate::refusal::Refusal;
use crate::v2::fields;
use crate::v2::item::{self, Tense};
use crate::v2::page::AsOf;
use crate::v2::sheet;
use bytes::Bytes;
use futures_util::stream;
use rollcall_model::{Permission, Timestamp, limits};
use rollcall_service::index::Row;
use rollcall_service::{AnyPrincipal, Found, Service};
use std::sync::Arc;

/// The endpoint.
pub struct Export;

/// The parameters.
pub struct ExportQuery {
    q: String,
    format: Option<String>,
    as_of: Option<Timestamp>,
}

impl Input for ExportQuery {
    const FIELDS: &'static [Field] = &[
        fields::FILTER,
        optional("format", Kind::Text(limits::TEXT_CHARS)).meaning("`ndjson` or `csv`; ndjson without it."),
        fields::AS_OF,
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self {
            q: values.text("q").unwrap_or_default(),
            format: values.text("format"),
            as_of: values.instant("as_of"),
        }
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.q)
    }

    fn as_of(&self) -> Option<Timestamp> {
        self.as_of
    }
}

/// In which form.
#[derive(Clone, Copy)]
enum Format {
    /// A JSON object on each line.
    Ndjson,
    /// A table for spreadsheets.
    Csv,
}

impl Endpoint for Export {
    const ROUTES: &'static [Route] = &[get("/api/v2/sessions/export")];
    const SUMMARY: &'static str = "All sessions that a filter finds, as NDJSON or CSV";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Read,
    };
    type Caller = AnyPrincipal;
    type Query = ExportQuery;
    type Body = Nothing;
    type Answer = Exported;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let format = match call.query.format.as_deref() {
            None | Some("ndjson") => Format::Ndjson,
            Some("csv") => Format::Csv,
            Some(given) => return Err(Refusal::Format { given: given.into() }),
        };
        let of = call.service.as_of(call.query.as_of).await?;
        let filter = call.service.filter(&of, &call.query.q, call.caller.session()).await?;
        let found = call.service.find(of, filter).await?;
        let going = Going { found, items: 0, format, caller: call.caller, service: call.service };
        let head = match format {
            Format::Ndjson => Bytes::new(),
            Format::Csv => sheet::HEAD.into(),
        };
        let rest = stream::unfold(Some(going), async |going| going?.next().await);
        Ok(Exported(Stream {
            content_type: match format {
                Format::Ndjson => NDJSON,
                Format::Csv => CSV,
            },
            file_name: Some(match format {
                Format::Ndjson => "sessions.ndjson",
                Format::Csv => "sessions.csv",
            }),
            pieces: Box::pin(futures_util::StreamExt::chain(stream::iter([head]), rest)),
        }))
    }
}

const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv; charset=utf-8; header=present";

/// What was found, in one form or the other.
pub struct Exported(Stream);

impl Answer for Exported {
    fn forms() -> Vec<Form> {
        let meaning = "The sessions, and a last line that says whether they are all";
        vec![Form { status: 200, meaning, content: Content::Text(&[NDJSON, CSV]) }]
    }

    fn reply(self) -> Reply {
        Reply::Stream(self.0)
    }
}

/// How far it is.
struct Going {
    found: Found,
    items: usize,
    format: Format,
    caller: AnyPrincipal,
    service: Arc<Service>,
}

impl Going {
    /// The next piece, and what comes after it.
    async fn next(mut self) -> Option<(Bytes, Option<Self>)> {
        // Others go between two pieces.
        tokio::task::yield_now().await;
        if !self.service.still_permits(&self.caller, Permission::ViewDeviceManagement) {
            return Some((self.end(false), None));
        }
        let (format, asking) = (self.format, self.caller.session());
        let tense = if self.found.then().is_some() { Tense::Past } else { Tense::Present(asking) };
        let piece = |rows: &[Row<'_>]| (rows.len(), write(rows, format, tense));
        match self.found.read(limits::EXPORTED_AT_ONCE, piece) {
            None => Some((self.end(true), None)),
            Some((items, piece)) => {
                self.items += items;
                Some((piece.into(), Some(self)))
            }
        }
    }

    /// The last line.
    fn end(&self, is_whole: bool) -> Bytes {
        let (items, as_of) = (self.items, self.found.then().map(AsOf::from));
        match self.format {
            Format::Ndjson => {
                let as_of = as_of.map(|as_of| format!(",\"as_of\":{}", as_of.json())).unwrap_or_default();
                format!("{{\"whole\":{is_whole},\"items\":{items}{as_of}}}\n").into()
            }
            Format::Csv => {
                let state = if is_whole { "whole" } else { "cut" };
                let as_of = as_of.map(|as_of| format!(", {as_of}")).unwrap_or_default();
                format!("# {state}, sessions: {items}{as_of}\r\n").into()
            }
        }
    }
}

fn write(rows: &[Row<'_>], format: Format, tense: Tense) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * item::ITEM_BYTES);
    for row in rows {
        match format {
            Format::Ndjson => {
                out.push(b'{');
                item::fields(&mut out, row, tense);
                out.extend_from_slice(b"}\n");
            }
            Format::Csv => sheet::row(&mut out, row, tense),
        }
    }
    out
}
