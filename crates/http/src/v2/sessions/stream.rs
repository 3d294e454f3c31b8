//! `GET sessions/stream`: what comes, changes, leaves and ends among the sessions that a filter finds, as server-sent
//! events. Each carries how far in the ledger one is with it, which `Last-Event-ID` brings back.

use crate::answer::{Answer, Content, Form, Reply, Stream as Streamed};
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, optional};
use crate::refusal::Refusal;
use crate::v2::fields;
use crate::v2::item;
use bytes::Bytes;
use futures_util::stream;
use rollcall_model::{EndReason, Permission, Seq, limits};
use rollcall_service::index::Row;
use rollcall_service::{AnyPrincipal, Beginning, Follower, Next, Notice, Place, Service, Watch};
use serde_json::json;
use std::fmt::Write;
use std::sync::Arc;
use tokio::time::timeout;

/// The endpoint.
pub struct Stream;

/// The parameters.
pub struct StreamQuery {
    q: String,
    last_event_id: Option<usize>,
}

impl Input for StreamQuery {
    const FIELDS: &'static [Field] = &[
        fields::FILTER,
        // For who cannot send the header.
        optional("last_event_id", Kind::Number).meaning("As the header `Last-Event-ID`."),
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self { q: values.text("q").unwrap_or_default(), last_event_id: values.number("last_event_id") }
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.q)
    }
}

impl Endpoint for Stream {
    const ROUTES: &'static [Route] = &[get("/api/v2/sessions/stream")];
    const SUMMARY: &'static str =
        "What happens among the sessions that a filter finds, as server-sent events";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Read,
    };
    type Caller = AnyPrincipal;
    type Query = StreamQuery;
    type Body = Nothing;
    type Answer = Followed;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let (service, caller) = (call.service, call.caller);
        let place = service.stream_place(&caller)?;
        let heard = call.last_event_id.or(call.query.last_event_id.map(|id| id as u64)).map(Seq);
        let watch = caller.user().and_then(|user| service.watch(user));
        let write = |row: &Row<'_>| item::item(row, None);
        let follower = service.follow(&call.query.q, caller.session(), heard, write).await?;
        let going = Going { head: Some(head(&follower)), follower, watch, caller, service, _place: place };
        let pieces = stream::unfold(Some(going), async |going| going?.next().await);
        Ok(Followed(Streamed { content_type: EVENTS, file_name: None, pieces: Box::pin(pieces) }))
    }
}

const EVENTS: &str = "text/event-stream";
/// An event and not a comment: a browser does not show those to its page. Without an id, since one is no further with it.
const ALIVE: &[u8] = b"event: alive\ndata: {}\n\n";

/// Events, for as long as somebody listens.
pub struct Followed(Streamed);

impl Answer for Followed {
    fn forms() -> Vec<Form> {
        let meaning = "`ready` or `resumed`, then `opened`, `changed`, `left`, `ended`, `alive`; `missed` and `closed` are the last";
        vec![Form { status: 200, meaning, content: Content::Text(&[EVENTS]) }]
    }

    fn reply(self) -> Reply {
        Reply::Stream(self.0)
    }
}

/// What stands at the beginning.
fn head(follower: &Follower) -> Bytes {
    match follower.beginning {
        Beginning::Ready { total, each_minute } => {
            let ready = json!({ "total": total, "each_minute": each_minute });
            event("ready", follower.up_to, &ready.to_string())
        }
        Beginning::Resumed => event("resumed", follower.up_to, "{}"),
        Beginning::Missed => missed(),
    }
    .into()
}

fn event(name: &str, up_to: Seq, data: &str) -> String {
    format!("id: {up_to}\nevent: {name}\ndata: {data}\n\n")
}

/// Something is left out: whoever hears it reads the list anew, and follows from the beginning.
fn missed() -> String {
    "id\nevent: missed\ndata: {}\n\n".into()
}

/// A stream under way.
struct Going {
    head: Option<Bytes>,
    follower: Follower,
    watch: Option<Watch>,
    caller: AnyPrincipal,
    service: Arc<Service>,
    _place: Place,
}

impl Going {
    /// The next piece, and what comes after it.
    async fn next(mut self) -> Option<(Bytes, Option<Self>)> {
        if let Some(head) = self.head.take() {
            let goes_on = self.follower.beginning != Beginning::Missed;
            return Some((head, goes_on.then_some(self)));
        }
        let ended = async {
            match &mut self.watch {
                Some(watch) => drop(watch.ended().await),
                None => std::future::pending().await,
            }
        };
        let next = tokio::select! {
            biased;
            () = ended => return Some((last("session-ended"), None)),
            () = self.service.left() => return Some((last("stopping"), None)),
            next = timeout(limits::STREAM_HEARTBEAT, self.follower.next()) => next,
        };
        if !self.service.still_permits(&self.caller, Permission::ViewDeviceManagement) {
            return Some((last("not-permitted"), None));
        }
        Some(match next {
            Err(_) => (Bytes::from_static(ALIVE), Some(self)),
            Ok(Next::Missed) => (missed().into(), None),
            Ok(Next::Notices(up_to, notices)) => (write(up_to, &notices), Some(self)),
        })
    }
}

/// The end, and why.
fn last(reason: &str) -> Bytes {
    format!("event: closed\ndata: {}\n\n", json!({ "reason": reason })).into()
}

/// What was said at once: how far one is with it stands at its last event, so that who is cut off within hears all of it
/// again.
fn write(up_to: Option<Seq>, notices: &[Notice]) -> Bytes {
    let mut out = String::new();
    for (i, notice) in notices.iter().enumerate() {
        let ended = |reason: &Option<EndReason>| reason.map(EndReason::as_str);
        let (name, data) = match notice {
            Notice::Opened(item) => ("opened", String::from_utf8_lossy(item).into_owned()),
            Notice::Changed(item) => ("changed", String::from_utf8_lossy(item).into_owned()),
            Notice::Left(id) => ("left", json!({ "id": id.as_str() }).to_string()),
            Notice::Ended(id, reason) => {
                ("ended", json!({ "id": id.as_str(), "reason": ended(reason) }).to_string())
            }
        };
        if let Some(up_to) = up_to.filter(|_| i + 1 == notices.len()) {
            let _ = writeln!(out, "id: {up_to}");
        }
        let _ = write!(out, "event: {name}\ndata: {data}\n\n");
    }
    out.into()
}
