//! A page that signs in: its secrets are where they belong, and nowhere else.

use crate::process::{Process, serve};
use rollcall_testkit::{ADMIN, PASSWORD};
use serde_json::json;
use tempfile::TempDir;

const NEW_PASSWORD: &str = "another horse battery staple";

#[tokio::test(flavor = "multi_thread")]
async fn no_log_and_no_file_tells_a_pages_token_or_a_password() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let mut command = serve(&data);
    command.env("ROLLCALL__LOG__LEVEL", "trace");
    let server = Process::start(command);
    let page = server.caller().page_of(&server.base);
    let signed_in = page.sign_in_page(ADMIN, PASSWORD).await;
    let token = signed_in.set_cookie().1.to_owned();
    assert_eq!(token.len(), 43);
    let boss = page.keeping(&signed_in);
    let body = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    assert_eq!(boss.with_code(PASSWORD).v2("POST", "me/password", Some(&body)).await.status, 204);
    assert_eq!(boss.v2("POST", "me/password", Some(&body)).await.problem(), "wrong-password");
    assert_eq!(boss.delete_v2("session").await.status, 204);

    let (status, log) = server.terminate();
    assert!(status.success());
    let mut written = vec![("the log".to_owned(), log.join("\n"))];
    for file in std::fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        written.push((
            path.display().to_string(),
            String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into(),
        ));
    }
    let is_in = |text: &str| written.iter().filter(|(_, there)| there.contains(text)).count();
    assert!(is_in("\"answered\"") > 0 && is_in(ADMIN) > 0, "what must be there is found");
    for secret in [&*token, PASSWORD, NEW_PASSWORD] {
        assert_eq!(is_in(secret), 0, "{secret}");
    }
}
