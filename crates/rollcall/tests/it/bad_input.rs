//! Whatever is sent, the answer is the contract's, the next request on a new connection works, and the
//! process stands. What no client library would send is written to a socket by hand.

use rollcall::config::Config;
use rollcall_model::limits;
use rollcall_store::Loading;
use rollcall_testkit::{ADMIN, Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server, an administrator whose second factor is remembered, a plain user, and how much was asked.
struct Bed {
    server: TestServer,
    admin: Caller,
    zoe: Caller,
    requests: AtomicUsize,
}

impl Bed {
    async fn new() -> Self {
        let server = TestServer::start().await;
        server.user("zoe").await;
        let (admin, zoe) = (server.elevated_admin().await, server.caller().sign_in("zoe", PASSWORD).await);
        Self { server, admin, zoe, requests: AtomicUsize::new(0) }
    }

    /// Counts a request, and has the answer checked before anything else is asked.
    async fn answered(&self, what: &str, asked: impl Future<Output = Answer>, wanted: &(u16, Value)) -> Answer {
        let answer = asked.await;
        self.count(1);
        let body = answer.body.as_object().cloned().unwrap_or_default();
        let wanted_body = wanted.1.as_object().cloned().unwrap_or_default();
        let is_there = wanted_body.iter().all(|(name, value)| body.get(name) == Some(value));
        assert!(answer.status == wanted.0 && is_there, "{what}: {answer:?}, not {wanted:?}");
        self.stands(what).await;
        answer
    }

    async fn stands(&self, after: &str) {
        self.count(1);
        // One more header is one more connection.
        let answer = self.zoe.with("x-after", "1").get("me").await;
        assert_eq!((answer.status, &answer.body["username"]), (200, &json!("zoe")), "after {after}");
    }

    fn count(&self, requests: usize) {
        self.requests.fetch_add(requests, Ordering::Relaxed);
    }

    async fn list(&self, query: &str) -> Answer {
        self.admin.get(&format!("sessions/list.all?{query}")).await
    }

    /// The credentials' lines of a request by hand.
    fn signed(caller: &Caller) -> String {
        format!("X-User-Id: {}\r\nX-Auth-Token: {}\r\n", caller.user_id, caller.token)
    }

    /// Sends it by hand, has the status checked, and gives the answer's text.
    async fn raw(&self, what: &str, request: &[u8], statuses: &[u16]) -> String {
        let text = exchange(self.server.address, request);
        self.count(1);
        assert!(statuses.contains(&status(&text)), "{what}: {text:?}, not {statuses:?}");
        self.stands(what).await;
        text
    }

    /// A session of the plain user that was opened by hand, as its own list shows it.
    async fn opened_by_hand(&self, what: &str, headers: &[u8]) -> Value {
        let body = json!({ "user": "zoe", "password": PASSWORD }).to_string();
        let mut request = b"POST /api/v1/login HTTP/1.1\r\nConnection: close\r\n".to_vec();
        request.extend_from_slice(headers);
        let rest = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        request.extend_from_slice(rest.as_bytes());
        let text = self.raw(what, &request, &[200]).await;
        let login: Value = serde_json::from_str(body_of(&text)).unwrap();
        let of = |name: &str| login["data"][name].as_str().unwrap().to_owned();
        let caller = self.server.caller().with_credentials(&of("userId"), &of("authToken"));
        self.count(2);
        let id = caller.session_id().await;
        let row = self.list(&format!("filter={id}")).await;
        assert_eq!((row.status, &row.body["total"]), (200, &json!(1)), "{what}: {row:?}");
        row.body["sessions"][0].clone()
    }

    /// Nothing that was sent made or ended anything of the two users, and the ledger is whole.
    async fn end(self, what: &str) {
        assert!(self.server.store.verify().await.unwrap().is_ok());
        println!("{what}: {} requests", self.requests.load(Ordering::Relaxed));
        self.server.stop().await;
    }
}

/// Writes to a new connection, and reads until the server closes it. Blocks: the server has threads of its
/// own.
fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    // Longer than any bound of the server, so that a test that hangs fails instead.
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    // A server that has read enough answers and closes before all is written.
    let _ = socket.write_all(request);
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of the first answer, 0 without one.
fn status(text: &str) -> u16 {
    text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
}

fn body_of(text: &str) -> &str {
    text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// Reads one answer, and leaves the connection open.
fn read_one(socket: &mut TcpStream) -> (u16, Value) {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        text.push(byte[0]);
    }
    let head = String::from_utf8(text).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    socket.read_exact(&mut body).unwrap();
    (status(&head.replacen("http", "HTTP", 1)), serde_json::from_slice(&body).unwrap())
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "%{byte:02X}").unwrap();
        out
    })
}

fn in_query(message: &str) -> (u16, Value) {
    (400, json!({ "success": false, "errorType": "error-invalid-params", "error": message }))
}

fn in_body(message: &str) -> (u16, Value) {
    (400, json!({ "success": false, "errorType": "invalid-params", "error": message }))
}

fn not_json() -> (u16, Value) {
    in_body("Invalid JSON body")
}

fn no_session() -> (u16, Value) {
    (404, json!({ "success": false, "error": "Session not found" }))
}

fn unauthorized() -> (u16, Value) {
    (401, json!({ "success": false, "status": "error", "error": "Unauthorized", "message": "Unauthorized" }))
}

fn not_signed_in() -> (u16, Value) {
    let sentence = "You must be logged in to do this.";
    (401, json!({ "success": false, "status": "error", "error": sentence, "message": sentence }))
}

fn page(total: usize, count: usize, offset: usize) -> (u16, Value) {
    (200, json!({ "success": true, "total": total, "count": count, "offset": offset }))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_is_refused_wherever_bodies_are_looked_at() {
    let bed = Bed::new().await;
    let deep = |open: &str, times: usize| open.repeat(times).into_bytes();
    let nested = |levels: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(levels), "]".repeat(levels)).into_bytes();
    let bodies: Vec<Vec<u8>> = [
        "{", "}", "[", "\"", "{{}}", "{}}", "{} {}", "{}[]", "nul", "nulll", "True", "'x'", "NaN", "-", "01", "1.",
        ".5", "+1", "0x10", "Infinity", "{a:1}", "{'a':1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "[1,]",
        "{\"a\":1 \"b\":2}", "{\"a\":1};", "/**/{}", "{}//", "\u{feff}{}", "user=zoe", "<xml/>", "\0", "{}\0",
        "{\"a\":\"\0\"}", "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"\\ud800\":1}", "{\"a\":1e999}", "{\"a\":-1e999}",
        " ", "\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into_iter()
    .chain([b"{\"a\":\"\xff\"}".to_vec(), b"{\"\xc0\x80\":1}".to_vec(), b"\xff\xfe{\x00}\x00".to_vec()])
    .chain([deep("[", 100_000), deep("{\"a\":", 100_000), deep("{\"a\":[", 50_000), nested(100_000)])
    .collect();
    for body in bodies {
        for (caller, path) in [
            (&bed.server.caller(), "login"),
            (&bed.zoe, "sessions/logout.me"),
            (&bed.admin, "sessions/logout"),
            (&bed.admin, "users.create"),
            (&bed.admin, "users.delete"),
        ] {
            let what = format!("{path} {:?}", String::from_utf8_lossy(&body[..body.len().min(40)]));
            let asked = caller.post_raw(path, "application/json", body.clone());
            bed.answered(&what, asked, &not_json()).await;
        }
    }
    // `logout` ignores its body, whatever it is.
    let (status, said) = (200, json!({ "status": "success", "success": true }));
    let leaving = bed.server.caller().sign_in("zoe", PASSWORD).await;
    bed.answered("logout", leaving.post_raw("logout", "application/json", "{"), &(status, said)).await;
    bed.end("broken JSON").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_no_object_is_malformed_and_at_sign_in_a_wrong_password() {
    let bed = Bed::new().await;
    let flat = format!("{}{}", "[".repeat(100), "]".repeat(100));
    // Deeper than any parser's stack: skipped over, not descended into.
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in ["null", "true", "0", "-1", "1e5", "\"x\"", "\"{}\"", "[]", "[{}]", " [ ] ", &flat, &deep] {
        for (caller, path) in [
            (&bed.zoe, "sessions/logout.me"),
            (&bed.admin, "sessions/logout"),
            (&bed.admin, "users.create"),
            (&bed.admin, "users.delete"),
        ] {
            let what = format!("{path} {:?}", &body[..body.len().min(40)]);
            let asked = caller.post_raw(path, "application/json", body.to_owned());
            bed.answered(&what, asked, &in_body("must be object")).await;
        }
        let nobody = bed.server.caller();
        let asked = nobody.post_raw("login", "application/json", body.to_owned());
        bed.answered("login", asked, &unauthorized()).await;
    }
    bed.end("JSON that is no object").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_without_usable_fields_is_a_wrong_password() {
    let bed = Bed::new().await;
    let odd = [json!(null), json!(7), json!(true), json!([]), json!(["zoe"]), json!({}), json!({ "username": 7 })];
    let mut bodies: Vec<String> = vec!["{}".into(), r#"{"USER":"zoe","PASSWORD":"x"}"#.into()];
    for value in &odd {
        bodies.push(json!({ "user": value, "password": PASSWORD }).to_string());
        bodies.push(json!({ "username": value, "password": PASSWORD }).to_string());
        bodies.push(json!({ "email": value, "password": PASSWORD }).to_string());
        bodies.push(json!({ "user": "zoe", "password": value }).to_string());
    }
    for digest in ["", "zz", &"z".repeat(64), &"a".repeat(63), &"a".repeat(65), &"\u{e9}".repeat(32)] {
        let password = json!({ "digest": digest, "algorithm": "sha-256" });
        bodies.push(json!({ "user": "zoe", "password": password }).to_string());
    }
    let user = json!("zoe").to_string();
    let (doubled, password) = (format!(r#""user":{user},"user":{user}"#), json!(PASSWORD));
    bodies.push(format!(r#"{{{doubled},"password":{password}}}"#));
    bodies.push(format!(r#"{{"user":{user},"password":{password},"password":{password}}}"#));
    for name in ["z\0oe", "zoe\0", "", " ", "zoe' OR '1'='1", "%", "_oe", "ZOE\u{2028}", &"x".repeat(100_000)] {
        bodies.push(json!({ "user": name, "password": PASSWORD }).to_string());
        bodies.push(json!({ "user": { "email": name }, "password": PASSWORD }).to_string());
    }
    bodies.push(json!({ "user": "zoe", "password": "x".repeat(100_000) }).to_string());
    bodies.push(json!({ "user": "zoe", "password": format!("{PASSWORD}\0") }).to_string());
    for body in bodies {
        // The counters of failures are not what is looked at here.
        bed.server.pass(Duration::from_mins(6)).await;
        let nobody = bed.server.caller();
        let what = format!("login {}", &body[..body.len().min(80)]);
        bed.answered(&what, nobody.post_raw("login", "application/json", body), &unauthorized()).await;
    }
    // A number is no token: what is left is a sign-in by password without one.
    for resume in odd {
        bed.server.pass(Duration::from_mins(6)).await;
        let nobody = bed.server.caller();
        let body = json!({ "resume": resume });
        bed.answered("resume", nobody.post("login", &body), &unauthorized()).await;
    }
    bed.end("sign-ins").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_new_users_are_held_to_their_bounds() {
    let bed = Bed::new().await;
    let with = |name: &str, value: &Value| {
        let mut body =
            json!({ "name": "N", "email": "n@example.test", "username": "n", "password": PASSWORD });
        body[name] = value.clone();
        body
    };
    let long = "must NOT have more than 1000 characters";
    let nul = "must NOT have NUL characters";
    for (name, value, message) in [
        ("name", json!("x".repeat(1_001)), long),
        ("name", json!("\u{1f600}".repeat(1_001)), long),
        ("username", json!("a\0b"), nul),
        ("password", json!("a\0b"), nul),
        ("bio", json!("\0"), nul),
        ("email", json!(null), "must be string"),
        ("roles", json!(vec!["user"; 101]), "must NOT have more than 100 items"),
        ("roles", json!([null]), "must be string"),
        ("roles", json!(["us\0er"]), nul),
        ("roles", json!([["user"]]), "must be string"),
        ("customFields", json!([]), "must be object"),
        ("customFields", json!("{}"), "must be object"),
        ("active", json!("true"), "must be boolean"),
        ("active", json!(1), "must be boolean"),
        ("verified", json!(null), "must be boolean"),
    ] {
        let asked = bed.admin.post("users.create", &with(name, &value)).await;
        bed.answered(name, async { asked }, &in_body(message)).await;
    }
    for username in ["a b", "z\u{f6}e", "a/b", "a@b", "<b>", "a'b", "\u{202e}abc", "a\nb", "..\\a", "a%00"] {
        let wanted = (400, json!({ "errorType": "error-input-is-not-a-valid-field" }));
        let body = with("username", &json!(username));
        bed.answered(username, bed.admin.post("users.create", &body), &wanted).await;
    }
    bed.end("new users").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_given_twice_or_not_known_is_refused_in_query_and_body() {
    let bed = Bed::new().await;
    let unknown = "must NOT have additional properties";
    for (query, message) in [
        ("filter=a&filter=a", "must be string"),
        ("filter=a&%66ilter=a", "must be string"),
        ("count=1&count=1", "must be number"),
        ("sort={}&sort={}", "must be string"),
        ("filter[]=a", "must be string"),
        ("filter[a]=a", "must be string"),
        ("filter%5B%5D=a", "must be string"),
        ("filter[=a", "must be string"),
        ("count[]=1", "must be number"),
        ("Filter=a", unknown),
        ("filter%20=a", unknown),
        ("+filter=a", unknown),
        ("fil%00ter=a", unknown),
        ("filter%00=a", unknown),
        ("%ff=a", unknown),
        ("=", unknown),
        ("=a", unknown),
        ("a", unknown),
        ("query={}", unknown),
        ("fields={}", unknown),
        ("__proto__=1", unknown),
        ("sessionId=x", unknown),
        ("filter;count=1", unknown),
    ] {
        bed.answered(query, bed.list(query), &in_query(message)).await;
    }
    let id = bed.zoe.session_id().await;
    for (body, message) in [
        (format!(r#"{{"sessionId":"{id}","sessionId":"{id}"}}"#), "must be string"),
        (format!(r#"{{"sessionId":"{id}","session\u0049d":"{id}"}}"#), "must be string"),
        (format!(r#"{{"sessionId":"{id}","other":1}}"#), unknown),
        (format!(r#"{{"sessionId":"{id}","":1}}"#), unknown),
        (format!(r#"{{"sessionId":"{id}","\u0000":1}}"#), unknown),
        (format!(r#"{{"sessionId":"{id}","sessionid":1}}"#), unknown),
        (format!(r#"{{"sessionId":"{id}","__proto__":{{}}}}"#), unknown),
        (format!(r#"{{"sessionId":"{id}\u0000"}}"#), "must NOT have NUL characters"),
        (r#"{"sessionId":["x"]}"#.into(), "must be string"),
        (r#"{"sessionId":{"$ne":""}}"#.into(), "must be string"),
        (r#"{"sessionId":null}"#.into(), "must be string"),
        (r#"{"sessionId":1}"#.into(), "must be string"),
        ("{}".into(), "must have required property 'sessionId'"),
    ] {
        for (caller, path) in [(&bed.zoe, "sessions/logout.me"), (&bed.admin, "sessions/logout")] {
            let asked = caller.post_raw(path, "application/json", body.clone());
            bed.answered(&body, asked, &in_body(message)).await;
        }
    }
    // The same as a form, where every value is text.
    for (form, wanted) in [
        (format!("sessionId={id}&sessionId={id}"), in_body("must be string")),
        (format!("sessionId[]={id}"), in_body("must be string")),
        (format!("sessionId={id}&other=1"), in_body(unknown)),
        (format!("sessionId={id}%00"), in_body("must NOT have NUL characters")),
        ("sessionId=%zz%".into(), no_session()),
        ("sessionId=%ff%fe".into(), no_session()),
        ("&&&".into(), in_body("must have required property 'sessionId'")),
    ] {
        let asked = bed.zoe.post_raw("sessions/logout.me", "application/x-www-form-urlencoded", form.clone());
        bed.answered(&form, asked, &wanted).await;
    }
    // Elsewhere other names are passed over, however often they come.
    let asked = bed.zoe.get("me?other=1&other=2&fields={}&%ff=%00&=&[]=");
    bed.answered("me", asked, &(200, json!({ "username": "zoe" }))).await;
    assert_eq!(bed.zoe.session_id().await, id, "nothing was ended");
    bed.end("names").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_every_size_are_read_or_refused() {
    let bed = Bed::new().await;
    let total = usize::try_from(bed.list("").await.body["total"].as_u64().unwrap()).unwrap();
    for (count, served) in [
        ("0", 50), ("-0", 50), ("0.9", 50), ("1", 1), ("1.9", 1), ("%2B1", 1), ("1e0", 1), ("1e-9", 50),
        ("100", 100), ("101", 100), ("1e9", 100), ("1E9", 100), ("1e400", 100), ("1000000000", 100),
        ("18446744073709551616", 100), ("99999999999999999999999999999999", 100), ("0000000000000001", 1),
    ] {
        let query = format!("count={count}");
        bed.answered(&query, bed.list(&query), &page(total, served, 0)).await;
    }
    for (offset, served) in [
        ("0", 0), ("-0", 0), ("0.5", 0), ("1000000000", 1_000_000_000), ("1e9", 1_000_000_000),
        ("9007199254740993.5", 9_007_199_254_740_992), ("18446744073709551615", usize::MAX),
        ("18446744073709551616", usize::MAX), ("1e400", usize::MAX),
    ] {
        let query = format!("offset={offset}&count=100");
        let answer = bed.answered(&query, bed.list(&query), &page(total, 100, served)).await;
        assert_eq!(answer.ids().is_empty(), served > 0, "{query}");
    }
    for name in ["count", "offset"] {
        for value in ["-1", "-0.5", "-1e-9", "-1e400", "-99999999999999999999"] {
            let query = format!("{name}={value}");
            bed.answered(&query, bed.list(&query), &in_query("must be >= 0")).await;
        }
        for value in [
            "", "+1", "1+", "%20", "%201", "1%20", "abc", "NaN", "nan", "inf", "Infinity", "-inf", "0x10", "1_000",
            "1,5", "1e", "e1", "1e1e1", "1.2.3", "-", ".", "--1", "null", "true", "[]", "{}", "%00", "1%00", "%zz",
            "%EF%BC%91", "%D9%A1", "1%C2%A0", "%ff",
        ] {
            let query = format!("{name}={value}");
            bed.answered(&query, bed.list(&query), &in_query("must be number")).await;
        }
        let long = format!("{name}={}", "9".repeat(10_000));
        assert_eq!(bed.list(&long).await.status, 200, "a long number is a great one");
    }
    bed.end("numbers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn escapes_and_sorts_that_cannot_be_read_are_no_fault_of_the_server() {
    let bed = Bed::new().await;
    // Kept as typed, or what is no UTF-8 replaced: text that no row has.
    for value in ["%", "%%", "%z", "%zz", "%4", "a%", "%u0041", "%ff", "%c0%80", "%ed%a0%80", "%f4%90%80%80", "%25%"] {
        let query = format!("filter=zoe{value}");
        let answer = bed.answered(&query, bed.list(&query), &page(0, 50, 0)).await;
        assert!(answer.ids().is_empty());
    }
    for query in ["", "&", "&&&", "filter=", "sort=", "filter=&sort=&count=1", "filter", "filter=%7A%6f%65&&"] {
        bed.answered(query, bed.list(query), &(200, json!({ "success": true }))).await;
    }
    bed.answered("NUL", bed.list("filter=zoe%00"), &in_query("must NOT have NUL characters")).await;
    bed.answered("NUL", bed.list("sort=%00"), &in_query("must NOT have NUL characters")).await;
    for given in [
        "x", "[]", "null", "1", "\"loginAt\"", "{", "}", "{]", "{\"loginAt\":0}", "{\"loginAt\":2}",
        "{\"loginAt\":\"1\"}", "{\"loginAt\":null}", "{\"loginAt\":true}", "{\"loginAt\":[1]}", "{\"loginAt\":1e999}",
        "{\"loginAt\":1.5}", "{\"loginAt\":1,}", "{\"loginAt\":1,\"loginAt\":-1}", "{\"loginAt\":1}{}", "{'loginAt':1}",
        "\"><script>alert(1)</script>", "\\\"\n\t", "\u{202e}\u{1f600}", "{\"\\ud800\":1}", "%", " ",
    ] {
        let error = format!("Invalid sort parameter provided: \"{given}\" [error-invalid-sort]");
        let wanted = (400, json!({ "success": false, "errorType": "error-invalid-sort", "error": error }));
        bed.answered(given, bed.list(&format!("sort={}", escaped(given.as_bytes()))), &wanted).await;
    }
    let deep = escaped("[".repeat(1_000).as_bytes());
    let wanted = (400, json!({ "errorType": "error-invalid-sort" }));
    bed.answered("a deep sort", bed.list(&format!("sort={deep}")), &wanted).await;
    let long = format!("sort={}", "x".repeat(1_001));
    bed.answered("a long sort", bed.list(&long), &in_query("must NOT have more than 1000 characters")).await;
    for key in ["userId", "loginat", "", "__proto__", "\\u0000", "device", "_user.name\\\\"] {
        let sort = escaped(format!("{{\"{key}\":1}}").as_bytes());
        let wanted = (400, json!({ "error": "error-invalid-sort-keys" }));
        let answer = bed.answered(key, bed.list(&format!("sort={sort}")), &wanted).await;
        assert!(answer.body.get("errorType").is_none());
    }
    bed.end("escapes and sorts").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_patterns_are_answered_like_any_other() {
    let bed = Bed::new().await;
    // A name in which every special character stands, for patterns that are no expressions.
    let special = "(a+)+$ (x{100}){100} [ \\ *** (?i a{2,1} ((((";
    let body = json!({ "name": special, "email": "s@example.test", "username": "special", "password": PASSWORD });
    assert_eq!(bed.admin.post("users.create", &body).await.status, 200);
    let _special = bed.server.caller().sign_in("special", PASSWORD).await;
    let all = bed.list("").await.body["total"].as_u64().unwrap();
    let found = |pattern: &str| format!("filter={}&count=100", escaped(pattern.as_bytes()));
    // Contained as they stand, and nothing else would be found by them.
    for pattern in ["(a+)+$", "(x{100}){100}", "[", "\\", "***", "(?i", "a{2,1}", "((((", " [ \\ "] {
        let answer = bed.answered(pattern, bed.list(&found(pattern)), &(200, json!({ "total": 1 }))).await;
        assert_eq!(answer.body["sessions"][0]["_user"]["name"], special, "{pattern}");
    }
    let nested = |depth: usize| format!("{}zoe{}", "(".repeat(depth), ")".repeat(depth));
    let found_by_none = [
        // No expressions, too large or too deep ones: taken as text that nobody has.
        nested(100), nested(126), "(?P<a>".into(), "\\p{Nonsense}".into(), "(?=zoe)".into(), "(z)\\1".into(),
        "zoe{1000000}".into(), "((((x{99}){99}){99}){99})".into(), "(?z)zoe".into(), "[b-a]".into(),
        "\\p{L}{200}".into(), "(?i)(?:\\w{60}){60}".into(), "x".repeat(256), "\u{e9}".repeat(256),
        "\u{10ffff}".into(), "\u{202e}eoz".into(), "^(zoe)$(zoe)".into(), "(x+x+)+y".into(),
        "^(([a-z])+.)+[A-Z]([a-z])+!$".into(), "(.*)*$^x".into(), "(?s)zoe.*boss".into(), "\\x00".into(),
        "zoe\nboss".into(), "\r\n".into(), "'; DROP TABLE users; --".into(), "[^\\s\\S]".into(),
    ];
    for pattern in found_by_none {
        let what = &pattern.chars().take(40).collect::<String>();
        bed.answered(what, bed.list(&found(&pattern)), &(200, json!({ "total": 0 }))).await;
    }
    // Every row: expressions that match nothing at all somewhere.
    for pattern in ["", "x*", "()", "|", "|||", "$", "^", "^$|.", "(?:)", ".*", "(a*)*", "(|a)+", "(?i)", "\\b"] {
        bed.answered(pattern, bed.list(&found(pattern)), &(200, json!({ "total": all }))).await;
    }
    for pattern in ["(?i)ZOE", "(?-i)ZOE", "ZOE", "z(?:o|o|o){1,30}e$", "^zoe$", "[[:alpha:]]oe", "\\bzoe\\b", "\\x7aoe"] {
        let answer = bed.list(&found(pattern)).await;
        bed.count(1);
        assert_eq!(answer.status, 200, "{pattern}: {answer:?}");
    }
    for pattern in ["x".repeat(257), "\u{e9}".repeat(257), "(".repeat(257), "x".repeat(10_000)] {
        let wanted = in_query("must NOT have more than 256 characters");
        bed.answered("a long pattern", bed.list(&found(&pattern)), &wanted).await;
    }
    bed.end("patterns").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_be_a_mebibyte_and_not_a_byte_more() {
    let bed = Bed::new().await;
    let too_long = (413, json!({ "success": false, "error": "Request body is too large" }));
    // Padding in a field that nobody knows, which `users.create` passes over.
    let padded = |username: &str, bytes: usize| {
        let mut body = json!({
            "name": "N", "email": format!("{username}@example.test"), "username": username, "password": PASSWORD,
            "padding": "",
        });
        let rest = bytes - body.to_string().len();
        body["padding"] = "x".repeat(rest).into();
        body.to_string()
    };
    let chunked = |body: &str| {
        let mut request = b"POST /api/v1/users.create HTTP/1.1\r\nHost: h\r\nConnection: close\r\n".to_vec();
        request.extend_from_slice(Bed::signed(&bed.admin).as_bytes());
        request.extend_from_slice(b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        for chunk in body.as_bytes().chunks(100_000) {
            request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            request.extend_from_slice(chunk);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"0\r\n\r\n");
        request
    };
    let announced = |length: &str, sent: &str| {
        let signed = Bed::signed(&bed.admin);
        format!(
            "POST /api/v1/users.create HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{signed}Content-Type: \
             application/json\r\nContent-Length: {length}\r\n\r\n{sent}"
        )
        .into_bytes()
    };
    let most = limits::BODY_BYTES;
    let asked = bed.admin.post_raw("users.create", "application/json", padded("exact", most));
    bed.answered("exactly", asked, &(200, json!({ "success": true }))).await;
    let asked = bed.admin.post_raw("users.create", "application/json", padded("more", most + 1));
    bed.answered("a byte more", asked, &too_long).await;
    bed.raw("exactly, in chunks", &chunked(&padded("chunked", most)), &[200]).await;
    let text = bed.raw("a byte more, in chunks", &chunked(&padded("more", most + 1)), &[413]).await;
    assert!(text.contains("Request body is too large"), "{text}");
    bed.raw("much more, in chunks", &chunked(&padded("more", 5 * most)), &[413]).await;
    // Refused by what is announced, before it comes.
    bed.raw("announced", &announced(&(most + 1).to_string(), ""), &[413]).await;
    bed.raw("announced", &announced("9223372036854775807", "{"), &[400, 413]).await;
    for length in ["18446744073709551616", "99999999999999999999999", "-1", "1e3", "0x10", "1,2", "", "+2", "2\0"] {
        bed.raw(length, &announced(length, "{}"), &[400]).await;
    }
    bed.raw("two lengths", &announced("2\r\nContent-Length: 3", "{}"), &[400]).await;
    for chunk in ["x\r\n{}\r\n", "-1\r\n", "ffffffffffffffffffff\r\n{}", "2{}\r\n", "\r\n\r\n", "2;\x01\r\n{}\r\n"] {
        let request = chunked("{}");
        let head = request.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        bed.raw(chunk, &[&request[..head], chunk.as_bytes(), b"0\r\n\r\n"].concat(), &[400]).await;
    }
    let names = bed.admin.get("sessions/list.all?filter=more").await;
    assert_eq!(names.body["total"], 0);
    let more = json!({ "user": "more", "password": PASSWORD });
    assert_eq!(bed.server.caller().post("login", &more).await.status, 401, "nobody was made of too much");
    bed.end("bodies").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_too_large_or_broken_close_their_own_connection_only() {
    let bed = Bed::new().await;
    let mut beside = TcpStream::connect(bed.server.address).unwrap();
    let me = format!("GET /api/v1/me HTTP/1.1\r\nHost: h\r\n{}\r\n", Bed::signed(&bed.zoe));
    let fields = |line: &str| {
        let mut request = b"GET /api/v1/info HTTP/1.1\r\nConnection: close\r\n".to_vec();
        request.extend_from_slice(line.as_bytes());
        request.extend_from_slice(b"\r\n\r\n");
        request
    };
    let long = "x".repeat(100_000);
    let many = (0..70).fold(String::new(), |many, n| format!("{many}X-{n}: {}\r\n", "y".repeat(1_000)));
    let short = "a: b\r\n".repeat(400);
    let line = |line: &str| format!("{line}\r\nHost: h\r\nConnection: close\r\n\r\n").into_bytes();
    let path = |path: &[u8]| [b"GET ", path, b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"].concat();
    let cases: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("a long value", fields(&format!("X-Long: {long}")), &[431]),
        ("a long name", fields(&format!("{long}: x")), &[431]),
        ("many headers", fields(&many), &[431]),
        ("too many headers", fields(&short), &[431]),
        ("a long line", line(&format!("GET /api/v1/{long} HTTP/1.1")), &[414, 431]),
        ("a long query", line(&format!("GET /api/v1/info?x={long} HTTP/1.1")), &[414, 431]),
        ("a long method", line(&format!("{long} /api/v1/info HTTP/1.1")), &[400, 431]),
        ("a method with a space", line("GE T /api/v1/info HTTP/1.1"), &[400]),
        ("a method with an at", line("G@T /api/v1/info HTTP/1.1"), &[400]),
        ("no method", line(" /api/v1/info HTTP/1.1"), &[400]),
        ("another method", line("BREW /api/v1/info HTTP/1.1"), &[405]),
        ("a small method", line("get /api/v1/info HTTP/1.1"), &[405]),
        ("no version", line("GET /api/v1/info"), &[400]),
        ("a version of old", line("GET /api/v1/info HTTP/0.9"), &[400, 505]),
        ("a version to come", line("GET /api/v1/info HTTP/3.0"), &[400, 505]),
        ("another protocol", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), &[0, 400, 505]),
        ("a tunnel", line("CONNECT h:443 HTTP/1.1"), &[404, 405]),
        ("the server as such", line("OPTIONS * HTTP/1.1"), &[404, 405]),
        ("a whole address", line("GET http://h/api/v1/info HTTP/1.1"), &[200]),
        ("a path of its own", path(b"api/v1/info"), &[400]),
        ("a path up", path(b"/api/v1/../v1/info"), &[404]),
        ("a path up, escaped", path(b"/api/v1/%2e%2e/v1/info"), &[404]),
        ("an escaped path", path(b"/api/v1/inf%6F"), &[200, 404]),
        ("a broken escape", path(b"/api/v1/info%"), &[404]),
        ("NUL, escaped", path(b"/api/v1/info%00"), &[404]),
        ("NUL", path(b"/api/v1/info\0"), &[400]),
        ("not UTF-8", path(b"/api/v1/inf\xff"), &[400, 404]),
        ("a fragment", path(b"/api/v1/info#x"), &[200, 400]),
        ("a space in the query", path(b"/api/v1/info?a b"), &[400]),
        ("a tab in the path", path(b"/api/v1/info\t"), &[400]),
        ("only a question mark", path(b"/api/v1/info?"), &[200]),
        ("no colon", fields("rubbish"), &[400]),
        ("no name", fields(": x"), &[400]),
        ("a space in a name", fields("X Y: x"), &[400]),
        ("a space after a name", fields("X : x"), &[400]),
        ("NUL in a value", fields("X: a\0b"), &[400]),
        ("DEL in a value", fields("X: a\x7fb"), &[400]),
        ("a bare CR in a value", fields("X: a\rb"), &[400]),
        ("a folded value", fields("X: a\r\n b"), &[400]),
        ("no host", fields("X: y"), &[200]),
        ("two hosts", fields("Host: a\r\nHost: b"), &[200, 400]),
        ("an encoding nobody knows", fields("Transfer-Encoding: gzip"), &[200, 400, 501]),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(10), &[0, 400]),
        ("bytes", (0..=255).collect(), &[0, 400]),
        ("NULs", vec![0; 100_000], &[0, 400]),
    ];
    for (what, request, statuses) in cases {
        beside.write_all(me.as_bytes()).unwrap();
        let text = bed.raw(what, &request, statuses).await;
        let (status, body) = read_one(&mut beside);
        bed.count(1);
        assert_eq!((status, &body["username"]), (200, &json!("zoe")), "beside {what}: {text}");
    }
    // Just within the bound.
    let large = format!("X-Large: {}", "x".repeat(60_000));
    bed.raw("a large head", &fields(&large), &[200]).await;
    bed.end("heads").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_stop_in_the_middle_leave_nothing_behind() {
    let bed = Bed::new().await;
    let id = bed.zoe.session_id().await;
    let body = json!({ "sessionId": id }).to_string();
    let whole = format!(
        "POST /api/v1/sessions/logout.me HTTP/1.1\r\nHost: h\r\n{}Content-Type: application/json\r\nContent-Length: \
         {}\r\n\r\n{body}",
        Bed::signed(&bed.zoe),
        body.len()
    );
    // Cut everywhere: in the line, in the headers, in the body; the last byte is never sent.
    for end in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        let mut socket = TcpStream::connect(bed.server.address).unwrap();
        socket.write_all(&whole.as_bytes()[..end]).unwrap();
        drop(socket);
        bed.count(1);
    }
    // Cut as well, but waiting for an answer: a body that ended early is none.
    for end in [whole.len() - 1, whole.len() - body.len()] {
        let mut socket = TcpStream::connect(bed.server.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        socket.write_all(&whole.as_bytes()[..end]).unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        bed.count(1);
        assert!([0, 400].contains(&status(&String::from_utf8_lossy(&answer))), "{answer:?}");
    }
    bed.stands("cut requests").await;
    assert_eq!(bed.zoe.session_id().await, id, "none of them ended the session");
    bed.end("cut requests").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_carries_good_and_bad_requests_in_turn() {
    let bed = Bed::new().await;
    let signed = Bed::signed(&bed.zoe);
    let get = |path: &str, signed: &str| format!("GET /api/v1/{path} HTTP/1.1\r\nHost: h\r\n{signed}\r\n");
    let post = |body: &str| {
        format!(
            "POST /api/v1/sessions/logout.me HTTP/1.1\r\nHost: h\r\n{signed}Content-Type: \
             application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    // A body that looks like a request is a body, at GET too.
    let inner = get("logout", &signed);
    let with_body = format!(
        "GET /api/v1/me HTTP/1.1\r\nHost: h\r\n{signed}Content-Length: {}\r\n\r\n{inner}",
        inner.len()
    );
    let requests = [
        (get("me", &signed), 200),
        (post("{"), 400),
        (get("me", &signed), 200),
        (get("me", ""), 401),
        (post(""), 400),
        (get("nope", &signed), 404),
        (post("[]"), 400),
        (with_body, 200),
        (post(&inner), 400),
        (get("sessions/list?count=-1", &signed), 400),
        (get("me", &signed), 200),
    ];
    let all: String = requests.iter().map(|(request, _)| request.as_str()).collect();
    // Written at once, answered in order.
    let mut socket = TcpStream::connect(bed.server.address).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    socket.write_all(all.as_bytes()).unwrap();
    let answers: Vec<_> = requests.iter().map(|_| read_one(&mut socket).0).collect();
    bed.count(requests.len());
    assert_eq!(answers, requests.iter().map(|(_, status)| *status).collect::<Vec<_>>());
    // And a byte at a time.
    for byte in get("me", &signed).as_bytes() {
        socket.write_all(&[*byte]).unwrap();
    }
    assert_eq!(read_one(&mut socket).0, 200);
    bed.stands("pipelining").await;
    // A body that nobody reads ends its connection at the most.
    let large = format!("GET /api/v1/me HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{signed}Content-Length: 3000000\r\n\r\n");
    bed.raw("a GET with a large body", &[large.as_bytes(), &vec![b'x'; 3_000_000]].concat(), &[200]).await;
    bed.end("pipelining").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_without_a_body_and_changes_nothing() {
    let bed = Bed::new().await;
    for (path, statuses) in [
        ("me", &[200, 405][..]),
        ("info", &[200, 405]),
        ("sessions/list", &[200, 405]),
        ("sessions/list.all", &[403, 405]),
        ("sessions/logout.me", &[405]),
        ("login", &[405]),
        ("nope", &[404]),
        // Would it end the session, the next request would show it.
        ("logout", &[405]),
    ] {
        let signed = Bed::signed(&bed.zoe);
        let head = format!("HEAD /api/v1/{path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{signed}\r\n");
        let text = bed.raw(&format!("HEAD {path}"), head.as_bytes(), statuses).await;
        assert_eq!(body_of(&text), "", "{path}");
    }
    bed.end("HEAD").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_not_exactly_right_sign_nobody_in() {
    let bed = Bed::new().await;
    let (id, token) = (bed.zoe.user_id.clone(), bed.zoe.token.clone());
    let swapped: String = token
        .chars()
        .map(|letter| if letter.is_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() })
        .collect();
    let last = if token.ends_with('A') { 'B' } else { 'A' };
    let almost = format!("{}{last}", &token[..token.len() - 1]);
    let digest = rollcall_testkit::sha256(&token);
    let pairs: Vec<(&str, &str)> = vec![
        (&id, ""), (&id, " "), (&id, "null"), (&id, "undefined"), (&id, "A"), (&id, &token[..token.len() - 1]),
        (&id, &token[..token.len() / 2]), (&id, &token[1..]), (&id, &swapped), (&id, &almost), (&id, &digest),
        (&id, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), (&id, &bed.admin.token), (&id, "' OR '1'='1"),
        (&bed.admin.user_id, &token), ("", &token), ("zoe", &token), ("null", &token), (&id[..16], &token), ("%", &token),
        (&token, &id), ("\u{e9}", &token), (&id, "\u{e9}"),
    ];
    let upper = id.to_uppercase();
    let lower = id.to_lowercase();
    let doubled = format!("{token}{token}");
    let listed = format!("{token}, {token}");
    let long = "A".repeat(30_000);
    let more: Vec<(&str, &str)> = vec![
        (&upper, &token), (&lower, &token), (&id, &doubled), (&id, &listed), (&id, &long), (&long, &token),
    ];
    for (user_id, given) in pairs.into_iter().chain(more) {
        for path in ["me", "sessions/list", "sessions/list.all", "sessions/info?sessionId=x"] {
            let caller = bed.server.caller().with_credentials(user_id, given);
            let shown = |text: &str| text.chars().take(50).collect::<String>();
            let what = format!("{path} {} {}", shown(user_id), shown(given));
            bed.answered(&what, caller.get(path), &not_signed_in()).await;
        }
        if given != token {
            let body = json!({ "resume": given });
            let wanted = (401, json!({ "success": false, "status": "error", "error": "Unauthorized" }));
            bed.answered("resume", bed.server.caller().post("login", &body), &wanted).await;
        }
    }
    // As other services take them.
    for (name, value) in [
        ("authorization", format!("Bearer {token}")),
        ("cookie", format!("rc_uid={id}; rc_token={token}")),
        ("x-auth-token", token.clone()),
        ("x-user-id", id.clone()),
        ("x_auth_token", token.clone()),
    ] {
        bed.answered(name, bed.server.caller().with(name, &value).get("me"), &not_signed_in()).await;
    }
    let in_query = format!("me?X-User-Id={id}&X-Auth-Token={token}&userId={id}&authToken={token}");
    bed.answered("in the query", bed.server.caller().get(&in_query), &not_signed_in()).await;
    // Bytes that no client library lets through.
    let by_hand = |user_id: &[u8], token: &[u8]| {
        let head = b"GET /api/v1/me HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-User-Id: ";
        [&head[..], user_id, b"\r\nX-Auth-Token: ", token, b"\r\n\r\n"].concat()
    };
    let (id, token) = (id.as_bytes(), token.as_bytes());
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("as it is", by_hand(id, token), 200),
        ("in spaces", by_hand(id, &[b"  ", token, b" \t "].concat()), 200),
        ("bytes behind", by_hand(id, &[token, b"\xff"].concat()), 401),
        ("bytes before", by_hand(id, &[b"\x80", token].concat()), 401),
        ("bytes only", by_hand(b"\x80\x81", &[0xfe; 43]), 401),
        ("half a character", by_hand(id, &[token, b"\xc3"].concat()), 401),
        ("NUL behind", by_hand(id, &[token, b"\0"].concat()), 400),
        ("NUL in the id", by_hand(&[id, b"\0"].concat(), token), 400),
        ("a tab within", by_hand(id, &[&token[..20], b"\t", &token[20..]].concat()), 401),
        ("a line within", by_hand(id, &[&token[..20], b"\r\n ", &token[20..]].concat()), 400),
        ("a wrong one first", by_hand(id, &[b"x\r\nX-Auth-Token: ", token].concat()), 401),
    ];
    for (what, request, wanted) in cases {
        bed.raw(what, &request, &[wanted]).await;
    }
    bed.end("tokens").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_a_trusted_proxy_says_where_a_client_is() {
    let mut config = Config::default();
    config.wire.rate_calls = 4;
    let server = TestServer::with(config).await;
    server.user("zoe").await;
    server.pass(limits::RATE_WINDOW).await;
    let forged = [
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-for", "203.0.113.7, 127.0.0.1"),
        ("x-real-ip", "203.0.113.8"),
        ("forwarded", "for=203.0.113.9;proto=https"),
        ("x-client-ip", "203.0.113.10"),
        ("cf-connecting-ip", "203.0.113.11"),
        ("true-client-ip", "203.0.113.12"),
        ("x-forwarded-for", "'; DROP TABLE sessions; --"),
    ];
    let mut requests = 0;
    for (name, value) in forged {
        server.pass(limits::RATE_WINDOW).await;
        let caller = server.caller().with(name, value).sign_in("zoe", PASSWORD).await;
        let row = caller.get("sessions/list?count=1").await;
        assert_eq!(row.body["sessions"][0]["ip"], "127.0.0.1", "{name}: {value}");
        requests += 2;
    }
    // A new address each time is none: the fifth call waits, whatever it says of itself.
    server.pass(limits::RATE_WINDOW).await;
    for n in 0..8 {
        let (name, _) = forged[n];
        let answer = server.caller().with(name, &format!("198.51.100.{n}")).get("info").await;
        assert_eq!(answer.status, if n < 4 { 200 } else { 429 }, "{n}: {answer:?}");
        requests += 1;
    }
    println!("forged addresses: {requests} requests");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_trusted_proxy_says_is_read_from_the_right() {
    let trusted = ("ROLLCALL__PROXIES__TRUSTED".to_owned(), "127.0.0.1".to_owned());
    let mut config = Config::from_variables([trusted].into_iter()).unwrap();
    config.wire.rate_calls = 4;
    let server = TestServer::with(config).await;
    server.user("zoe").await;
    let cases = [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.8", "203.0.113.8"),
        ("198.51.100.1,203.0.113.9 , 127.0.0.1", "203.0.113.9"),
        ("203.0.113.10:4711", "203.0.113.10"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8:1::7]:4711", "2001:db8:1::7"),
        // What cannot be read ends the walk at the proxy.
        ("rubbish", "127.0.0.1"),
        ("203.0.113.7, rubbish", "127.0.0.1"),
        ("203.0.113.7,", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("256.1.1.1", "127.0.0.1"),
        ("203.0.113.7\u{e9}", "127.0.0.1"),
    ];
    let mut requests = 0;
    for (forwarded, ip) in cases {
        server.pass(limits::RATE_WINDOW).await;
        // The other headers are believed of nobody.
        let caller = server.caller().with("x-real-ip", "192.0.2.1").with("forwarded", "for=192.0.2.2");
        let caller = caller.with("x-forwarded-for", forwarded).sign_in("zoe", PASSWORD).await;
        let row = caller.get("sessions/list?count=1").await;
        assert_eq!(row.body["sessions"][0]["ip"], ip, "{forwarded}");
        requests += 2;
    }
    let long = vec!["127.0.0.1"; 2_000].join(", ");
    server.pass(limits::RATE_WINDOW).await;
    assert_eq!(server.caller().with("x-forwarded-for", &long).get("info").await.status, 200);
    // Each forwarded address is counted by itself, an IPv6 network as one.
    let info = async |ip: &str| server.caller().with("x-forwarded-for", ip).get("info").await.status;
    for n in 0..6 {
        let waits = if n < 4 { 200 } else { 429 };
        assert_eq!(info("203.0.113.20").await, waits, "{n}");
        assert_eq!(info(&format!("203.0.113.{}", 30 + n)).await, 200, "{n}");
        assert_eq!(info(&format!("2001:db8:7:7::{n:x}")).await, waits, "{n}");
        // What the client itself wrote stands further left.
        assert_eq!(info(&format!("192.0.2.{n}, 203.0.113.21")).await, waits, "{n}");
        requests += 4;
    }
    println!("forwarded addresses: {requests} requests");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_is_not_ours_makes_a_body_no_json() {
    let bed = Bed::new().await;
    let body = json!({ "sessionId": "23456789ABCDEFGHJ" }).to_string();
    let long = "x".repeat(10_000);
    for kind in [
        "", "text/plain", "text/json", "application/xml", "application/jso", "application", "/", ";;;", "*/*", "json",
        "multipart/form-data", "multipart/form-data; boundary=x", "application/octet-stream", "\u{e9}", &long,
        "application /json", "application/ld+json", "application%2Fjson",
    ] {
        let asked = bed.zoe.post_raw("sessions/logout.me", kind, body.clone());
        bed.answered(kind, asked, &not_json()).await;
        // Nothing is nothing, whatever it is said to be.
        let asked = bed.zoe.post_raw("sessions/logout.me", kind, "");
        let wanted = in_body("must have required property 'sessionId'");
        bed.answered(kind, asked, &wanted).await;
    }
    for kind in [
        "application/json", "Application/JSON", "application/json;charset=utf-8", "application/json; charset=utf-16",
        "application/json; charset=\"", "text/plain, application/json", "application/json-patch+json",
    ] {
        let asked = bed.zoe.post_raw("sessions/logout.me", kind, body.clone());
        bed.answered(kind, asked, &no_session()).await;
    }
    for kind in ["application/x-www-form-urlencoded", "APPLICATION/X-WWW-FORM-URLENCODED; charset=latin1"] {
        let asked = bed.zoe.post_raw("sessions/logout.me", kind, "sessionId=23456789ABCDEFGHJ");
        bed.answered(kind, asked, &no_session()).await;
    }
    let request = bed.zoe.request("POST", "/api/v1/sessions/logout.me").body(body);
    bed.answered("no type", bed.zoe.send(request), &not_json()).await;
    bed.end("types").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_say_of_themselves_comes_back_as_data() {
    let bed = Bed::new().await;
    let markup = r#""><script>alert('\u0041\\')</script>&amp;{{7*7}}${x}"#;
    let agents: Vec<Vec<u8>> = vec![
        Vec::new(),
        (0x80..=0xff).collect(),
        b"Mozilla/5.0 \xc3\x28 \xff Firefox/126.0".to_vec(),
        markup.as_bytes().to_vec(),
        format!("Mozilla/5.0 (X11; {markup}) Firefox/{markup}").into_bytes(),
        format!("RC Mobile; {markup} {markup}; v{markup} ({markup})").into_bytes(),
        "\u{202e}\u{200b}\u{feff}\u{1f600}".into(),
        b"a\tb".to_vec(),
        b"((((((((((;;;;;;;;;;////////".to_vec(),
        b"Mozilla/99999999999999999999.99999999999999999999".to_vec(),
        vec![b'x'; 10_000],
        "\u{e9}".repeat(5_000).into_bytes(),
        [b"Mozilla/5.0 ".repeat(1_000), b"Firefox/126.0".to_vec()].concat(),
    ];
    for agent in &agents {
        let what = format!("agent {:?}", String::from_utf8_lossy(&agent[..agent.len().min(60)]));
        let row = bed.opened_by_hand(&what, &[b"Host: h\r\nUser-Agent: ", &agent[..], b"\r\n"].concat()).await;
        for path in ["/device/type", "/device/name", "/device/longVersion", "/device/version", "/device/os/name"] {
            assert!(row.pointer(path).is_some_and(Value::is_string), "{what}: {path} of {row}");
        }
    }
    let kept = Arc::new(Mutex::new(BTreeSet::new()));
    let (into, since) = (kept.clone(), bed.server.service.now());
    let visit = move |piece| {
        if let Loading::Sessions(sessions) = piece {
            let lengths = sessions.into_iter().map(|(session, _)| session.agent.chars().count());
            into.lock().unwrap().extend(lengths);
        }
    };
    bed.server.store.load(since, Box::new(visit)).await.unwrap();
    assert_eq!(kept.lock().unwrap().last(), Some(&limits::AGENT_CHARS), "the longest that was kept");

    let long = "h".repeat(1_000);
    for (host, kept) in [
        (b"".to_vec(), String::new()),
        (markup.as_bytes().to_vec(), markup.into()),
        (b"\x80\xff".to_vec(), "\u{fffd}\u{fffd}".into()),
        ("\u{e9}.example".into(), "\u{e9}.example".into()),
        (long.as_bytes().to_vec(), long[..limits::HOST_CHARS].into()),
    ] {
        let row = bed.opened_by_hand(&kept, &[b"Host: ", &host[..], b"\r\n"].concat()).await;
        assert_eq!(row["host"], kept);
    }
    let row = bed.opened_by_hand("no host", b"User-Agent: x\r\n").await;
    assert_eq!(row["host"], "");

    let names = [
        markup, "\\", "\"", "\u{7f}\u{1}\u{1b}[31m", "\u{2028}\u{2029}", "\u{202e}gnp.exe", "\u{1f468}\u{200d}\u{1f469}",
        "王小明", "  spaces  ", "a\nb\r\n", "\u{fffd}\u{ffff}",
    ];
    for (n, name) in names.iter().enumerate() {
        let body = json!({
            "name": name, "email": format!("{n}@example.test"), "username": format!("n{n}"), "password": PASSWORD,
            "bio": name, "nickname": name, "customFields": { *name: name },
        });
        let made = bed.admin.post("users.create", &body).await;
        let user = &made.body["user"];
        assert_eq!((made.status, &user["name"], &user["bio"]), (200, &json!(name), &json!(name)), "{name:?}");
        let caller = bed.server.caller().sign_in(&format!("n{n}"), PASSWORD).await;
        let me = caller.get("me").await;
        assert_eq!((&me.body["name"], &me.body["customFields"]), (&json!(name), &json!({ *name: name })));
        let id = caller.session_id().await;
        let row = bed.list(&format!("filter={id}")).await;
        assert_eq!(row.body["sessions"][0]["_user"]["name"], *name);
        bed.count(5);
        let whole = caller.get(&format!("sessions/info?sessionId={id}")).await;
        assert_eq!(whole.status, 200, "{name:?}");
        bed.stands(name).await;
    }
    // All of it on one page, sorted by every text that there is.
    for key in ["device.name", "device.os.name", "device.os.version", "_user.name", "_user.username"] {
        let answer = bed.list(&format!("count=100&sort={}", escaped(json!({ key: 1 }).to_string().as_bytes()))).await;
        assert_eq!(answer.body["total"], answer.ids().len(), "{key}");
        bed.count(1);
    }
    assert_eq!(bed.admin.get("me").await.body["username"], ADMIN);
    bed.end("what clients say").await;
}
