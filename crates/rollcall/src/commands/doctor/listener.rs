//! The listening address: free, or a Rollcall answers there, or somebody else.

use super::finding::Finding;
use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// How long whoever listens there may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 8 << 10;

/// Looks at the address. `held` says whether a server holds the data directory.
pub fn check(listen: SocketAddr, held: bool) -> Finding {
    match TcpListener::bind(listen) {
        Ok(_) if held => Finding::warning(
            "listener",
            format!("nothing listens on {listen}, and a server holds the data directory"),
            "it starts or ends just now, or was given another address: name that with --listen",
        ),
        Ok(_) => Finding::good("listener", format!("{listen} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => in_use(listen, held),
        Err(error) => Finding::bad(
            "listener",
            format!("cannot listen on {listen}: {error}"),
            "set server.listen to an address of this machine, with a port that its user may take",
        ),
    }
}

fn in_use(listen: SocketAddr, held: bool) -> Finding {
    let other = "stop what listens there, or set server.listen to another address";
    match ask(reachable(listen)) {
        Some(ready) if !held => {
            let what =
                format!("a rollcall listens on {listen} (ready: {ready}), and it is not this directory's");
            Finding::bad("listener", what, other)
        }
        Some(Value::Bool(true)) => Finding::good("listener", format!("a rollcall answers on {listen}")),
        Some(_) => Finding::warning(
            "listener",
            format!("a rollcall listens on {listen}, and is not ready to answer"),
            "wait until it has loaded; its log says what it does",
        ),
        None => Finding::bad("listener", format!("something that is no rollcall listens on {listen}"), other),
    }
}

/// Who listens everywhere is reached here.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// What `/readyz` says of being ready; `None` when it is no rollcall that answers, or nobody does.
fn ask(address: SocketAddr) -> Option<Value> {
    let until = Instant::now() + PATIENCE;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let (mut answer, mut piece) = (Vec::new(), [0; 1_024]);
    while answer.len() < ANSWER_BYTES_MAX {
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        stream.set_read_timeout(Some(left)).ok()?;
        match stream.read(&mut piece).ok()? {
            0 => break,
            read => answer.extend_from_slice(&piece[..read]),
        }
    }
    ready(&answer)
}

fn ready(answer: &[u8]) -> Option<Value> {
    let (head, body) = std::str::from_utf8(answer).ok()?.split_once("\r\n\r\n")?;
    let body: Value = serde_json::from_str(body).ok()?;
    body.get("ready").filter(|ready| head.starts_with("HTTP/1.") && ready.is_boolean()).cloned()
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    /// Somebody who answers the first who asks with this, and where.
    fn somebody(answer: &'static str) -> (SocketAddr, std::thread::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                asked.extend(byte);
            }
            stream.write_all(answer.as_bytes()).unwrap();
        });
        (address, answering)
    }

    #[test]
    fn who_listens_is_asked_whether_it_is_a_rollcall() {
        for (answer, held, state, what) in [
            ("HTTP/1.1 200 OK\r\na: b\r\n\r\n{\"ready\":true}", true, State::Good, "answers on"),
            ("HTTP/1.1 200 OK\r\n\r\n{\"ready\":true}", false, State::Bad, "not this directory's"),
            ("HTTP/1.1 503 x\r\n\r\n{\"ready\":false,\"reason\":\"x\"}", true, State::Warning, "not ready"),
            ("HTTP/1.1 200 OK\r\n\r\n<html>", true, State::Bad, "no rollcall"),
            ("HTTP/1.1 200 OK\r\n\r\n{\"ready\":1}", true, State::Bad, "no rollcall"),
            ("SSH-2.0-x\r\n\r\n{\"ready\":true}", true, State::Bad, "no rollcall"),
            ("", true, State::Bad, "no rollcall"),
        ] {
            let (address, answering) = somebody(answer);
            let finding = check(address, held);
            answering.join().unwrap();
            assert!(finding.state == state && finding.what.contains(what), "{answer:?}: {finding}");
        }
    }

    #[test]
    fn an_address_can_be_free_or_not_of_this_machine() {
        let free = "127.0.0.1:0".parse().unwrap();
        assert_eq!(check(free, false).state, State::Good);
        assert_eq!(check(free, true).state, State::Warning);
        assert_eq!(check("192.0.2.1:0".parse().unwrap(), false).state, State::Bad);
        assert_eq!(reachable("0.0.0.0:3000".parse().unwrap()).to_string(), "127.0.0.1:3000");
        assert_eq!(reachable("[::]:3000".parse().unwrap()).to_string(), "[::1]:3000");
        assert_eq!(reachable("192.0.2.1:3000".parse().unwrap()).to_string(), "192.0.2.1:3000");
    }
}
