//! What a server writes about programs that call it.

use crate::process::{Process, serve};
use rollcall_testkit::PASSWORD;
use serde_json::json;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_in_no_log() {
    let directory = TempDir::new().unwrap();
    let mut command = serve(&directory.path().join("data"));
    command.env("ROLLCALL__LOG__LEVEL", "trace");
    let server = Process::start(command);
    let request = json!({ "name": "siem", "scopes": ["view-device-management"] });
    let admin = server.admin().await.with_code(PASSWORD);
    let made = admin.v2("POST", "service-tokens", Some(&request)).await;
    let secret = made.body["secret"].as_str().unwrap_or_else(|| panic!("{made:?}"));
    let program = |secret: &str| server.caller().with("authorization", &format!("Bearer {secret}"));
    for (secret, path, status) in
        [(secret, "sessions", 200), (secret, "me", 403), (&*format!("{secret}x"), "sessions", 401)]
    {
        assert_eq!(program(secret).get_v2(path).await.status, status);
    }
    let (status, log) = server.terminate();
    assert!(status.success());
    let log = log.join("\n");
    assert!(log.contains("/api/v2/service-tokens"), "calls are told: {log}");
    assert!(!log.contains(&secret[4..]), "{log}");
}
