//! Several nodes over one database: what is done on one holds on all.

use crate::delivery::{by_smtp, code_of, send, zoe};
use crate::sign_in::from_elsewhere;
use rollcall::config::Config;
use rollcall_auth::{Hasher, PasswordDigest};
use rollcall_model::event::PasswordHash;
use rollcall_model::{Role, Seq};
use rollcall_testkit::{
    ADMIN, Behaviour, Caller, MailServer, PASSWORD, Proxy, Socket, TestServer, Way, code_in, in_time,
};
use serde_json::json;
use std::collections::HashSet;
use std::time::{Duration, Instant};

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

const LIST: &str = "sessions/list.all?count=1";

/// What a list answers: good, or how the second factor is refused.
async fn listed(caller: &Caller) -> String {
    let answer = caller.get(LIST).await;
    answer.body["errorType"].as_str().unwrap_or(if answer.status == 200 { "good" } else { "?" }).into()
}

/// How many of those pass who show one second factor on all nodes at the same instant.
async fn passed(
    nodes: &[TestServer; 2],
    code: &str,
    with_code: impl Fn(&Caller) -> Caller,
    user: &Caller,
) -> usize {
    let asking: Vec<_> = (0..20)
        .map(|n| {
            // Each is a client of its own: what one proves is not remembered for another.
            let caller =
                with_code(&at(&nodes[n % 2], user).with("user-agent", &format!("agent {n} of {code}")));
            tokio::spawn(async move { caller.get(LIST).await.status })
        })
        .collect();
    let mut passed = 0;
    for asked in asking {
        passed += usize::from(asked.await.unwrap() == 200);
    }
    passed
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
async fn wrong_passwords_are_counted_together_wherever_they_are_tried() {
    let nodes = two_nodes(config()).await;
    nodes[0].user("zoe").await;
    let fail = async |node: usize, user: &str| {
        let body = json!({ "user": user, "password": "wrong" });
        nodes[node].caller().post("login", &body).await.body["error"].clone()
    };
    for user in ["zoe", "nobody"] {
        for n in 0..10 {
            assert_eq!(fail(n % 2, user).await, "Unauthorized", "{user}, {n}");
        }
        for node in 0..2 {
            assert_eq!(fail(node, user).await, "error-login-blocked-for-user", "{user}, {node}");
        }
    }
    let right = json!({ "user": "zoe", "password": PASSWORD });
    assert_eq!(nodes[1].caller().post("login", &right).await.status, 401);
    nodes[0].clock.advance(Duration::from_mins(5));
    assert_eq!(nodes[1].caller().post("login", &right).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_are_counted_together_wherever_they_are_tried() {
    let nodes = two_nodes(config()).await;
    let admin = nodes[0].admin().await;
    let authenticator = admin.enrol(&nodes[0]).await;
    nodes[0].clock.advance(Duration::from_secs(30));
    let wrong = authenticator.wrong_code(&nodes[0]);
    for n in 0..5 {
        assert_eq!(listed(&at(&nodes[n % 2], &admin).with_totp(&wrong)).await, "totp-invalid", "{n}");
    }
    let right = authenticator.code(&nodes[0], 0);
    for node in &nodes {
        assert_eq!(listed(&at(node, &admin).with_totp(&right)).await, "totp-max-attempts");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_used_on_one_node_is_none_on_another() {
    let mut config = config();
    config.service.code_failures.max = 1_000;
    let nodes = two_nodes(config).await;
    let admin = nodes[0].admin().await;
    let authenticator = admin.enrol(&nodes[0]).await;
    nodes[0].clock.advance(Duration::from_secs(30));
    let code = authenticator.code(&nodes[0], 0);
    for code in [&code, &authenticator.recovery[0]] {
        assert_eq!(listed(&admin.with("user-agent", code).with_totp(code)).await, "good");
        assert_eq!(listed(&at(&nodes[1], &admin).with_totp(code)).await, "totp-invalid");
    }
    nodes[0].clock.advance(Duration::from_secs(30));
    let code = authenticator.code(&nodes[0], 0);
    for code in [&code, &authenticator.recovery[1]] {
        assert_eq!(
            passed(&nodes, code, |caller| caller.with_totp(code), &admin).await,
            1,
            "at the same instant"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_code_that_was_used_on_one_node_is_none_on_another() {
    let mut config = config();
    config.service.code_failures.max = 1_000;
    let nodes = two_nodes(config).await;
    let zoe = zoe(&nodes[0]).await;
    let role = json!({ "roleId": "admin", "username": "zoe" });
    assert_eq!(nodes[0].admin().await.post("roles.addUserToRole", &role).await.status, 200);
    nodes[1].catch_up().await;
    let newest = async || {
        let mut mails = nodes[0].outbox().await;
        // Whichever node delivered it has it.
        mails.extend(nodes[1].outbox().await);
        let newest = mails.into_iter().filter(|stored| stored.mail.text.contains("code is "));
        code_in(&newest.max_by_key(|stored| stored.no).unwrap().mail.text)
    };
    assert_eq!(listed(&at(&nodes[1], &zoe)).await, "totp-required");
    let code = newest().await;
    assert_eq!(listed(&zoe.with("user-agent", "one").with_mailed(&code)).await, "good");
    assert_eq!(listed(&at(&nodes[1], &zoe).with_mailed(&code)).await, "totp-invalid");
    // That asked for another one.
    let code = newest().await;
    assert_eq!(
        passed(&nodes, &code, |caller| caller.with_mailed(&code), &zoe).await,
        1,
        "at the same instant"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_one_delivers_each_mail() {
    let mut mails = MailServer::start().await;
    mails.behave(Behaviour::Down);
    let mut config = by_smtp(&mails);
    config.service.code_failures.max = 1_000;
    let [one, other] = two_nodes(config).await;
    zoe(&one).await;
    for node in [&one, &other, &one, &other] {
        send(node).await;
    }
    tokio::join!(one.service.deliver_mails(), other.service.deliver_mails());
    mails.behave(Behaviour::Takes);
    // As long as whoever failed waits before it tries again.
    one.clock.advance(Duration::from_mins(1));
    tokio::join!(one.service.deliver_mails(), other.service.deliver_mails());
    let mut codes = HashSet::new();
    for _ in 0..4 {
        assert!(codes.insert(code_of(&mails.next().await)), "it was delivered before");
    }
    tokio::join!(one.service.deliver_mails(), other.service.deliver_mails());
    assert!(mails.given().is_none(), "nor is any delivered later");
    // Whoever stops leaves it to the other at once.
    one.stop().await;
    send(&other).await;
    other.service.deliver_mails().await;
    assert!(mails.given().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_slept_takes_no_token_that_was_ended_meanwhile() {
    let mut config = config();
    // Far more than this test takes: no time passes but that of sleep.
    config.service.revocation_bound = Duration::from_mins(10);
    let (one, way) = (TestServer::one_of_several(config).await, Proxy::new().await);
    let sleeper = one.another_node_over(&way).await;
    one.user("zoe").await;
    let zoe = one.caller().sign_in("zoe", PASSWORD).await;
    let there = at(&sleeper, &zoe);
    assert_eq!(status(&there).await, 200);
    way.set(Way::Cut);
    assert_eq!(zoe.post("logout", &json!({})).await.status, 200);
    // What is answered without the store.
    let own = async || there.get("sessions/list").await.status;
    assert_eq!(own().await, 200, "within the bound it may be good still");
    sleeper.clock.sleep(Duration::from_mins(11));
    // The network is not back yet.
    assert_eq!(own().await, 503);
    way.set(Way::Open);
    let answer = in_time("an answer", async {
        loop {
            match own().await {
                503 => {}
                status => return status,
            }
        }
    });
    assert_eq!(answer.await, 401);
}

/// How slow refused sign-ins are tells nothing of who there is, whatever hash somebody was given on another node.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_as_slow_as_the_hash_of_a_user_that_another_node_was_given() {
    let [one, other] = two_nodes(config()).await;
    let slow = PasswordHash("$2b$13$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".into());
    from_elsewhere(&one, "ann", slow.clone()).await;
    other.catch_up().await;
    other.service.do_what_is_due().await;
    let body = json!({ "user": "nobody", "password": "wrong" });
    let refused_at = Instant::now();
    assert_eq!(other.caller().post("login", &body).await.status, 401);
    let (took, hashed_at) = (refused_at.elapsed(), Instant::now());
    assert!(!Hasher::default().verify(&PasswordDigest::of("wrong"), &slow));
    assert!(took > hashed_at.elapsed(), "{took:?} tell that it is nobody");
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
