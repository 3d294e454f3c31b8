//! For supervisors and load balancers: does the process run, and does it answer requests?

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rollcall_service::{Hindrance, MailState, Service};
use serde_json::{Value, json};
use std::sync::Arc;

/// `/healthz`: always 200. `/readyz`: 200 when requests are answered, else 503 with the reason. A mail server
/// that is down is told and changes nothing of it: another node could not do better. So is a store that does not take
/// all that it is asked: lists and tokens are answered, and on a full disk sessions can be ended.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { ([(CACHE_CONTROL, "no-store")], "ok\n") }))
        .route("/readyz", get(move || async move { ready(&service) }))
}

fn ready(service: &Service) -> Response {
    let phase = service.phase();
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    let reason = match phase.reason() {
        "" if !service.is_current() => "the store does not answer",
        reason => reason,
    };
    if reason.is_empty() {
        let body = json!({
            "ready": true,
            "mail": mail(&service.mail_state()),
            "store": store(service.hindrance().as_ref()),
        });
        (StatusCode::OK, headers, body.to_string()).into_response()
    } else {
        let body = json!({ "ready": false, "reason": reason });
        let later = [(RETRY_AFTER, "1")];
        (StatusCode::SERVICE_UNAVAILABLE, headers, later, body.to_string()).into_response()
    }
}

fn store(hindrance: Option<&Hindrance>) -> Value {
    let state = match hindrance {
        None => return json!({ "state": "good" }),
        Some(Hindrance::DiskFull) => "disk-full",
        Some(Hindrance::SyncFailed) => "sync-failed",
        Some(Hindrance::Failing(_)) => "failing",
    };
    json!({ "state": state, "reason": hindrance.map(ToString::to_string) })
}

fn mail(state: &MailState) -> Value {
    match &state.failing {
        None => json!({ "state": "good", "queued": state.waiting }),
        Some((since, reason)) => json!({
            "state": "failing",
            "since": since.to_string(),
            "reason": reason,
            "queued": state.waiting,
        }),
    }
}
