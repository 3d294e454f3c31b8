//! How a caller of v2 authenticates.

use rollcall_testkit::{PASSWORD, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_sent_as_a_bearers_or_beside_its_user_or_in_the_consoles_cookie() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let pair = server.caller().sign_in("zoe", PASSWORD).await;
    let anyone = server.caller();
    let bearer = anyone.with("authorization", &format!("Bearer {}", pair.token));
    let cookie = anyone.with("cookie", &format!("rollcall={}", pair.token));
    for caller in [&pair, &bearer, &cookie] {
        let me = caller.get_v2("me").await;
        assert_eq!((me.status, &me.body["username"]), (200, &"zoe".into()));
    }
    // Neither of the others is known to v1.
    for caller in [&bearer, &cookie] {
        assert_eq!(caller.get("me").await.status, 401);
    }
    let wrong = anyone.with("authorization", "Bearer wrong").get_v2("me").await;
    assert_eq!((wrong.status, wrong.header("www-authenticate")), (401, "Bearer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_ends_sessions_from_our_own_pages_only() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let pair = server.caller().sign_in("zoe", PASSWORD).await;
    let id = pair.session_id().await;
    let cookie = server.caller().with("cookie", &format!("rollcall={}", pair.token));
    let end = format!("me/sessions/{id}");
    let foreign = cookie.with("sec-fetch-site", "cross-site").delete_v2(&end).await;
    assert_eq!((foreign.status, foreign.problem()), (403, "foreign-origin"));
    assert_eq!(cookie.get_v2("me").await.status, 200);
    assert_eq!(cookie.with("sec-fetch-site", "same-origin").delete_v2(&end).await.status, 204);
    assert_eq!(cookie.get_v2("me").await.status, 401);
}
