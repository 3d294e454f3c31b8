//! `audit list`, `tokens`, `service-tokens` and `contain`.

use super::shell::{Ended, Shell, server};
use crate::process::Process;
use rollcall_testkit::{ADMIN, Caller, PASSWORD};
use serde_json::{Value, json};

const CODE: [(&str, &str); 1] = [("ROLLCALL_CODE", PASSWORD)];
const OWN: &str = "password of zoe";

/// Zoe, signed in.
async fn zoe(server: &Process) -> Caller {
    let user =
        json!({ "username": "zoe", "name": "Zoé \u{1b}[2J王", "email": "zoe@example.org", "password": OWN });
    assert_eq!(server.admin().await.post("users.create", &user).await.status, 200);
    server.caller().sign_in("zoe", OWN).await
}

/// As a program that has this token.
fn program(server: &Process, token: &str, arguments: &[&str]) -> Ended {
    Shell::at(&server.base).run_with(arguments, &[("ROLLCALL_TOKEN", token)], "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contained_user_is_shut_out() {
    let (_directory, server) = server();
    let zoe = zoe(&server).await;
    let shell = Shell::admin(&server);
    let unasked = shell.run(&["contain", "--user", "zoe"]);
    assert!(unasked.code == 2 && unasked.err.contains("--yes"), "{unasked:?}");
    assert!(unasked.err.starts_with("zoe (Zoé \u{fffd}[2J王): this deactivates it and ends 1 live sessions"));
    let contain = ["contain", "--user", "ZOE", "--yes"];
    assert_eq!(shell.run(&contain).code, 5, "a second factor is asked for anew");
    assert_eq!(zoe.get("me").await.status, 200);
    let done = shell.run_with(&contain, &CODE, "");
    assert!(
        done.code == 0 && done.out.starts_with("zoe is contained; 1 sessions and 0 tokens ended"),
        "{done:?}"
    );
    assert_eq!(zoe.get("me").await.status, 401);
    let again = shell.run_with(&[&contain[..], &["--json"]].concat(), &CODE, "");
    assert_eq!(serde_json::from_str::<Value>(&again.out).unwrap()["ledger"], Value::Null, "{again:?}");
    let unknown = shell.run(&["contain", "--user", "zo", "--yes"]);
    assert!(unknown.code == 6 && unknown.err.contains("no user"), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_listed_and_asked() {
    let (_directory, server) = server();
    let _ = zoe(&server).await;
    let shell = Shell::admin(&server);
    let opened = shell.json(&["audit", "list", "kind:session.opened actor:zoe"]);
    assert_eq!(opened["items"].as_array().unwrap().len(), 1, "{opened}");
    let made = shell.run(&["audit", "list", "kind:user.created subject:zoe"]).out;
    let line = made.lines().nth(1).unwrap();
    assert!(line.contains("  user.created  ") && line.contains(ADMIN) && line.contains("  zoe"), "{made}");
    let two = shell.run(&["audit", "list", "--count", "2"]);
    assert!(two.out.ends_with("\nthere are more: --count or --all shows them\n"), "{two:?}");
    assert_eq!(two.out.lines().count(), 5);
    let all = shell.json(&["audit", "list", "--all"]);
    let seqs: Vec<_> =
        all["items"].as_array().unwrap().iter().map(|it| it["seq"].as_u64().unwrap()).collect();
    assert!(seqs.len() > 5 && seqs.is_sorted_by(|newer, older| newer == &(older + 1)), "{seqs:?}");
    assert_eq!(seqs.last(), Some(&1));
    assert_eq!(shell.run(&["audit", "list", "king:x"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_tokens_are_listed_and_ended() {
    let (_directory, server) = server();
    let admin = server.admin().await.with_code(PASSWORD);
    let made = admin.post("users.generatePersonalAccessToken", &json!({ "tokenName": "ci\u{1b}" })).await;
    let token = made.body["token"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
    assert_eq!(program(&server, &token, &["whoami"]).code, 0);
    let shell = Shell::admin(&server);
    let listed = shell.json(&["tokens", "list", "--user", ADMIN]);
    let id = listed["items"][0]["id"].as_str().unwrap();
    let table = shell.run(&["tokens", "list", "--user", ADMIN]).out;
    assert!(table.contains(id) && !table.contains('\u{1b}') && !table.contains(&token), "{table}");
    assert_eq!(shell.run(&["tokens", "end", id]).code, 2);
    let ended = shell.run(&["tokens", "end", "--yes", id]);
    assert_eq!((ended.code, ended.out), (0, format!("{id}: ended\n")));
    assert_eq!(program(&server, &token, &["whoami"]).code, 3);
    assert_eq!(shell.run(&["tokens", "end", "--yes", id]).code, 6);
    assert_eq!(shell.run(&["tokens", "list", "--user", ADMIN]).out, "no tokens\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_token_is_made_used_rotated_and_revoked() {
    let (_directory, server) = server();
    let shell = Shell::admin(&server);
    let create = ["service-tokens", "create", "--name", "siem", "--scope", "view-device-management"];
    assert_eq!(shell.run(&create).code, 5, "a second factor is asked for anew");
    let made = shell.run_with(&create, &CODE, "");
    assert!(made.code == 0 && made.err.contains("The secret of siem"), "{made:?}");
    let secret = made.out.strip_suffix('\n').unwrap();
    assert!(secret.starts_with("rcs_") && secret.len() == 47 && !made.err.contains(secret), "{made:?}");
    // A program is asked for no second factor.
    let list = program(&server, secret, &["sessions", "list"]);
    assert!(list.code == 0 && list.out.contains(ADMIN), "{list:?}");
    let closed = program(&server, secret, &["whoami"]);
    assert!(closed.code == 4 && closed.err.contains("Service tokens do not open this"), "{closed:?}");

    let listed = shell.json(&["service-tokens", "list"]);
    let id = listed["items"][0]["id"].as_str().unwrap();
    let table = shell.run(&["service-tokens", "list"]).out;
    assert!(table.lines().nth(1).unwrap().starts_with(&format!("{id}  ")) && !table.contains(&secret[4..]));
    let rotated = shell.run_with(&["service-tokens", "rotate", id, "--overlap", "0m"], &CODE, "");
    let other = rotated.out.trim_end();
    assert_ne!(other, secret);
    let list = |secret| program(&server, secret, &["sessions", "list"]).code;
    assert_eq!([list(secret), list(other)], [3, 0]);
    assert_eq!(shell.run(&["service-tokens", "revoke", id]).code, 2);
    assert_eq!(shell.run(&["service-tokens", "revoke", "--yes", id]).out, format!("{id}: revoked\n"));
    assert_eq!(list(other), 3);
    let wrong = ["service-tokens", "create", "--name", "x", "--scope", "view-audits"];
    let wrong = shell.run_with(&wrong, &CODE, "");
    assert!(wrong.code == 2 && wrong.err.contains("view-audit"), "{wrong:?}");
}
