//! What no client says on a socket: frames that are none, methods that are none, floods, and ends that never
//! read or never speak. After each the same socket goes on, or it was closed as the reference says and a new
//! one works; requests over HTTP work all the same.

use super::run::Run;
use rollcall_http::declarations_of;
use rollcall_http::endpoint::{Rate, Version};
use rollcall_model::limits;
use rollcall_testkit::HANGS;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Sockets that stay open at once.
const CROWD: usize = 300;

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const FINAL: u8 = 0x80;

/// Something that is sent on a socket, and what must come of it.
pub struct Case {
    what: String,
    /// Whether it comes after the handshake.
    connected: bool,
    bytes: Vec<u8>,
    then: Then,
}

enum Then {
    /// It is answered, or passed over, and the socket goes on.
    GoesOn,
    /// A method is answered with an error of one of these codes, and the socket goes on.
    Refused(&'static [&'static str]),
    /// It is closed with one of these codes.
    Closed(&'static [u16]),
}

/// A socket spoken by hand.
struct Socket(TcpStream);

impl Socket {
    fn open(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(HANGS)).unwrap();
        stream.set_write_timeout(Some(HANGS)).unwrap();
        stream.set_nodelay(true).unwrap();
        let head = "GET /websocket HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
                    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let mut byte = [0];
        while !answer.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let answer = String::from_utf8(answer).unwrap().to_lowercase();
        assert!(answer.starts_with("http/1.1 101 "), "{answer}");
        // The example of RFC 6455 §1.3.
        assert!(answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
        let mut socket = Self(stream);
        assert_eq!(socket.hear(), Heard::Frame(json!({ "server_id": "0" })));
        socket
    }

    fn connected(address: SocketAddr) -> Self {
        let mut socket = Self::open(address);
        socket.send(&text(r#"{"msg":"connect","version":"1","support":["1"]}"#));
        assert!(matches!(socket.hear(), Heard::Frame(frame) if frame["msg"] == "connected"));
        socket
    }

    /// What was closed meanwhile takes no more.
    fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// The next frame of ours: short ones, never masked, never in pieces.
    fn hear(&mut self) -> Heard {
        let mut head = [0; 2];
        if self.0.read_exact(&mut head).is_err() {
            return Heard::Gone;
        }
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.0.read_exact(&mut length).unwrap();
                u16::from_be_bytes(length).into()
            }
            127 => {
                let mut length = [0; 8];
                self.0.read_exact(&mut length).unwrap();
                usize::try_from(u64::from_be_bytes(length)).unwrap()
            }
            length => length.into(),
        };
        let mut payload = vec![0; length];
        if self.0.read_exact(&mut payload).is_err() {
            return Heard::Gone;
        }
        match head[0] {
            byte if byte == FINAL | TEXT => Heard::Frame(serde_json::from_slice(&payload).unwrap()),
            byte if byte == FINAL | CLOSE => {
                Heard::Closed(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code)))
            }
            _ => Heard::Below,
        }
    }
}

#[derive(Debug, PartialEq)]
enum Heard {
    Frame(Value),
    Closed(u16),
    /// A frame of the protocol below.
    Below,
    Gone,
}

/// A frame as a client sends it: masked, here with nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(FINAL | u8::try_from(short).unwrap()),
        middle if u16::try_from(middle).is_ok() => {
            bytes.push(FINAL | 0x7e);
            bytes.extend(u16::try_from(middle).unwrap().to_be_bytes());
        }
        long => {
            bytes.push(FINAL | 0x7f);
            bytes.extend(u64::try_from(long).unwrap().to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

fn text(payload: &str) -> Vec<u8> {
    frame(FINAL | TEXT, payload.as_bytes())
}

/// All that is tried.
pub fn cases() -> Vec<Case> {
    let mut cases = frames();
    cases.extend(out_of_order());
    cases.extend(methods());
    cases.extend(floods());
    cases
}

fn case(what: impl Into<String>, bytes: Vec<u8>, then: Then) -> Case {
    Case { what: what.into(), connected: true, bytes, then }
}

/// Frames that RFC 6455 forbids, or that the reference does.
fn frames() -> Vec<Case> {
    let long = limits::FRAME_BYTES + 1;
    let mut unmasked = text("{}");
    unmasked[1] &= 0x7f;
    let mut huge = vec![FINAL | TEXT, FINAL | 0x7f];
    huge.extend([u64::MAX >> 1, 0].map(u64::to_be_bytes).concat());
    let piece = |first, bytes: usize| frame(first, &vec![b' '; bytes]);
    vec![
        case("a binary frame", frame(FINAL | BINARY, b"{}"), Then::Closed(&[1003])),
        case("an empty frame", text(""), Then::Closed(&[1003])),
        case("no JSON", text("ping"), Then::Closed(&[1003])),
        case("a list", text("[]"), Then::Closed(&[1003])),
        case("half of an object", text(r#"{"msg":"#), Then::Closed(&[1003])),
        case("framing of another library", text(r#"["{}"]"#), Then::Closed(&[1003])),
        case("deep nesting", text(&format!(r#"{{"a":{}"#, "[".repeat(60_000))), Then::Closed(&[1003])),
        case("no UTF-8", frame(FINAL | TEXT, b"{\"a\":\"\xff\"}"), Then::Closed(&[1007])),
        case("a long frame", frame(FINAL | TEXT, &vec![b' '; long]), Then::Closed(&[1008])),
        case("the head of a huge frame", huge, Then::Closed(&[1008, 1002])),
        case(
            "a long message in pieces",
            [piece(TEXT, 40_000), piece(FINAL, 40_000)].concat(),
            Then::Closed(&[1008]),
        ),
        case("no mask", unmasked, Then::Closed(&[1002])),
        case("a reserved bit", frame(FINAL | 0x40 | TEXT, b"{}"), Then::Closed(&[1002])),
        case("an unknown kind", frame(FINAL | 3, b"{}"), Then::Closed(&[1002])),
        case("a piece of nothing", frame(FINAL, b"{}"), Then::Closed(&[1002])),
        case("a text within a text", [frame(TEXT, b"{"), text("{}")].concat(), Then::Closed(&[1002])),
        case("a long ping below", frame(FINAL | PING, &[b'x'; 126]), Then::Closed(&[1002])),
        case("a ping below in pieces", frame(PING, b""), Then::Closed(&[1002])),
        case("a close with half a code", frame(FINAL | CLOSE, &[3]), Then::Closed(&[1002])),
        case("a close", frame(FINAL | CLOSE, &1000_u16.to_be_bytes()), Then::Closed(&[1000])),
        case("a ping below", frame(FINAL | PING, b"x"), Then::GoesOn),
        case("an object in pieces", [frame(TEXT, b"{\"a\""), frame(FINAL, b":1}")].concat(), Then::GoesOn),
    ]
}

/// Frames that are good at another time, and some that never are.
fn out_of_order() -> Vec<Case> {
    let first = |what: &str, bytes| Case { connected: false, ..case(what, bytes, Then::Closed(&[1002])) };
    let connect = |version: &str| text(&json!({ "msg": "connect", "version": version }).to_string());
    let mut cases = vec![
        first("a ping first", text(r#"{"msg":"ping"}"#)),
        first("a method first", text(r#"{"msg":"method","id":"1","method":"login","params":[]}"#)),
        first("a subscription first", text(r#"{"msg":"sub","id":"1","name":"x","params":[]}"#)),
        first("nothing in particular first", text("{}")),
        first("another version", connect("2")),
        first("no version", text(r#"{"msg":"connect"}"#)),
        case("a second handshake", connect("1"), Then::GoesOn),
        case("a handshake of another version, late", connect("9"), Then::GoesOn),
    ];
    for frame in [
        r#"{"msg":"method"}"#,
        r#"{"msg":"method","id":{},"method":"login"}"#,
        r#"{"msg":"method","id":"1","method":7}"#,
        r#"{"msg":"method","id":"1","method":"login","params":{}}"#,
        r#"{"msg":"sub"}"#,
        r#"{"msg":"sub","id":[],"name":"x"}"#,
        r#"{"msg":"unsub"}"#,
        r#"{"msg":"unsub","id":7}"#,
        r#"{"msg":"unsub","id":"never"}"#,
        r#"{"msg":"result","id":"1"}"#,
        r#"{"msg":["ping"]}"#,
        r#"{"msg":"pong"}"#,
        r#"{"msg":"ping","id":{"a":[null]}}"#,
    ] {
        cases.push(case(frame, text(frame), Then::GoesOn));
    }
    for (stream, params) in [
        ("stream-notify-user", json!([])),
        ("stream-notify-user", json!([7])),
        ("stream-notify-user", json!(["somebody/force_logout", false])),
        ("stream-notify-user", json!(["\u{0}/force_logout"])),
        ("nope", json!(["x"])),
        ("", json!([null])),
    ] {
        let sub = json!({ "msg": "sub", "id": "s", "name": stream, "params": params }).to_string();
        cases.push(case(&sub, text(&sub), Then::GoesOn));
    }
    cases
}

/// Every method that there is, and some that there are not, with parameters that are none.
fn methods() -> Vec<Case> {
    let mut cases = Vec::new();
    let endpoints = declarations_of(Version::V1);
    let declared = endpoints.iter().flat_map(|endpoint| {
        let signs_in = endpoint.rate == Rate::SignIn;
        endpoint.routes_on_sockets().map(move |route| (route.path, signs_in))
    });
    let others = ["", "nope", "2fa:", "login\u{0}", "__proto__", "../login"].map(|name| (name, false));
    for (name, signs_in) in declared.chain(others) {
        for params in [
            json!([]),
            json!([null]),
            json!([7]),
            json!(["000000"]),
            json!([{}]),
            json!([[]]),
            json!([{ "resume": 7 }]),
            json!([{ "resume": "\u{0}" }]),
            json!([{ "totp": { "login": { "totp": {} } } }]),
            json!([{ "user": { "username": "x".repeat(50_000) }, "password": "x" }]),
            json!(vec![json!({ "a": "b" }); 1_000]),
        ] {
            let method = json!({ "msg": "method", "id": "m", "method": name, "params": params }).to_string();
            let what = format!("{name:?} {}", method.chars().take(120).collect::<String>());
            let then = match name {
                _ if signs_in => Then::Refused(&["403", "too-many-requests", "error-login-blocked-for-ip"]),
                "logout" => Then::GoesOn,
                _ if name.starts_with("2fa:") && name.len() > 4 => Then::Refused(&["not-authorized"]),
                _ => Then::Refused(&["404"]),
            };
            cases.push(case(what, text(&method), then));
        }
    }
    for id in [json!(7), json!(1e308), json!(""), json!("\u{0}"), json!("x".repeat(60_000))] {
        let method = json!({ "msg": "method", "id": id, "method": "nope", "params": [] }).to_string();
        let what = format!("an id: {}", id.to_string().chars().take(40).collect::<String>());
        cases.push(case(what, text(&method), Then::Refused(&["404"])));
    }
    cases
}

/// More than may be.
fn floods() -> Vec<Case> {
    let slow = json!({ "msg": "method", "id": "m", "method": "login", "params": [{ "user": { "username": "x" }, "password": "x" }] });
    let methods = text(&slow.to_string()).repeat(2 * limits::METHODS_PER_SOCKET);
    let sub = |n: usize| {
        text(
            &json!({ "msg": "sub", "id": n.to_string(), "name": "stream-notify-all", "params": ["x"] })
                .to_string(),
        )
    };
    let subs = |n| (0..n).flat_map(sub).collect::<Vec<u8>>();
    vec![
        case("methods past the bound", methods, Then::Closed(&[1008])),
        case("subscriptions past the bound", subs(101), Then::Closed(&[1008])),
        case("subscriptions up to the bound", subs(100), Then::GoesOn),
        case("one subscription over and over", sub(1).repeat(500), Then::GoesOn),
        case("unsubscriptions", text(r#"{"msg":"unsub","id":"x"}"#).repeat(1_000), Then::GoesOn),
        case("pings", text(r#"{"msg":"ping"}"#).repeat(1_000), Then::GoesOn),
    ]
}

/// Sends a case, and looks at what comes of it.
pub fn run(run: &mut Run, case: &Case) {
    run.cases += 1;
    run.requests += 1;
    let mut socket = if case.connected { Socket::connected(run.address) } else { Socket::open(run.address) };
    // What is sent while the other end does not read has to be read on: a thread of its own sends.
    let mut writing = Socket(socket.0.try_clone().unwrap());
    let goes_on = !matches!(case.then, Then::Closed(_));
    let bytes = case.bytes.clone();
    let sending = std::thread::spawn(move || {
        writing.send(&bytes);
        if goes_on {
            writing.send(&text(r#"{"msg":"ping","id":"the last"}"#));
        }
    });
    let mut errors = Vec::new();
    let end = loop {
        match socket.hear() {
            Heard::Frame(frame) if frame == json!({ "msg": "pong", "id": "the last" }) => break None,
            Heard::Frame(frame) if frame["msg"] == "result" => errors.push(frame["error"]["error"].clone()),
            Heard::Frame(_) | Heard::Below => {}
            Heard::Closed(code) => break Some(code),
            Heard::Gone => break Some(0),
        }
    };
    sending.join().unwrap();
    // A method may be answered after the ping behind it.
    if matches!(case.then, Then::Refused(_)) && errors.is_empty() && end.is_none() {
        while let Heard::Frame(frame) = socket.hear() {
            if frame["msg"] == "result" {
                errors.push(frame["error"]["error"].clone());
                break;
            }
        }
    }
    let said = |error: &Value| error.as_str().map_or_else(|| error.to_string(), str::to_owned);
    let right = match case.then {
        Then::GoesOn => end.is_none(),
        Then::Refused(codes) => {
            end.is_none() && errors.len() == 1 && codes.contains(&said(&errors[0]).as_str())
        }
        Then::Closed(codes) => end.is_some_and(|code| codes.contains(&code)),
    };
    if !right {
        run.wrong.push(format!("on a socket: {}\nclosed: {end:?}, errors: {errors:?}", case.what));
    }
    *run.kinds
        .entry(end.map_or("socket goes on".to_owned(), |code| format!("socket {code}")))
        .or_default() += 1;
    drop(socket);
    run.goes_on_after(None, &case.what, false);
}

/// Many sockets at once: before their handshake, in the middle of a frame, and never read from while they are
/// spoken to. Others work, and so do these afterwards.
pub fn crowded(run: &mut Run) {
    let mut open = Vec::new();
    for n in 0..CROWD {
        let mut socket = if n % 3 == 0 { Socket::open(run.address) } else { Socket::connected(run.address) };
        match n % 3 {
            1 => socket.send(&text(r#"{"msg":"ping"}"#)[..7]),
            2 => {
                socket.send(&text(&json!({ "msg": "ping", "id": "x".repeat(20_000) }).to_string()).repeat(3));
            }
            _ => {}
        }
        open.push(socket);
    }
    run.requests += open.len();
    for _ in 0..20 {
        run.goes_on_after(None, "a crowd of sockets", false);
    }
    let mut half = open.swap_remove(1);
    half.send(&text(r#"{"msg":"ping"}"#)[7..]);
    if half.hear() != Heard::Frame(json!({ "msg": "pong" })) {
        run.wrong.push("the second half of a frame is not heard".into());
    }
    drop((half, open));
    run.goes_on_after(None, "the crowd of sockets", false);
}

/// Sockets on which nobody speaks: opened before everything else, looked at after it.
pub struct Slow {
    /// Never shakes hands.
    silent: Socket,
    /// Begins to, and goes no further.
    half: Socket,
}

impl Slow {
    pub fn open(address: SocketAddr) -> Self {
        let (silent, mut half) = (Socket::open(address), Socket::open(address));
        half.send(&text(r#"{"msg":"connect","version":"1"}"#)[..9]);
        Self { silent, half }
    }

    /// Both were closed when the time of a handshake was over.
    pub fn were_closed(mut self, run: &mut Run) {
        let heard = [self.silent.hear(), self.half.hear()];
        if heard != [Heard::Closed(1002), Heard::Closed(1002)] {
            run.wrong.push(format!("slow handshakes: {heard:?}"));
        }
        run.requests += 2;
    }
}
