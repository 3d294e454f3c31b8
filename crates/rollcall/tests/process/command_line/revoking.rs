//! `sessions revoke`.

use super::shell::{Shell, server};
use rollcall_testkit::{ADMIN, PASSWORD};
use serde_json::{Value, json};

const CODE: [(&str, &str); 1] = [("ROLLCALL_CODE", PASSWORD)];

#[tokio::test(flavor = "multi_thread")]
async fn exactly_what_was_previewed_is_ended() {
    let (_directory, server) = server();
    let shell = Shell::admin(&server);
    let before = server.caller().sign_in(ADMIN, PASSWORD).await;
    let query = format!("user:{ADMIN}");
    let preview = shell.run(&["sessions", "revoke", &query, "--except-current", "--preview"]);
    let preview: Value = serde_json::from_str(&preview.out).unwrap();
    assert_eq!((&preview["count"], &preview["includes_current"]), (&json!(1), &json!(false)));
    let after = server.caller().sign_in(ADMIN, PASSWORD).await;

    let [id, digest] = ["preview", "digest"].map(|name| preview[name].as_str().unwrap());
    let revoke = |digest, more: &[&str], code: &[(&str, &str)]| {
        let order =
            ["sessions", "revoke", "--yes", "--preview-id", id, "--digest", digest, "--reason", "case 王"];
        shell.run_with(&[&order[..], more].concat(), code, "")
    };
    let codeless = revoke(digest, &[], &[]);
    assert!(codeless.code == 5 && codeless.err.contains("ROLLCALL_CODE"), "asked anew: {codeless:?}");
    let other = revoke("0000", &[], &CODE);
    assert!(other.code == 1 && other.err.contains("digest"), "{other:?}");
    assert_eq!(before.get("me").await.status, 200, "nothing was ended");

    let ended = revoke(digest, &[], &CODE);
    assert!(ended.code == 0 && ended.out.starts_with("1 session ended, in "), "{ended:?}");
    assert!(ended.out.contains("\nsigned in since the preview, and staying: 1\nevents "), "{ended:?}");
    assert_eq!([before.get("me").await.status, after.get("me").await.status], [401, 200]);
    let receipt: Value = serde_json::from_str(&revoke(digest, &["--json"], &CODE).out).unwrap();
    assert_eq!((&receipt["ended"], &receipt["reason"]), (&json!(1), &json!("case 王")), "the same again");
}

#[test]
fn without_a_terminal_a_preview_is_named() {
    let (_directory, server) = server();
    let shell = Shell::admin(&server);
    let asked = |arguments: &[&str]| shell.run(&[&["sessions", "revoke"][..], arguments].concat());
    let unasked = asked(&["user:zoe", "--reason", "x"]);
    assert!(unasked.code == 2 && unasked.err.contains("--preview-id"), "{unasked:?}");
    for wrong in [
        &["user:zoe", "--yes", "--reason", "x"][..],
        &["--yes", "--preview-id", "a", "--reason", "x"],
        &["--yes", "--preview-id", "a", "--digest", "b"],
        &["--preview-id", "a", "--digest", "b", "--reason", "x"],
        &["user:zoe", "--yes", "--preview-id", "a", "--digest", "b", "--reason", "x"],
        &["--preview"],
    ] {
        let ended = asked(wrong);
        assert!(ended.code == 2 && ended.out.is_empty(), "{wrong:?}: {ended:?}");
    }
    let digest = "0".repeat(64);
    let order =
        ["sessions", "revoke", "--yes", "--preview-id", "nonsense", "--digest", &digest, "--reason", "x"];
    let unknown = shell.run_with(&order, &CODE, "");
    assert!(unknown.code == 6 && unknown.err.contains("no such preview"), "{unknown:?}");
}
