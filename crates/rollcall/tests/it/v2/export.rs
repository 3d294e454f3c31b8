//! Exports: all that a filter finds, and whether it is all.

use rollcall_testkit::{PASSWORD, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_what_the_list_holds_and_says_that_it_is_whole() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    for _ in 0..3 {
        server.clock.advance(Duration::from_secs(1));
        let _session = server.caller().with("user-agent", "=cmd()").sign_in("zoe", PASSWORD).await;
    }
    let admin = server.elevated_admin().await;
    let listed = admin.get_v2("sessions?q=user:zoe&sort=login").await;
    let export = admin.get_v2("sessions/export?q=user:zoe").await;
    assert_eq!(export.header("content-type"), "application/x-ndjson");
    assert_eq!(export.header("content-disposition"), "attachment; filename=\"sessions.ndjson\"");
    let mut lines: Vec<Value> = export.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.pop(), Some(json!({ "whole": true, "items": 3 })));
    assert_eq!(Value::Array(lines), listed.body["items"]);

    let sheet = admin.get_v2("sessions/export?q=user:zoe&format=csv").await;
    let lines: Vec<_> = sheet.text.split("\r\n").collect();
    assert!(lines[0].starts_with("id,user_id,username"));
    assert_eq!((lines.len(), lines[4], lines[5]), (6, "# whole, sessions: 3", ""));
    let columns = lines[0].split(',').count();
    assert!(lines[1..4].iter().all(|line| line.split("\",\"").count() == columns), "{lines:?}");

    assert_eq!(admin.get_v2("sessions/export?format=pdf").await.problem(), "bad-format");
    assert_eq!(admin.get_v2("sessions/export?q=(").await.problem(), "bad-filter");
}
