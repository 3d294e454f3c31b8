//! One request and its answer, within bounds: time, size, no redirects.

use super::step_up::Proof;
use super::{Credentials, Failure, Kind, Secret, ServerUrl};
use crate::clean::clean;
use serde_json::Value;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::HeaderValue;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, BodyReader, Error};

/// How long to wait for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long a whole exchange may take.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);
/// How long a stream may be silent: a server that follows says every 15 seconds that it is there.
const SILENCE_MAX: Duration = Duration::from_secs(45);
/// A page of a thousand sessions has some 500 KiB.
const BODY_BYTES_MAX: u64 = 16 << 20;
/// What the server sees as the device. A remembered step-up is bound to it, so that it is always the same.
const USER_AGENT: &str = concat!("rollcall/", env!("CARGO_PKG_VERSION"), " (command line)");

/// Asks one server.
pub struct Http {
    agent: Agent,
    url: ServerUrl,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What is asked. Its `Debug` does not show the body, which may hold a password.
pub struct Request {
    method: &'static str,
    path: String,
    query: Query,
    body: Option<Value>,
    is_sign_in: bool,
    is_stream: bool,
    /// A secret in the body.
    pub secret: Option<Secret>,
}

/// Parameters of a question.
pub type Query = Vec<(&'static str, String)>;

impl Request {
    /// `GET /api/v2/…`
    pub fn get(path: &str, query: Query) -> Self {
        Self { query, ..Self::new("GET", format!("v2/{path}")) }
    }

    /// `GET /api/v2/…`, whose answer is read while it comes.
    pub fn stream(path: &str, query: Query) -> Self {
        Self { is_stream: true, ..Self::get(path, query) }
    }

    /// `POST /api/v2/…`, with a body where there is something to say.
    pub fn post(path: &str, body: Option<Value>) -> Self {
        Self { body, ..Self::new("POST", format!("v2/{path}")) }
    }

    /// `DELETE /api/v2/…`
    pub fn delete(path: &str) -> Self {
        Self::new("DELETE", format!("v2/{path}"))
    }

    /// A sign-in, which is v1's: its second factor is a field of the body.
    pub fn sign_in(body: Value, password: Secret) -> Self {
        let secret = Some(password);
        Self { body: Some(body), is_sign_in: true, secret, ..Self::new("POST", "v1/login".into()) }
    }

    fn new(method: &'static str, path: String) -> Self {
        let query = Query::new();
        Self { method, path, query, body: None, is_sign_in: false, is_stream: false, secret: None }
    }

    /// Whether it changes nothing.
    pub fn is_question(&self) -> bool {
        self.method == "GET"
    }

    /// The filter in it.
    pub fn filter(&self) -> Option<&str> {
        let asked = self.query.iter().find(|(name, _)| *name == "q").map(|(_, value)| value.as_str());
        asked.or_else(|| self.body.as_ref()?.get("q")?.as_str())
    }
}

/// A text as one segment of a path, whatever is in it.
pub fn segment(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            out.push(byte.into());
        } else {
            // Text is always writable.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What came back. Its `Debug` does not show the body, which may hold a token.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// For how long to stay away.
    pub retry_after: Option<Duration>,
    /// The media type, empty when there is none.
    pub media_type: String,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The body; empty of a stream.
    pub body: Vec<u8>,
    /// What comes, when a stream was asked for and is given.
    pub stream: Option<BodyReader<'static>>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Http {
    /// Connects when it is first used.
    pub fn new(url: ServerUrl, insecure_http: bool) -> Result<Self, Failure> {
        url.permit(insecure_http)?;
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect could lead credentials elsewhere.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_resolve(Some(CONNECT_WITHIN))
            .timeout_global(Some(ANSWER_WITHIN))
            .user_agent(USER_AGENT);
        if url.is_encrypted() {
            config = config.tls_config(tls());
        } else {
            // A proxy could read what is not encrypted; with TLS it passes on what it cannot read.
            config = config.proxy(None);
        }
        Ok(Self { agent: config.build().new_agent(), url })
    }

    /// Whom it asks.
    pub fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// Sends a request and takes the whole answer, whatever its status; of a stream that is given, its head.
    pub fn send(
        &self,
        request: &Request,
        credentials: Option<&Credentials>,
        proof: Option<&Proof>,
    ) -> Result<Answer, Failure> {
        let mut uri = format!("{}/api/{}", self.url, request.path);
        if !request.query.is_empty() {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.query).finish();
            uri = format!("{uri}?{query}");
        }
        let mut head = ureq::http::Request::builder().method(request.method).uri(uri);
        if let Some(credentials) = credentials {
            let bearer = format!("Bearer {}", credentials.token.reveal());
            head = head.header("authorization", header(&bearer, "token")?);
        }
        let mut body = request.body.clone();
        if let Some(proof) = proof {
            match &mut body {
                Some(Value::Object(fields)) if request.is_sign_in => {
                    fields.insert("code".into(), proof.code.reveal().into());
                }
                _ => {
                    head = head
                        .header("x-2fa-method", proof.method.as_str())
                        .header("x-2fa-code", header(proof.code.reveal(), "code")?);
                }
            }
        }
        let body = body.map(|body| body.to_string().into_bytes());
        let unusable = |_| Kind::Usage.because(format!("{} cannot be asked", self.url));
        let sent = match body {
            None => self.agent.run(self.patiently(request, head.body(()).map_err(unusable)?)),
            Some(body) => {
                let head = head.header("content-type", "application/json");
                self.agent.run(head.body(body).map_err(unusable)?)
            }
        };
        let mut response = sent.map_err(|error| self.failure(&error))?;
        let text = |name| Some(clean(response.headers().get(name)?.to_str().ok()?, 200));
        let (retry_after, media_type, location) =
            (text("retry-after"), text("content-type"), text("location"));
        let status = response.status();
        let mut answer = Answer {
            status: status.as_u16(),
            retry_after: retry_after.and_then(|seconds| Some(Duration::from_secs(seconds.parse().ok()?))),
            media_type: media_type.unwrap_or_default(),
            location,
            body: Vec::new(),
            stream: None,
        };
        if request.is_stream && status.is_success() {
            answer.stream = Some(response.into_body().into_reader());
        } else {
            let body = response.body_mut().with_config().limit(BODY_BYTES_MAX).read_to_vec();
            answer.body = body.map_err(|error| self.failure(&error))?;
        }
        Ok(answer)
    }

    /// A stream has no end in time: it may only not be silent.
    fn patiently(&self, request: &Request, head: ureq::http::Request<()>) -> ureq::http::Request<()> {
        if !request.is_stream {
            return head;
        }
        let config = self.agent.configure_request(head);
        config.timeout_global(None).timeout_per_read(Some(SILENCE_MAX)).build()
    }

    fn failure(&self, error: &Error) -> Failure {
        let url = &self.url;
        match error {
            Error::BodyExceedsLimit(_) => Kind::Failed
                .because(format!("the answer of {url} is longer than {} MiB", BODY_BYTES_MAX >> 20)),
            Error::Protocol(_) | Error::Http(_) | Error::LargeResponseHeader(..) => {
                Kind::Failed.because(format!("what answers at {url} does not speak HTTP: {}", cause(error)))
            }
            error if is_tls(error) => Kind::Unavailable.because(format!(
                "{url} cannot be trusted: {}. It must speak TLS, with a certificate for that host that this \
                 system trusts",
                cause(error)
            )),
            _ => Kind::Unavailable.because(format!("{url} cannot be reached: {}", cause(error))),
        }
    }
}

/// Whether TLS refused: it says so from within the connection.
fn is_tls(error: &Error) -> bool {
    match error {
        Error::Rustls(_) | Error::Tls(_) => true,
        Error::Io(error) => matches!(error.get_ref(), Some(inner) if inner.is::<rustls::Error>()),
        _ => false,
    }
}

/// The innermost reason, in one line.
fn cause(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = cause.to_string();
    clean(text.strip_prefix("io: ").unwrap_or(&text), 200)
}

/// A header's value that is not shown where headers are.
fn header(text: &str, what: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Kind::Usage.because(format!("there are characters in the {what} that cannot be")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Verified by the certificates that the system trusts, or those that `SSL_CERT_FILE` names.
fn tls() -> TlsConfig {
    let trusted = rustls_native_certs::load_native_certs().certs;
    let trusted: Vec<_> = trusted.iter().map(|it| Certificate::from_der(it.as_ref()).to_owned()).collect();
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(trusted)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write as _};
    use std::net::TcpListener;

    /// What one request to a server that says this comes to, and what the server was sent.
    fn exchange(
        says: &'static [u8],
        ask: impl FnOnce(&Http) -> Result<Answer, Failure>,
    ) -> (Result<Answer, Failure>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                connection.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            connection.write_all(says).unwrap();
            String::from_utf8(head).unwrap()
        });
        let answer = ask(&Http::new(url, false).unwrap());
        (answer, server.join().unwrap())
    }

    #[test]
    fn a_redirect_is_not_followed() {
        let says = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        let (answer, sent) = exchange(says, |http| http.send(&Request::get("me", vec![]), None, None));
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.location.as_deref()), (302, Some("http://127.0.0.1:1/")));
        assert!(sent.starts_with("GET /api/v2/me HTTP/1.1\r\n"), "{sent}");
    }

    #[test]
    fn an_answer_has_a_longest_length() {
        let says = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n[";
        let (answer, _) = exchange(says, |http| http.send(&Request::get("me", vec![]), None, None));
        assert!(answer.is_err());
    }

    #[test]
    fn what_is_no_http_is_said() {
        let (answer, _) =
            exchange(b"SSH-2.0-x\r\n\r\n", |http| http.send(&Request::get("me", vec![]), None, None));
        let failure = answer.unwrap_err();
        assert!(failure.what.contains("does not speak HTTP"), "{failure}");
    }

    #[test]
    fn nobody_there_is_unavailable() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url: ServerUrl = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        drop(listener);
        let failure =
            Http::new(url, false).unwrap().send(&Request::get("me", vec![]), None, None).unwrap_err();
        assert_eq!(failure.kind, Kind::Unavailable);
        assert!(failure.what.contains("refused"), "{failure}");
    }

    #[test]
    fn a_server_without_tls_is_told_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut heard = vec![0; 5];
            connection.read_exact(&mut heard).unwrap();
            connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            // Until the client is gone, for better or worse.
            let _ = connection.read_to_end(&mut heard);
            heard
        });
        let request =
            Request::sign_in(serde_json::json!({ "password": "a secret" }), Secret::new("a secret"));
        let failure = Http::new(url, false).unwrap().send(&request, None, None).unwrap_err();
        assert_eq!(failure.kind, Kind::Unavailable);
        assert!(failure.what.contains("must speak TLS"), "{failure}");
        let heard = server.join().unwrap();
        assert!(!String::from_utf8_lossy(&heard).contains("a secret"));
    }

    #[test]
    fn neither_side_shows_its_body() {
        let request =
            Request::sign_in(serde_json::json!({ "password": "a secret" }), Secret::new("a secret"));
        let answer = Answer {
            status: 200,
            retry_after: None,
            media_type: String::new(),
            location: None,
            body: b"a secret".to_vec(),
            stream: None,
        };
        let shown = format!("{request:?} {answer:?}");
        assert_eq!(shown, r#"Request { path: "v1/login", .. } Answer { status: 200, .. }"#);
    }

    #[test]
    fn a_segment_stays_one() {
        assert_eq!(segment("8Zfjixtr-2_~"), "8Zfjixtr-2_~");
        assert_eq!(segment("../a?b#é %"), "%2E%2E%2Fa%3Fb%23%C3%A9%20%25");
    }

    #[test]
    fn a_query_is_escaped() {
        let says = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        let query = vec![("q", "a b&c=\u{e9}".to_owned())];
        let (_, sent) = exchange(says, |http| http.send(&Request::get("sessions", query), None, None));
        assert!(sent.starts_with("GET /api/v2/sessions?q=a+b%26c%3D%C3%A9 HTTP/1.1\r\n"), "{sent}");
    }
}
