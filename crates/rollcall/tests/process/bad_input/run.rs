//! Sends cases one after the other, and checks each answer and the request after it.

use super::case::{Case, Expected, From};
use super::secrets;
use super::wire::{Answer, Wire};
use rollcall_testkit::sha256;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What the administrator usually calls with.
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/126.0";
/// No refusal says more than that.
const REFUSAL_BYTES_MAX: usize = 8 << 10;
/// Headers that answers have.
const HEADERS: [&str; 13] = [
    "content-type",
    "content-length",
    "cache-control",
    "pragma",
    "date",
    "connection",
    "allow",
    "retry-after",
    "x-request-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "transfer-encoding",
];

/// Somebody signed in.
pub struct Caller {
    username: String,
    password: String,
    user_id: String,
    pub token: String,
}

/// A run against a server.
pub struct Run {
    pub address: SocketAddr,
    pub caller: Caller,
    /// Every token that there ever was.
    pub tokens: Vec<String>,
    /// Cases, without the good requests after them.
    pub cases: usize,
    pub requests: usize,
    /// Refusals by status and code.
    pub kinds: BTreeMap<String, usize>,
    pub slowest: (Duration, String),
    /// What was not as it must be.
    pub wrong: Vec<String>,
    strangers: u32,
}

impl Run {
    pub fn new(address: SocketAddr, username: &str, password: &str) -> Self {
        let caller = Caller {
            username: username.into(),
            password: password.into(),
            user_id: String::new(),
            token: String::new(),
        };
        let mut run = Self {
            address,
            caller,
            tokens: Vec::new(),
            cases: 0,
            requests: 0,
            kinds: BTreeMap::new(),
            slowest: (Duration::ZERO, String::new()),
            wrong: Vec::new(),
            strangers: 0,
        };
        run.sign_in();
        run
    }

    /// Sends it, and then something good: on the same connection if that goes on, else on another.
    pub fn case(&mut self, case: &Case) {
        self.cases += 1;
        let mut wire = Wire::open(self.address);
        let bytes = self.identified(case);
        let began = Instant::now();
        let answer = wire.ask(&bytes);
        self.count(began.elapsed(), &case.what, &answer);
        if let Err(fault) = check(&case.expected, &answer) {
            self.wrong.push(format!("{}\n{fault}\n{}", case.what, answer.text()));
        }
        let goes_on = answer.goes_on() && !case.may_end_connection;
        let wire = goes_on.then_some(wire);
        self.goes_on_after(wire, &case.what, answer.status == 200);
    }

    /// The request after it works, and the caller is still signed in, unless the case ended that.
    pub fn goes_on_after(&mut self, wire: Option<Wire>, what: &str, may_end: bool) {
        let good = self.good();
        let mut wire = wire.unwrap_or_else(|| Wire::open(self.address));
        let began = Instant::now();
        let answer = wire.ask(&good);
        self.count(began.elapsed(), &format!("the request after {what}"), &answer);
        if answer.status == 401 && may_end {
            self.sign_in();
        } else if answer.status != 200 || answer.json()["username"] != *self.caller.username {
            self.wrong.push(format!("after {what}\n{}", answer.text()));
        }
    }

    /// A request that works.
    pub fn good(&self) -> Vec<u8> {
        let head = format!("GET /api/v1/me HTTP/1.1\r\nHost: x\r\n{}\r\n", self.credentials());
        head.into_bytes()
    }

    fn credentials(&self) -> String {
        let Caller { user_id, token, .. } = &self.caller;
        format!("X-User-Id: {user_id}\r\nX-Auth-Token: {token}\r\n")
    }

    /// The case's bytes, with who sends it behind the request line.
    pub fn identified(&mut self, case: &Case) -> Vec<u8> {
        let (bearer, cookie, code) = (secrets::BEARER, secrets::COOKIE, secrets::CODE);
        let planted = format!("Authorization: Bearer {bearer}\r\nCookie: rc_token={cookie}\r\n");
        let lines = match case.from {
            From::Nobody => return case.bytes.clone(),
            From::Administrator => format!(
                "{}{planted}User-Agent: {AGENT}\r\nX-2fa-Method: password\r\nX-2fa-Code: {code}\r\n",
                self.credentials()
            ),
            From::OtherAgent => format!("{}{planted}", self.credentials()),
            From::Stranger => {
                self.strangers += 1;
                let [_, a, b, c] = self.strangers.to_be_bytes();
                format!("{planted}X-Forwarded-For: 10.{a}.{b}.{c}\r\n")
            }
        };
        let line = case.bytes.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
        [&case.bytes[..line], lines.as_bytes(), &case.bytes[line..]].concat()
    }

    fn count(&mut self, took: Duration, what: &str, answer: &Answer) {
        self.requests += 1;
        if took > self.slowest.0 {
            self.slowest = (took, what.into());
        }
        let json = answer.json();
        let code = json["errorType"].as_str().or_else(|| json["error"].as_str()).unwrap_or_default();
        let kind = match answer.status {
            0 => "closed without an answer".to_owned(),
            status => {
                format!("{status} {}", code.split([':', '"']).next().unwrap_or_default()).trim().to_owned()
            }
        };
        *self.kinds.entry(kind).or_default() += 1;
    }

    /// Signs in, and proves a second factor.
    fn sign_in(&mut self) {
        let Caller { username, password, .. } = &self.caller;
        let code = sha256(password);
        let body = json!({ "user": username, "password": password }).to_string();
        let login = format!(
            "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nUser-Agent: {AGENT}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut wire = Wire::open(self.address);
        let answer = wire.ask(login.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let data = &answer.json()["data"];
        let text = |name: &str| data[name].as_str().unwrap().to_owned();
        (self.caller.user_id, self.caller.token) = (text("userId"), text("authToken"));
        self.tokens.push(self.caller.token.clone());
        let proof = format!(
            "GET /api/v1/sessions/list.all?count=1 HTTP/1.1\r\nHost: x\r\nUser-Agent: {AGENT}\r\n\
             X-2fa-Method: password\r\nX-2fa-Code: {code}\r\n{}\r\n",
            self.credentials()
        );
        let answer = wire.ask(proof.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.requests += 2;
    }
}

/// Whether it is the answer that must come.
fn check(expected: &Expected, answer: &Answer) -> Result<(), String> {
    let names = answer.head.lines().skip(1).filter_map(|line| line.split_once(':')).map(|(name, _)| name);
    if let Some(name) = names.into_iter().find(|name| !HEADERS.contains(name)) {
        return Err(format!("the answer has a header {name}"));
    }
    if answer.status >= 500 {
        return Err("it is our fault".into());
    }
    match expected {
        Expected::Exactly(said) => {
            let got = (answer.status, answer.json());
            if !said.contains(&got) {
                return Err(format!("not {said:?}"));
            }
            is_of_ours(answer)?;
            let is_refused_method = answer.status == 405;
            if is_refused_method && answer.header("allow").is_none_or(str::is_empty) {
                return Err("the methods are not named".into());
            }
            Ok(())
        }
        Expected::Taken => {
            is_of_ours(answer)?;
            let json = answer.json();
            let succeeded = answer.status == 200;
            // A method's own error lies in the message.
            let inner: Value = json["message"]
                .as_str()
                .map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or_default());
            let says =
                inner["error"]["message"].as_str().or_else(|| json["error"].as_str()).unwrap_or_default();
            let about_types = says.starts_with("must be ") || says == "Invalid JSON body";
            let known = matches!(answer.status, 200 | 400 | 403 | 404);
            if json["success"] != Value::Bool(succeeded)
                || !known
                || about_types
                || succeeded != says.is_empty()
            {
                return Err("not taken".into());
            }
            Ok(())
        }
        Expected::Broken(statuses) => {
            let fits = answer.status == 0 || statuses.contains(&answer.status);
            if fits && answer.body.is_empty() { Ok(()) } else { Err(format!("not {statuses:?}")) }
        }
        Expected::Bare(status) if answer.status == *status => Ok(()),
        Expected::Bare(status) => Err(format!("not {status}")),
    }
}

/// Whether it looks like all our answers.
fn is_of_ours(answer: &Answer) -> Result<(), String> {
    let headers =
        [("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache")];
    for (name, value) in headers {
        if answer.header(name) != Some(value) {
            return Err(format!("{name} is not {value}"));
        }
    }
    if answer.status != 200 && answer.body.len() > REFUSAL_BYTES_MAX {
        return Err(format!("a refusal of {} bytes", answer.body.len()));
    }
    Ok(())
}
