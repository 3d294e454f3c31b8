//! A server that is killed while it ends what a preview froze.

use crate::process::{Process, on, said, serve};
use rollcall_testkit::PASSWORD;
use serde_json::json;
use tempfile::TempDir;

const SESSIONS: u64 = 12_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_before_a_kill_is_finished_after_the_start_with_one_receipt() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let mut generate = on(&data, &["generate"]);
    let (code, _, err) =
        said(generate.args(["--users", "600", "--ended", "0"]).args(["--sessions", &SESSIONS.to_string()]));
    assert_eq!(code, 0, "{err}");
    let mut server = Process::start(serve(&data));
    let admin = server.admin().await;
    let preview =
        admin.v2("POST", "revocations/preview", Some(&json!({ "q": "", "except_current": true }))).await;
    assert_eq!((preview.status, &preview.body["count"]), (200, &json!(SESSIONS)), "{preview:?}");
    let id = preview.body["preview"].as_str().unwrap().to_owned();
    let request = json!({ "preview": id, "digest": preview.body["digest"], "reason": "a leak" });
    let path = format!("revocations/{id}");
    let asking = {
        let (admin, request) = (admin.with_code(PASSWORD), request.clone());
        let request = admin.request("POST", "/api/v2/revocations").json(&request);
        tokio::spawn(request.send())
    };
    let before = loop {
        let shown = admin.get_v2(&path).await.body;
        assert_ne!(shown["state"], "finished", "it was done before it could be killed");
        if shown["ended"].as_u64() > Some(0) {
            break shown;
        }
    };
    server.kill();
    assert!(asking.await.unwrap().is_err(), "{before}");

    let server = Process::start(serve(&data));
    let admin = server.caller().with_credentials(&admin.user_id, &admin.token);
    let receipt = admin.with_code(PASSWORD).v2("POST", "revocations", Some(&request)).await;
    assert_eq!((receipt.status, &receipt.body["state"]), (200, &json!("finished")), "{receipt:?}");
    // No session was counted twice or missed, and it is the beginning of before that is told.
    assert_eq!((&receipt.body["ended"], &receipt.body["already_gone"]), (&json!(SESSIONS), &json!(0)));
    assert_eq!(receipt.body["first_seq"], before["first_seq"]);
    assert_eq!(admin.get_v2(&path).await.body, receipt.body);
    let left = admin.with_code(PASSWORD).get_v2("sessions?limit=0").await;
    assert_eq!(left.body["total"], 1, "{left:?}");
    assert!(server.terminate().0.success());
    let (code, out, err) = said(&mut on(&data, &["audit", "verify"]));
    assert!(code == 0 && out.ends_with("unbroken\n"), "{out} {err}");
}
