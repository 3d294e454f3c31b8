//! `sessions watch`.

use super::shell::{Shell, parrot, server};
use crate::process::{Process, on, serve};
use rollcall_testkit::{ADMIN, Caller, PASSWORD};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};
use tempfile::TempDir;

/// A command that watches.
struct Watching {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Watching {
    fn start(shell: &Shell, arguments: &[&str]) -> Self {
        let mut command = shell.command(&[&["sessions", "watch"][..], arguments].concat());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// The next line of stderr, byte by byte: the rest stays where it is.
    fn said(&mut self) -> String {
        let (mut line, mut byte) = (Vec::new(), [0]);
        let err = self.child.stderr.as_mut().unwrap();
        while !line.ends_with(b"\n") && err.read(&mut byte).unwrap() == 1 {
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn with_ann(server: &Process) -> Caller {
    let admin = server.admin().await;
    let user = json!({ "username": "ann", "name": "Ann", "email": "ann@example.org", "password": "password of ann" });
    assert_eq!(admin.post("users.create", &user).await.status, 200);
    admin
}

#[tokio::test(flavor = "multi_thread")]
async fn openings_and_endings_are_a_line_each() {
    let (_directory, server) = server();
    with_ann(&server).await;
    let shell = Shell::admin(&server);
    let before = server.caller().sign_in("ann", "password of ann").await.session_id().await;
    let mut watching = Watching::start(&shell, &["user:ann"]);
    assert_eq!(watching.said(), "Watching; 1 live now.\n");
    let id = server.caller().sign_in("ann", "password of ann").await.session_id().await;
    let opened = watching.line();
    assert!(opened.contains(&format!("  opened   {id}  ann, Chrome")), "{opened}");
    // One that was there before it began is known by more than its id.
    assert_eq!(shell.run(&["sessions", "end", "--yes", &before, &id]).code, 0);
    for id in [before, id] {
        let ended = loop {
            let line = watching.line();
            if !line.contains("  changed  ") {
                break line;
            }
        };
        assert!(ended.contains(&format!("  ended    {id}  ann, Chrome")), "{ended}");
        assert!(ended.ends_with("(ended-by-administrator)\n"), "{ended}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_after_the_server_was_away() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let server = Process::start(serve(&data));
    with_ann(&server).await;
    let shell = Shell::admin(&server);
    let mut watching = Watching::start(&shell, &["user:ann", "--json"]);
    let event = |watching: &mut Watching| serde_json::from_str::<Value>(&watching.line()).unwrap();
    assert_eq!(
        event(&mut watching),
        json!({ "event": "ready", "data": { "total": 0, "each_minute": false } })
    );
    // With an event heard, there is a place to ask for.
    let _ = server.caller().sign_in("ann", "password of ann").await;
    assert_eq!(event(&mut watching)["event"], "opened");
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    let (status, log) = server.terminate();
    assert!(status.success());
    assert!(!log.iter().any(|line| line.contains("still under way")), "it waited for who watches: {log:?}");
    assert_eq!(event(&mut watching), json!({ "event": "closed", "data": { "reason": "stopping" } }));
    assert!(watching.said().contains("the server stops; again in 1 s"));
    let mut again = on(&data, &["serve", "--listen", &address]);
    again.stderr(Stdio::piped());
    let server = Process::start(again);
    // A server that starts anew keeps no stream of before.
    assert_eq!(event(&mut watching)["event"], "missed");
    assert_eq!(event(&mut watching)["event"], "ready");
    let id = server.caller().sign_in("ann", "password of ann").await.session_id().await;
    let opened = event(&mut watching);
    assert_eq!((&opened["event"], &opened["data"]["id"]), (&json!("opened"), &json!(id)));
}

#[test]
fn a_broken_connection_is_taken_up_where_it_was() {
    let stream = |events: &str| {
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{events}")
    };
    let first =
        stream("id: 41\nevent: ready\ndata: {\"total\":0}\n\nid: 42\nevent: left\ndata: {\"id\":\"a\"}\n\n");
    let second = stream("event: closed\ndata: {\"reason\":\"not-permitted\"}\n\n");
    let (url, heard) = parrot(&[first, second]);
    let ended = Shell::at(&url).run_with(&["sessions", "watch", "zoe", "--json"], &super::TOKEN, "");
    assert_eq!((ended.code, ended.out.lines().count()), (4, 3), "{ended:?}");
    assert!(ended.err.starts_with("the connection broke; again in 1 s\n"), "{ended:?}");
    let heard = heard.join().unwrap();
    assert!(
        heard.contains("stream?q=zoe HTTP") && heard.contains("stream?q=zoe&last_event_id=42 HTTP"),
        "{heard}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_the_own_session() {
    let (_directory, server) = server();
    let shell = Shell::admin(&server);
    let mut watching = Watching::start(&shell, &["nobody"]);
    assert_eq!(watching.said(), "Watching; 0 live now.\n");
    let own = shell.json(&["sessions", "list", "--mine"])["items"][0]["id"].as_str().unwrap().to_owned();
    let admin = server.caller().sign_in(ADMIN, PASSWORD).await;
    let path = format!("me/sessions/{own}");
    assert_eq!(admin.with_code(PASSWORD).v2("DELETE", &path, None).await.status, 204);
    assert_eq!(watching.said(), "rollcall: the own session has ended\n");
    assert_eq!(watching.child.wait().unwrap().code(), Some(3));
}
