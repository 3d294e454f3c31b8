//! Between the web framework and the guard: a request becomes an arrival, an answer a response.

use crate::answer::{Reply, Stream};
use crate::client_address::TrustedProxies;
use crate::compression;
use crate::cors::{self, AllowedOrigins};
use crate::ddp::Methods;
use crate::endpoint::{Endpoint, Method, Route, Version};
use crate::guard::{self, Answer, Arrival, Guard, PathParams, RateLimiter, RateState, Resumes};
use crate::input::Body;
use crate::metrics::Requests;
use crate::page::{Page, PlainHttp};
use crate::refusal::Refusal;
use crate::v1::errors::{Wire, wire};
use crate::v2::problem::{Problem, problem};
use crate::{console, credentials, endpoints, health, metrics, openapi};
use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_DISPOSITION, CONTENT_TYPE, HOST, HeaderMap, HeaderName,
    HeaderValue, PRAGMA, RETRY_AFTER, SET_COOKIE, USER_AGENT, WWW_AUTHENTICATE,
};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode, Uri};
use axum::routing::{MethodFilter, on};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http_body_util::BodyExt;
use rollcall_model::limits;
use rollcall_service::{Client, Code, Service};
use std::borrow::Cow;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tracing::{Instrument, Span};

/// Settings of the wire.
#[derive(Clone, Debug)]
pub struct WireSettings {
    /// Calls of one address to one endpoint in a window.
    pub rate_calls: u32,
    /// Calls of one principal to API v2 in a window.
    pub principal_calls: u32,
    /// The window's length.
    pub rate_window: Duration,
    /// Whose word on a client's address is taken.
    pub proxies: TrustedProxies,
    /// Whose pages may read answers.
    pub origins: AllowedOrigins,
    /// Where pages that came by plain HTTP may keep the console's cookie.
    pub plain_http: PlainHttp,
}

impl Default for WireSettings {
    fn default() -> Self {
        Self {
            rate_calls: limits::RATE_CALLS,
            principal_calls: limits::PRINCIPAL_CALLS,
            rate_window: limits::RATE_WINDOW,
            proxies: TrustedProxies::default(),
            origins: AllowedOrigins::default(),
            plain_http: PlainHttp::default(),
        }
    }
}

/// What every request needs.
pub struct App {
    pub(crate) guard: Guard,
    proxies: TrustedProxies,
    plain_http: PlainHttp,
    long_bodies: Semaphore,
    /// Random, so that ids of two processes do not meet in one log.
    request_prefix: u32,
    requests: AtomicU64,
    answered: Arc<Requests>,
}

/// A connection, beside each of its requests.
#[derive(Clone)]
pub struct Connection {
    /// The other end.
    pub peer: IpAddr,
    /// Its sign-ins by token.
    pub resumes: Arc<Resumes>,
    /// Its place among the connections: it is free again when nobody holds this any more.
    pub _place: Arc<OwnedSemaphorePermit>,
    /// Turns true when the listener stops.
    pub stop: watch::Receiver<bool>,
}

impl Connection {
    /// Returns when the listener stops.
    pub async fn stopped(&mut self) {
        // A listener that is gone has stopped.
        let _ = self.stop.wait_for(|stop| *stop).await;
    }
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const X_2FA_CODE: HeaderName = HeaderName::from_static("x-2fa-code");
const X_2FA_METHOD: HeaderName = HeaderName::from_static("x-2fa-method");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl App {
    /// The other end of a request.
    pub(crate) fn client(&self, connection: &Connection, headers: &HeaderMap) -> Client {
        let text = |name: &HeaderName| headers.get(name).map(lossy).unwrap_or_default();
        let forwarded: Vec<_> = headers.get_all(&X_FORWARDED_FOR).iter().map(lossy).collect();
        Client {
            ip: self.proxies.client(connection.peer, forwarded.iter().map(AsRef::as_ref)),
            agent: cut(&text(&USER_AGENT), limits::AGENT_CHARS).into(),
            host: cut(&text(&HOST), limits::HOST_CHARS).into(),
        }
    }

    /// The page that a request comes from.
    fn page(&self, connection: &Connection, headers: &HeaderMap) -> Page {
        // Of several proxies the last one is asked: it speaks for those before it, or overwrites what they said.
        let said = headers.get_all(&X_FORWARDED_PROTO).iter().next_back().map(lossy);
        let scheme = said.filter(|_| self.proxies.is_one(connection.peer));
        Page::of(headers, scheme.as_deref().map(str::trim), self.plain_http)
    }

    /// Takes note of an answer.
    pub(crate) fn answered(&self, route: Route, status: u16, took: Duration) {
        self.answered.answered(route, status, took);
    }

    /// A span of its own for one request or method, and the id that it is logged under.
    pub(crate) fn span(&self, route: Route) -> (String, Span) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:08x}-{number:x}", self.request_prefix);
        let span = tracing::info_span!("request", id = &*id, route = route.path);
        (id, span)
    }
}

pub(crate) type Answered = Response<axum::body::Body>;

/// What is served, each by a listener of its own.
#[derive(Clone, Debug)]
pub struct Routers {
    /// All that clients ask for.
    pub requests: Router,
    /// What Prometheus asks for.
    pub metrics: Router,
}

/// Everything that is served. The ids of requests begin with the prefix.
pub fn routers(service: Arc<Service>, settings: WireSettings, request_prefix: u32) -> Routers {
    let answered = Arc::<Requests>::default();
    let metrics = metrics::router(service.clone(), answered.clone());
    let limiter = |calls| RateLimiter::new(calls, settings.rate_window);
    let (rates, principal_rates) = (limiter(settings.rate_calls), limiter(settings.principal_calls));
    let app = Arc::new(App {
        guard: Guard { service: service.clone(), rates, principal_rates },
        proxies: settings.proxies,
        plain_http: settings.plain_http,
        long_bodies: Semaphore::new(limits::LONG_BODIES),
        request_prefix,
        requests: AtomicU64::new(0),
        answered,
    });
    let router = endpoints::routes(&app)
        .merge(health::router(service))
        .merge(openapi::router())
        .fallback(async |method: axum::http::Method, uri: Uri, headers: HeaderMap| {
            console::answer(&method, uri.path(), &headers)
                .unwrap_or_else(|| refused(&Refusal::NoSuchPath, Version::of(uri.path())))
        })
        .method_not_allowed_fallback(async |uri: Uri| {
            refused(&Refusal::NoSuchMethod, Version::of(uri.path()))
        });
    Routers { requests: cors::around(router, settings.origins), metrics }
}

/// Puts an endpoint on its routes.
pub(crate) fn mount<E: Endpoint>(mut router: Router, methods: &mut Methods, app: &Arc<App>) -> Router {
    for route in E::ROUTES {
        let filter = match route.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
            Method::Delete => MethodFilter::DELETE,
            Method::Call | Method::Socket => {
                methods.add::<E>(*route);
                continue;
            }
        };
        let app = app.clone();
        let handler = move |request: Request| serve::<E>(app, *route, request);
        router = router.route(route.path, on(filter, handler));
    }
    router
}

async fn serve<E: Endpoint>(app: Arc<App>, route: Route, request: Request) -> Answered {
    // Some KB: what is wrapped around it hands on a pointer, where it would move all of it each time.
    let answering = Box::pin(answer::<E>(&app, route, request));
    traced(&app, route, answering).await
}

/// Answers within a span of its own, under an id that the answer carries.
pub(crate) async fn traced(app: &App, route: Route, answering: impl Future<Output = Answered>) -> Answered {
    let (id, span) = app.span(route);
    let asked_at = Instant::now();
    let answered = async {
        // A panic is a bug; it must not take the connection's other requests along.
        let response = AssertUnwindSafe(answering).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!("a handler panicked");
            refused(&Refusal::Internal, route.version())
        });
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    };
    let mut response = answered.instrument(span).await;
    app.answered(route, response.status().as_u16(), asked_at.elapsed());
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

async fn answer<E: Endpoint>(app: &App, route: Route, request: Request) -> Answered {
    let (reads, takes_gzip) = (route.method == Method::Get, compression::is_taken(request.headers()));
    let (answer, client) = match arrival(app, route, changes_something::<E>(), request).await {
        Ok(arrival) => {
            let client = arrival.client.ip;
            (guard::run::<E>(&app.guard, arrival).await, Some(client))
        }
        Err(refusal) => (Answer { outcome: Err(refusal), rate: None }, None),
    };
    let pays = |bytes| reads && client.is_some_and(|client| compression::pays(bytes, client));
    let mut response = match answer.outcome {
        Ok(Reply::Json(body)) if pays(body.len()) => compression::answer(body, takes_gzip),
        Ok(reply) => replied(reply),
        Err(refusal) => refused(&refusal, route.version()),
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, allowed::<E>());
    }
    if let Some(rate) = answer.rate {
        rate_headers(response.headers_mut(), rate);
    }
    response
}

pub(crate) async fn arrival(
    app: &App,
    route: Route,
    changes_something: bool,
    request: Request,
) -> Result<Arrival, Refusal> {
    if request.method() == axum::http::Method::HEAD && changes_something {
        return Err(Refusal::NoSuchMethod);
    }
    let (mut parts, body) = request.into_parts();
    if head_bytes(&parts) > limits::HEAD_BYTES {
        return Err(Refusal::HeadTooLong);
    }
    let path = RawPathParams::from_request_parts(&mut parts, &()).await.map_err(|_| Refusal::NoSuchPath)?;
    let connection = connection(&parts)?;
    let body = match route.method {
        Method::Get | Method::Delete => Body::Empty,
        Method::Post | Method::Put | Method::Call | Method::Socket => read(app, &parts.headers, body).await?,
    };
    let own = |name: &HeaderName| parts.headers.get(name).map(lossy).map(Cow::into_owned);
    let page = app.page(connection, &parts.headers);
    let credentials = credentials::of(&parts.headers, route, page)?;
    let client = app.client(connection, &parts.headers);
    let path = path.iter().map(|(name, value)| (name.into(), value.to_owned())).collect();
    Ok(Arrival {
        route,
        credentials,
        code: Code { code: own(&X_2FA_CODE), method: own(&X_2FA_METHOD) },
        client,
        page,
        path: PathParams(path),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body,
        last_event_id: own(&LAST_EVENT_ID).and_then(|id| id.parse().ok()),
        // What a proxy sends on one connection is of as many clients as it likes.
        resumes: if app.proxies.is_one(connection.peer) {
            Arc::default()
        } else {
            connection.resumes.clone()
        },
    })
}

/// The connection that a request came on.
pub(crate) fn connection(parts: &Parts) -> Result<&Connection, Refusal> {
    parts.extensions.get().ok_or_else(|| {
        tracing::error!("a request came without its connection");
        Refusal::Internal
    })
}

/// Whether an endpoint is for changing something, though it may be asked with GET too: HEAD must not.
fn changes_something<E: Endpoint>() -> bool {
    E::ROUTES.iter().any(|route| route.method != Method::Get)
}

/// The methods that the endpoint's routes have.
fn allowed<E: Endpoint>() -> HeaderValue {
    let methods: Vec<_> = E::ROUTES.iter().map(|route| route.method.as_str()).collect();
    HeaderValue::try_from(methods.join(",")).unwrap_or(HeaderValue::from_static("POST"))
}

/// Bytes of a head as it came, but for the method and the version.
fn head_bytes(parts: &Parts) -> usize {
    let line = parts.uri.path_and_query().map_or(0, |path| path.as_str().len());
    // Each header has a colon, a space and a line's end beside its name and value.
    parts.headers.iter().fold(line, |bytes, (name, value)| bytes + name.as_str().len() + value.len() + 4)
}

/// A header's value as text: what is not UTF-8 is replaced. No header's value holds a NUL.
pub(crate) fn lossy(value: &HeaderValue) -> Cow<'_, str> {
    // Nearly all are ASCII, which is found out many bytes at once.
    value.to_str().map_or_else(|_| String::from_utf8_lossy(value.as_bytes()), Cow::Borrowed)
}

fn cut(text: &str, chars: usize) -> &str {
    if text.len() <= chars {
        return text;
    }
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}

async fn read(app: &App, headers: &HeaderMap, body: axum::body::Body) -> Result<Body, Refusal> {
    let collected = tokio::time::timeout(limits::BODY_TIME, collect(&app.long_bodies, body)).await;
    let bytes = collected.map_err(|_| Refusal::BodyTooSlow)??;
    if bytes.is_empty() {
        return Ok(Body::Empty);
    }
    let content_type = headers.get(CONTENT_TYPE).map(lossy).unwrap_or_default().to_ascii_lowercase();
    Ok(if content_type.contains("application/json") {
        Body::Json(bytes)
    } else if content_type.contains("application/x-www-form-urlencoded") {
        Body::Form(bytes)
    } else {
        Body::Other
    })
}

/// A body within its bound. One that is longer is read on for a while, and forgotten: a client hears a
/// refusal only when it has sent what it wanted to.
async fn collect(places: &Semaphore, mut body: axum::body::Body) -> Result<Bytes, Refusal> {
    let (mut kept, mut discarded) = (Vec::new(), 0);
    let mut place = None;
    while let Some(frame) = body.frame().await {
        // A connection that breaks in the middle of a body: nobody hears the answer.
        let frame = frame.map_err(|_| Refusal::NotJson)?;
        let Some(data) = frame.data_ref() else { continue };
        if place.is_none() && kept.len() + data.len() > limits::SHORT_BODY_BYTES {
            // The semaphore is never closed.
            place = places.acquire().await.ok();
            // All of it at once: a body that doubles as it grows is there twice each time.
            kept.reserve_exact(limits::BODY_BYTES - kept.len());
        }
        if kept.len() + data.len() <= limits::BODY_BYTES && discarded == 0 {
            kept.extend_from_slice(data);
        } else {
            discarded += data.len();
        }
        if discarded > limits::BODY_BYTES_DISCARDED {
            break;
        }
    }
    if discarded == 0 { Ok(kept.into()) } else { Err(Refusal::BodyTooLong) }
}

/// Clients compare the type to exactly `application/json`, with nothing behind it.
pub(crate) fn json(status: StatusCode, body: Bytes) -> Answered {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// A good answer, as it is.
fn replied(reply: Reply) -> Answered {
    match reply {
        Reply::Json(body) => json(StatusCode::OK, body.into()),
        Reply::Created(body) => json(StatusCode::CREATED, body.into()),
        Reply::Accepted(body) => json(StatusCode::ACCEPTED, body.into()),
        Reply::Done => done(),
        Reply::Stream(stream) => streamed(stream),
        Reply::WithCookie(reply, cookie) => {
            let mut response = replied(*reply);
            response.headers_mut().extend(cookie.header().map(|cookie| (SET_COOKIE, cookie)));
            response
        }
    }
}

/// What comes by and by.
fn streamed(Stream { content_type, file_name, pieces }: Stream) -> Answered {
    let pieces = pieces.map(Ok::<_, std::convert::Infallible>);
    let mut response = json(StatusCode::OK, Bytes::new());
    *response.body_mut() = axum::body::Body::from_stream(pieces);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(name) = file_name
        && let Ok(attached) = HeaderValue::try_from(format!("attachment; filename=\"{name}\""))
    {
        headers.insert(CONTENT_DISPOSITION, attached);
    }
    response
}

/// What is done, and has nothing to say.
fn done() -> Answered {
    let mut response = json(StatusCode::NO_CONTENT, Bytes::new());
    response.headers_mut().remove(CONTENT_TYPE);
    response
}

pub(crate) fn refused(refusal: &Refusal, version: Version) -> Answered {
    let (status, body, retry_after_s) = match version {
        Version::V1 => {
            let Wire { status, body, retry_after_s } = wire(refusal);
            // A body of text and numbers is always writable.
            (status, serde_json::to_vec(&body).unwrap_or_default(), retry_after_s)
        }
        Version::V2 => {
            let Problem { status, body, retry_after_s } = problem(refusal);
            (status, body.to_string().into_bytes(), retry_after_s)
        }
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json(status, body.into());
    if version == Version::V2 {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    }
    if version == Version::V2 && status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if matches!(refusal, Refusal::HeadTooLong | Refusal::BodyTooLong | Refusal::BodyTooSlow) {
        // What is still on its way is not looked at.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(seconds) = retry_after_s {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn rate_headers(headers: &mut HeaderMap, rate: RateState) {
    let reset = u64::try_from(rate.reset.as_ms()).unwrap_or(0);
    for (name, value) in [
        ("x-ratelimit-limit", u64::from(rate.limit)),
        ("x-ratelimit-remaining", rate.remaining.into()),
        ("x-ratelimit-reset", reset),
    ] {
        headers.insert(HeaderName::from_static(name), value.into());
    }
}
