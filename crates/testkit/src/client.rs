//! Somebody who calls a server over HTTP.

use crate::conformance;
use crate::waits::HANGS;
use flate2::write::GzDecoder;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Lower-case hex of a text's SHA-256: what a password is as a second factor.
pub fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// A caller's own connections.
fn connections() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(HANGS).build().unwrap()
}

/// A user agent that says Chrome 125 on a Mac.
const BROWSER: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) \
                       Chrome/125.0.0.0 Safari/537.36";

/// A client with its headers, credentials among them.
#[derive(Clone, Debug)]
pub struct Caller {
    http: reqwest::Client,
    base: String,
    headers: HeaderMap,
    /// The user's id, empty before a sign-in.
    pub user_id: String,
    /// The token, empty before a sign-in.
    pub token: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; `Null` where it is no JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// A header's value, empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The type of a problem document, without what all begin with; empty where it is none.
    pub fn problem(&self) -> &str {
        let is_one = self.header("content-type") == "application/problem+json";
        let kind = if is_one { self.body["type"].as_str().unwrap() } else { "" };
        kind.strip_prefix("/problems/").unwrap_or(kind)
    }

    /// The ids of the items of a page of API v2.
    pub fn item_ids(&self) -> Vec<String> {
        let items = self.body["items"].as_array().unwrap_or_else(|| panic!("no page: {self:?}"));
        items.iter().map(|item| item["id"].as_str().unwrap().into()).collect()
    }

    /// The ids of a page's rows.
    pub fn ids(&self) -> Vec<String> {
        let rows = self.body["sessions"].as_array().unwrap_or_else(|| panic!("no page: {self:?}"));
        rows.iter().map(|row| row["sessionId"].as_str().unwrap().into()).collect()
    }
}

impl Caller {
    /// Somebody at a server: `http://…`.
    pub fn new(base: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("user-agent", HeaderValue::from_static(BROWSER));
        Self { http: connections(), base: base.into(), headers, user_id: String::new(), token: String::new() }
    }

    /// The same with one more header, or another value for it; on a connection of its own.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut with = self.clone();
        let name = HeaderName::try_from(name).unwrap();
        with.headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        with.http = connections();
        with
    }

    /// The same with the password as a second factor.
    #[must_use]
    pub fn with_code(&self, password: &str) -> Self {
        self.with("x-2fa-method", "password").with("x-2fa-code", &sha256(password))
    }

    /// The same with this code that was mailed.
    #[must_use]
    pub fn with_mailed(&self, code: &str) -> Self {
        self.with("x-2fa-method", "email").with("x-2fa-code", code)
    }

    /// Another who calls with these credentials.
    #[must_use]
    pub fn with_credentials(&self, user_id: &str, token: &str) -> Self {
        let mut with = self.with("x-user-id", user_id).with("x-auth-token", token);
        (with.user_id, with.token) = (user_id.into(), token.into());
        with
    }

    /// Signs in, and gives who is then calling.
    #[must_use]
    pub async fn sign_in(&self, username: &str, password: &str) -> Self {
        let answer = self.post("login", &json!({ "user": username, "password": password })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = |name: &str| answer.body["data"][name].as_str().unwrap().to_owned();
        self.with_credentials(&text("userId"), &text("authToken"))
    }

    /// The id of the calling session.
    pub async fn session_id(&self) -> String {
        let own = self.get("sessions/list?count=100").await;
        let rows = own.body["sessions"].as_array().unwrap();
        let current = rows.iter().find(|row| row["current"] == true).unwrap();
        current["sessionId"].as_str().unwrap().into()
    }

    /// `GET /api/v1/…`
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", &format!("/api/v1/{path}"))).await
    }

    /// `POST /api/v1/…` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", &format!("/api/v1/{path}")).json(body)).await
    }

    /// `METHOD /api/v2/…`, with a JSON body where there is one.
    pub async fn v2(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = self.request(method, &format!("/api/v2/{path}"));
        self.send(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// `GET /api/v2/…`
    pub async fn get_v2(&self, path: &str) -> Answer {
        self.v2("GET", path, None).await
    }

    /// `DELETE /api/v2/…`
    pub async fn delete_v2(&self, path: &str) -> Answer {
        self.v2("DELETE", path, None).await
    }

    /// `POST /api/v1/…` with any body.
    pub async fn post_raw(&self, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request("POST", &format!("/api/v1/{path}"));
        self.send(request.header("content-type", content_type).body(body)).await
    }

    /// Any request, to be changed before it is sent.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}{path}", self.base)).headers(self.headers.clone())
    }

    /// Sends it.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let (http, request) = request.build_split();
        let request = request.unwrap();
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        let response = http.execute(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut bytes = response.bytes().await.unwrap().to_vec();
        if headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip") {
            let mut decoder = GzDecoder::new(Vec::new());
            std::io::Write::write_all(&mut decoder, &bytes).unwrap();
            bytes = decoder.finish().unwrap();
        }
        let text = String::from_utf8(bytes).unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answer = Answer { status, headers, body, text };
        conformance::check(&method, &path, &answer);
        answer
    }
}
