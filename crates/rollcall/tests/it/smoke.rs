//! One request through the whole house.

use rollcall_testkit::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_lists_itself() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let page = admin.get("sessions/list.all").await;
    assert_eq!((page.status, &page.body["total"]), (200, &serde_json::json!(1)));
    server.stop().await;
}
