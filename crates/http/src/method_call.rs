//! `POST method.call/{method}`: methods of the socket protocol, called over HTTP. The call travels as JSON
//! in a string in JSON, and so does its answer.

use crate::app::{self, Answered, App, arrival, refused, traced};
use crate::endpoint::{
    Endpoint, Needs, OfTarget, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, call,
};
use crate::guard::{self, Call};
use crate::input::{Body, Nothing, Top, Whatever, parse};
use crate::refusal::Refusal;
use crate::v1::errors::inner;
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, on};
use rollcall_service::Principal;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

type Serve = fn(Arc<App>, Route, String, Request) -> Pin<Box<dyn Future<Output = Answered> + Send>>;

/// The methods by name.
#[derive(Default)]
pub struct Methods(HashMap<&'static str, (Route, Serve)>);

impl Methods {
    /// Puts a method among them.
    pub fn add<E: Endpoint>(&mut self, route: Route) {
        self.0.insert(
            route.path,
            (route, |app, route, name, request| Box::pin(serve::<E>(app, route, name, request))),
        );
    }

    /// Puts them on their route.
    pub fn mount(mut self, router: Router, app: &Arc<App>) -> Router {
        self.add::<NoMethod>(NO_METHOD);
        let (methods, app) = (Arc::new(self.0), app.clone());
        let handler = move |Path(name): Path<String>, request: Request| {
            let method = methods.get(&*name).or_else(|| methods.get(NO_METHOD.path)).copied();
            let app = app.clone();
            async move {
                let Some((route, serve)) = method else { return refused(&Refusal::Internal) };
                traced(&app, route, serve(app.clone(), route, name, request)).await
            }
        };
        router.route("/api/v1/method.call/{name}", on(MethodFilter::POST, handler))
    }
}

async fn serve<E: Endpoint>(app: Arc<App>, route: Route, name: String, request: Request) -> Answered {
    let mut id = CallId::Null;
    let outcome = match arrival::<E>(&app, route, request).await {
        Ok(mut arrival) => {
            (id, arrival.body) = open(&arrival.body, &name);
            guard::run::<E>(&app.guard, arrival).await.outcome
        }
        Err(refusal) => Err(refusal),
    };
    // Credentials and form come first for a method that there is not, too.
    let outcome = if route == NO_METHOD { outcome.and(Err(Refusal::NoSuchCall { name })) } else { outcome };
    match (answer(&id, &outcome), outcome) {
        (Some((status, body)), _) => app::json(status, body.into()),
        (None, Err(refusal)) => refused(&refusal),
        (None, Ok(_)) => refused(&Refusal::Internal),
    }
}

/// Stands for all methods that there are not.
struct NoMethod;

const NO_METHOD: Route = call("no such method");

impl Endpoint for NoMethod {
    const ROUTES: &'static [Route] = &[NO_METHOD];
    const SUMMARY: &'static str = "A method that there is not";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: OfTarget::Nothing,
        rate: Rate::Uncounted,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = Nothing;

    async fn act(_call: Call<Self>) -> Result<Reply, Refusal> {
        Ok(Reply::nothing())
    }
}

/// What a call's answer repeats.
type CallId = Value;

/// Takes a call apart: its id, and its parameters as the body of the method. What is no call of this method
/// is said when it is the body's turn.
fn open(body: &Body, name: &str) -> (CallId, Body) {
    let outer = match body {
        Body::Json(bytes) => parse(bytes),
        _ => None,
    };
    let unusable = |refusal| (Value::Null, Body::Unusable(Box::new(refusal)));
    let Some(outer) = outer else { return unusable(Refusal::NotJson) };
    let Top::Object(pairs) = outer else { return unusable(Refusal::NotACall) };
    let message = pairs.iter().find(|(key, _)| key == "message").and_then(|(_, value)| value.as_str());
    let call = message.and_then(|message| serde_json::from_str::<Value>(message).ok());
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

/// What is answered to a call. `None` for a refusal that is about the
/// request and not about the call.
fn answer(id: &CallId, outcome: &Result<Reply, Refusal>) -> Option<(StatusCode, Vec<u8>)> {
    let mut message = json!({ "msg": "result", "id": id });
    match outcome {
        Ok(reply) => {
            // A reply is JSON of our own making, or nothing.
            if let Ok(result) = serde_json::from_slice::<Value>(&reply.0) {
                message["result"] = result;
            }
        }
        Err(refusal) => message["error"] = inner(refusal)?,
    }
    let body = json!({ "message": message.to_string(), "success": outcome.is_ok() });
    let status = if outcome.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Some((status, body.to_string().into_bytes()))
}
