//! Several nodes over one database: what is done on one holds on all.

use rollcall::config::Config;
use rollcall_model::{Role, Seq};
use rollcall_testkit::{ADMIN, Caller, PASSWORD, Socket, TestServer};
use serde_json::json;
use std::time::Duration;

pub fn config() -> Config {
    let mut config = Config::default();
    config.wire.rate_calls = 1_000_000;
    config
}

pub async fn two_nodes(config: Config) -> [TestServer; 2] {
    let one = TestServer::one_of_several(config).await;
    let other = one.another_node().await;
    [one, other]
}

/// The same caller at another node.
fn at(node: &TestServer, caller: &Caller) -> Caller {
    node.caller().with_credentials(&caller.user_id, &caller.token)
}

async fn status(caller: &Caller) -> u16 {
    caller.get("me").await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_on_one_node_is_good_on_the_others_at_once_and_an_ending_holds_there() {
    let [one, other] = two_nodes(config()).await;
    one.user("zoe").await;
    for _ in 0..20 {
        let zoe = one.caller().sign_in("zoe", PASSWORD).await;
        let elsewhere = at(&other, &zoe);
        assert_eq!(status(&elsewhere).await, 200);
        assert_eq!(elsewhere.post("logout", &json!({})).await.status, 200);
        one.catch_up().await;
        assert_eq!([status(&zoe).await, status(&elsewhere).await], [401, 401]);
    }
    assert_eq!(status(&other.caller().with_credentials("a", "b")).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_on_another_node_hears_that_its_session_has_ended() {
    let [one, other] = two_nodes(config()).await;
    one.user("zoe").await;
    let (admin, zoe) = (one.elevated_admin().await, one.caller().sign_in("zoe", PASSWORD).await);
    let mut socket = Socket::connect(other.address).await;
    let user_id = socket.resume(&zoe.token).await;
    socket.frame_of("added").await;
    socket.listen(&user_id).await;
    let id = zoe.session_id().await;
    assert_eq!(admin.post("sessions/logout", &json!({ "sessionId": id })).await.status, 200);
    // By itself: nobody asks that node for anything.
    let (frames, code, reason) = socket.until_closed().await;
    assert_eq!(frames[0]["fields"]["args"], json!([id]));
    assert_eq!((code, &*reason), (1008, "force_logout"));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_rights_names_and_tokens_are_the_same_on_all() {
    let [one, other] = two_nodes(config()).await;
    let id = one.user("zoe").await;
    let (admin, zoe) = (one.elevated_admin().await, one.caller().sign_in("zoe", PASSWORD).await);
    let elsewhere = at(&other, &zoe);
    let list = "sessions/list.all?count=1";
    assert_eq!(elsewhere.with_code(PASSWORD).get(list).await.status, 403);
    let role = json!({ "roleId": "admin", "username": "zoe" });
    assert_eq!(admin.post("roles.addUserToRole", &role).await.status, 200);
    other.catch_up().await;
    assert_eq!(elsewhere.with_code(PASSWORD).get(list).await.status, 200);
    // A second factor that was proved there is remembered here, for the same client.
    one.catch_up().await;
    assert_eq!(zoe.get(list).await.status, 200);

    let name = json!({ "userId": id, "data": { "name": "Zoe of the other node" } });
    assert_eq!(admin.post("users.update", &name).await.status, 200);
    other.catch_up().await;
    let found = elsewhere.get("sessions/list.all?filter=the+other+node").await;
    assert_eq!(found.body["total"], 1, "{found:?}");

    let made = json!({ "tokenName": "ci", "bypassTwoFactor": false });
    let made = elsewhere.post("users.generatePersonalAccessToken", &made).await;
    let ci = one.caller().with_credentials(&zoe.user_id, made.body["token"].as_str().unwrap());
    assert_eq!(status(&ci).await, 200);
    let gone = elsewhere.post("users.removePersonalAccessToken", &json!({ "tokenName": "ci" })).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    one.catch_up().await;
    assert_eq!(status(&ci).await, 401);

    let grants = json!({ "permissions": [{ "_id": "view-device-management", "roles": [] }] });
    assert_eq!(admin.post("permissions.update", &grants).await.status, 200);
    other.catch_up().await;
    assert_eq!(elsewhere.get(list).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_that_was_enrolled_on_one_node_is_one_on_the_others() {
    let mut config = config();
    config.service.factor_required_of = [Role::Guest].into_iter().collect();
    let [one, other] = two_nodes(config).await;
    one.user_with("zoe", true).await;
    let role = json!({ "roleId": "guest", "username": "zoe" });
    assert_eq!(one.admin().await.post("roles.addUserToRole", &role).await.status, 200);
    let zoe = one.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(zoe.get("sessions/list").await.status, 400, "without one, one can only be enrolled");
    assert_eq!(at(&other, &zoe).post("users.2fa.enableEmail", &json!({})).await.status, 200);
    one.catch_up().await;
    assert_eq!(zoe.get("sessions/list").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_too_many_sessions_loses_the_oldest_wherever_it_signed_in() {
    let mut config = config();
    config.service.sessions_per_user = 3;
    let nodes = two_nodes(config).await;
    nodes[0].user("zoe").await;
    let mut callers = Vec::new();
    for n in 0..8 {
        let node = &nodes[n % 2];
        callers.push(node.caller().sign_in("zoe", PASSWORD).await);
        node.clock.advance(Duration::from_secs(1));
    }
    for node in &nodes {
        node.catch_up().await;
        for (n, caller) in callers.iter().enumerate() {
            assert_eq!(status(&at(node, caller)).await, if n < 5 { 401 } else { 200 }, "{n}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_demote_each_other_on_two_nodes_one_is_left() {
    let nodes = two_nodes(config()).await;
    nodes[0].user("zoe").await;
    for _ in 0..10 {
        let admin = nodes[0].admin().await;
        let role = |username: &str| json!({ "roleId": "admin", "username": username });
        let (of_zoe, of_admin) = (role("zoe"), role(ADMIN));
        admin.post("roles.addUserToRole", &of_zoe).await;
        let zoe = nodes[1].caller().sign_in("zoe", PASSWORD).await;
        let (one, other) = tokio::join!(
            admin.post("roles.removeUserFromRole", &of_zoe),
            zoe.post("roles.removeUserFromRole", &of_admin),
        );
        assert_eq!([one.status, other.status].iter().filter(|status| **status == 200).count(), 1);
        if other.status == 200 {
            let zoe = at(&nodes[0], &zoe);
            assert_eq!(zoe.post("roles.addUserToRole", &of_admin).await.status, 200);
        }
        nodes[0].catch_up().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_storm_all_nodes_have_one_list_and_the_ledger_is_one_chain() {
    let nodes = two_nodes(config()).await;
    for n in 0..4 {
        nodes[0].user(&format!("user{n}")).await;
    }
    let admin = nodes[0].elevated_admin().await;
    let storm = |node: usize, n: usize| {
        let caller = nodes[node].caller();
        async move {
            let mut last: Option<Caller> = None;
            for _ in 0..10 {
                let user = caller.sign_in(&format!("user{n}"), PASSWORD).await;
                if let Some(last) = last.replace(user) {
                    assert_eq!(last.post("logout", &json!({})).await.status, 200);
                }
            }
        }
    };
    tokio::join!(storm(0, 0), storm(1, 0), storm(0, 1), storm(1, 2), storm(0, 3), storm(1, 3));
    let mut lists = Vec::new();
    for node in &nodes {
        node.catch_up().await;
        let list = at(node, &admin).get("sessions/list.all?count=100").await;
        assert_eq!(list.status, 200, "{list:?}");
        lists.push(list.body["sessions"].clone());
    }
    assert_eq!(lists[0], lists[1]);
    assert_eq!(lists[0].as_array().unwrap().len(), 6 + 1, "of each storm one, and the administrator's");
    assert!(nodes[0].store.verify().await.unwrap().is_ok());
    let last = nodes[0].store.ledger(Seq(0), 10_000).await.unwrap().pop().unwrap();
    assert_eq!(last.envelope.live, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_refuses_past_the_bound_and_goes_on_when_the_store_is_back() {
    let mut config = config();
    config.service.revocation_bound = Duration::from_millis(100);
    let node = TestServer::one_of_several(config).await;
    let admin = node.admin().await;
    node.database().shut().await;
    // Within the bound it answers what it knows without the store.
    let mut answer = admin.get("sessions/list").await;
    while answer.status == 200 {
        answer = admin.get("sessions/list").await;
    }
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    assert_eq!(
        status(&node.caller().with_credentials("a", "b")).await,
        503,
        "nor is it told that it is wrong"
    );
    let ready = admin.send(admin.request("GET", "/readyz")).await;
    assert_eq!((ready.status, &ready.body["reason"]), (503, &json!("the store does not answer")));
    node.database().open().await;
    while status(&admin).await == 503 {}
    assert_eq!(status(&admin).await, 200);
}
