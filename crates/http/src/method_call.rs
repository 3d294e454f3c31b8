//! `POST method.call/{method}`: methods of the socket protocol, called over HTTP. The call travels as JSON
//! in a string in JSON, and so does its answer.

use crate::answer::Reply;
use crate::app::{self, Answered, App, arrival, refused, traced};
use crate::ddp::{Method, Methods, errors};
use crate::endpoint::Version;
use crate::input::Body;
use crate::refusal::Refusal;
use crate::written::{Written, parse};
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, on};
use serde_json::{Value, json};
use std::sync::Arc;

/// Puts the methods that may be called over HTTP on their route.
pub(crate) fn mount(router: Router, methods: &Arc<Methods>, app: &Arc<App>) -> Router {
    let (methods, app) = (methods.clone(), app.clone());
    let handler = move |Path(name): Path<String>, request: Request| {
        let (method, app) = (methods.over_http(&name), app.clone());
        async move {
            match method {
                Some(method) => traced(&app, method.route, serve(&app, method, name, request)).await,
                None => refused(&Refusal::NoSuchPath, Version::V1),
            }
        }
    };
    router.route("/api/v1/method.call/{name}", on(MethodFilter::POST, handler))
}

async fn serve(app: &Arc<App>, method: Method, name: String, request: Request) -> Answered {
    let mut id = CallId::Null;
    let outcome = match arrival(app, method.route, true, request).await {
        Ok(mut arrival) => {
            (id, arrival.body) = open(&arrival.body, &name);
            if name != method.route.path && matches!(arrival.body, Body::Params(_)) {
                // Said when it is the body's turn, so that credentials come first for unknown names too.
                arrival.body = Body::Unusable(Box::new(Refusal::NoSuchCall { name }));
            }
            method.run(app.clone(), arrival).await
        }
        Err(refusal) => Err(refusal),
    };
    match (answer(&id, &outcome), outcome) {
        (Some((status, body)), _) => app::json(status, body.into()),
        (None, Err(refusal)) => refused(&refusal, Version::V1),
        (None, Ok(_)) => refused(&Refusal::Internal, Version::V1),
    }
}

/// What a call's answer repeats.
pub type CallId = Value;

/// Takes a call apart: its id, and its parameters as the body of the method. What is no call of this method
/// is said when it is the body's turn.
pub fn open(body: &Body, name: &str) -> (CallId, Body) {
    let unusable = |refusal| (Value::Null, Body::Unusable(Box::new(refusal)));
    let message = match body {
        Body::Form(form) => form_urlencoded::parse(form)
            .find(|(key, _)| key == "message")
            .map(|(_, value)| value.into_owned()),
        Body::Json(bytes) => match parse(bytes) {
            None => return unusable(Refusal::NotJson),
            Some(Written::Other(_)) => None,
            Some(Written::Object(pairs)) => match pairs.into_iter().find(|(key, _)| key == "message") {
                Some((_, Written::Other(Value::String(message)))) => Some(message),
                _ => None,
            },
        },
        Body::Other => return unusable(Refusal::NotJson),
        Body::Empty | Body::Params(_) | Body::Unusable(_) => None,
    };
    let call = message.and_then(|message| serde_json::from_str::<Value>(&message).ok());
    let Some(Value::Object(mut call)) = call else { return unusable(Refusal::NotACall) };
    let (id, method, params) = (call.remove("id"), call.remove("method"), call.remove("params"));
    match (id, method, params) {
        (
            Some(id @ (Value::String(_) | Value::Number(_))),
            Some(Value::String(method)),
            Some(Value::Array(params)),
        ) if method == name => (id, Body::Params(params)),
        _ => unusable(Refusal::NotACall),
    }
}

/// What is answered to a call. `None` for a refusal that is about the request and not about the call.
fn answer(id: &CallId, outcome: &Result<Reply, Refusal>) -> Option<(StatusCode, Vec<u8>)> {
    let mut message = json!({ "msg": "result", "id": id });
    match outcome {
        Ok(reply) => {
            // A reply is JSON of our own making, or nothing.
            if let Some(result) =
                reply.json_bytes().and_then(|json| serde_json::from_slice::<Value>(json).ok())
            {
                message["result"] = result;
            }
        }
        Err(refusal) if errors::is_about_the_call(refusal) => message["error"] = errors::error(refusal),
        Err(_) => return None,
    }
    let body = json!({ "message": message.to_string(), "success": outcome.is_ok() });
    let status = if outcome.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Some((status, body.to_string().into_bytes()))
}
