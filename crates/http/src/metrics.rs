//! `GET /metrics`: what Prometheus asks for. It tells who is how busy, so it has a listener of its own.

use crate::endpoint::Route;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use rollcall_service::{Service, TIMES};
use std::sync::Arc;
use std::time::Duration;

/// The requests that were answered: how many, how, and how fast.
pub struct Requests {
    registry: Registry,
    answered: Family<Request, Histogram, fn() -> Histogram>,
}

/// Requests that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: &'static str,
    status: u16,
}

impl Default for Requests {
    fn default() -> Self {
        let answered = Family::new_with_constructor((|| Histogram::new(TIMES)) as fn() -> Histogram);
        let mut registry = Registry::with_prefix("rollcall");
        let text = "Time from a request's head to its answer, by method, route and status; for methods on sockets the \
                    status that they would have over HTTP";
        registry.register("request_seconds", text, answered.clone());
        Self { registry, answered }
    }
}

impl Requests {
    /// One was answered.
    pub fn answered(&self, route: Route, status: u16, took: Duration) {
        let request = Request { method: route.method.as_str(), route: route.path, status };
        self.answered.get_or_create(&request).observe(took.as_secs_f64());
    }
}

/// What the listener of metrics serves.
pub fn router(service: Arc<Service>, requests: Arc<Requests>) -> Router {
    let headers = [(CONTENT_TYPE, prometheus_text::CONTENT_TYPE), (CACHE_CONTROL, "no-store")];
    let answer = move || {
        let mut text = service.metrics();
        // Writing to a string does not fail.
        let _ = prometheus_text::encode(&mut text, &requests.registry);
        async move { (headers, text) }
    };
    Router::new().route("/metrics", get(answer))
}
