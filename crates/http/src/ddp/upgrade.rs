//! `GET /websocket`: the request that becomes a socket (RFC 6455 §4.2).

use super::methods::Methods;
use super::socket::Socket;
use crate::app::{self, Answered, App, refused};
use crate::endpoint::Version;
use crate::refusal::Refusal;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{Response, StatusCode};
use axum::routing::{MethodFilter, on};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const VERSION: HeaderValue = HeaderValue::from_static("13");

/// Puts the sockets on their path, which the published clients build themselves.
pub fn mount(router: Router, methods: &Arc<Methods>, app: &Arc<App>) -> Router {
    let (methods, app) = (methods.clone(), app.clone());
    let handler = move |request: Request| {
        let answer = upgrade(request, &methods, &app).unwrap_or_else(|refusal| {
            let mut response = refused(&refusal, Version::V1);
            if refusal == Refusal::NotAnUpgrade {
                response.headers_mut().extend([(UPGRADE, WEBSOCKET), (SEC_WEBSOCKET_VERSION, VERSION)]);
            }
            response
        });
        async { answer }
    };
    router.route("/websocket", on(MethodFilter::GET, handler))
}

/// Answers 101, and lets the connection go on as a socket.
fn upgrade(mut request: Request, methods: &Arc<Methods>, app: &Arc<App>) -> Result<Answered, Refusal> {
    let upgrading = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let key = key(&parts.headers).ok_or(Refusal::NotAnUpgrade)?;
    let accept = HeaderValue::try_from(derive_accept_key(key)).map_err(|_| Refusal::NotAnUpgrade)?;
    let connection = app::connection(&parts)?.clone();
    let client = app.client(&connection, &parts.headers);
    let (methods, app) = (methods.clone(), app.clone());
    tokio::spawn(async move {
        match upgrading.await {
            Ok(io) => Socket::new(TokioIo::new(io), app, methods, client, connection).await.run().await,
            Err(error) => tracing::debug!(%error, "a connection did not become a socket"),
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().extend([
        (UPGRADE, WEBSOCKET),
        (CONNECTION, HeaderValue::from_static("upgrade")),
        (SEC_WEBSOCKET_ACCEPT, accept),
    ]);
    Ok(response)
}

/// The key of a request that asks for a WebSocket.
fn key(headers: &HeaderMap) -> Option<&[u8]> {
    let says = |name: HeaderName, word: &str| {
        let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.any(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(word)))
    };
    let asks = says(CONNECTION, "upgrade") && says(UPGRADE, "websocket");
    let version = headers.get(SEC_WEBSOCKET_VERSION) == Some(&VERSION);
    headers.get(SEC_WEBSOCKET_KEY).filter(|_| asks && version).map(HeaderValue::as_bytes)
}
