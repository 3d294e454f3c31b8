//! `sessions export`.

use super::shell::{Shell, answer, parrot, server};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_filter_finds_is_written_whole() {
    let (_directory, server) = server();
    let admin = server.admin().await;
    for name in ["ann", "zoe"] {
        let user = json!({ "username": name, "name": "A\u{1b}[31m 王", "email": format!("{name}@example.org"), "password": PASSWORD });
        assert_eq!(admin.post("users.create", &user).await.status, 200);
        let _ = server.caller().sign_in(name, PASSWORD).await;
    }
    let shell = Shell::admin(&server);
    let lines = shell.run(&["sessions", "export", "user:ann OR user:zoe"]);
    let lines: Vec<Value> = lines.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&lines[0]["username"], &lines[1]["username"], lines.len()),
        (&json!("ann"), &json!("zoe"), 3)
    );
    assert_eq!(lines[2], json!({ "whole": true, "items": 2 }));
    let path = shell.home.path().join("out.csv");
    let file = path.to_str().unwrap();
    let csv = shell.run(&["sessions", "export", "user:ann", "--format", "csv", "--output", file]);
    assert!(csv.code == 0 && csv.out.is_empty() && csv.err.contains("1 session in "), "{csv:?}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"ann\"") && text.trim_end().ends_with("# whole, sessions: 1"), "{text}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(shell.run(&["sessions", "export", "--as-of", "yesterday"]).code, 2);
    assert_eq!(shell.run(&["sessions", "export", "--output", "/dev/null/x"]).code, 1);
}

const PASSWORD: &str = "a password of theirs";

#[test]
fn one_that_is_not_whole_leaves_no_file() {
    let cut = "{\"id\":\"a\"}\n{\"whole\":false,\"items\":1}\n";
    let broken = "HTTP/1.1 200 OK\r\ncontent-length: 999\r\nconnection: close\r\n\r\n{\"id\":\"a\"}\n";
    for says in [answer("200 OK", "content-type: application/x-ndjson", cut), broken.to_owned()] {
        for to_file in [false, true] {
            let (url, _heard) = parrot(std::slice::from_ref(&says));
            let shell = Shell::at(&url);
            let path = shell.home.path().join("out");
            let output = ["--output", path.to_str().unwrap()];
            let arguments = [&["sessions", "export"][..], if to_file { &output } else { &[] }].concat();
            let ended = shell.run_with(&arguments, &super::TOKEN, "");
            assert!(ended.code == 1 && ended.err.contains("not whole"), "{ended:?}");
            assert_eq!(ended.out.contains("\"a\""), !to_file);
            assert_eq!(std::fs::read_dir(shell.home.path()).unwrap().count(), 0);
        }
    }
}
