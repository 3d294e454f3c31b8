//! What clients of a node meet when the way to the database is cut, swallows, is slow, or loses the end of a commit;
//! beside a node whose way is good.

use crate::metrics;
use rollcall::config::Config;
use rollcall_model::{Seq, Timestamp};
use rollcall_testkit::{Answer, Caller, PASSWORD, Proxy, TestServer, Way, in_time};
use serde_json::json;
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_millis(500);

/// A node, and another behind a way that can be cut.
struct Nodes {
    good: TestServer,
    other: TestServer,
    way: Proxy,
}

impl Nodes {
    async fn new() -> Self {
        let mut config = Config::default();
        config.wire.rate_calls = 1_000_000;
        config.service.revocation_bound = BOUND;
        config.store.statement_timeout = Duration::from_secs(2);
        config.store.connect_timeout = Duration::from_secs(2);
        let good = TestServer::one_of_several(config).await;
        let way = Proxy::new().await;
        let other = good.another_node_over(&way).await;
        good.user("zoe").await;
        other.catch_up().await;
        Self { good, other, way }
    }

    /// A session that both know.
    async fn sign_in(&self) -> [Caller; 2] {
        let here = self.good.caller().sign_in("zoe", PASSWORD).await;
        let there = self.other.caller().with_credentials(&here.user_id, &here.token);
        assert_eq!(status(&there).await, 200);
        [here, there]
    }

    /// Every session of the one user, as each node has it.
    async fn lists(&self) -> [Vec<String>; 2] {
        let mut lists = [Vec::new(), Vec::new()];
        for node in [&self.good, &self.other] {
            in_time("a node that is up to date", async { while node.service.catch_up().await.is_err() {} })
                .await;
            let zoe = node.caller().sign_in("zoe", PASSWORD).await;
            assert_eq!(zoe.post("logout", &json!({})).await.status, 200);
        }
        let zoe = self.good.caller().sign_in("zoe", PASSWORD).await;
        for (list, node) in lists.iter_mut().zip([&self.good, &self.other]) {
            let caller = node.caller().with_credentials(&zoe.user_id, &zoe.token);
            let own = caller.get("sessions/list?count=100").await;
            assert_eq!(own.status, 200, "{own:?}");
            *list = own.ids();
        }
        assert_eq!(zoe.post("logout", &json!({})).await.status, 200);
        lists
    }
}

async fn status(caller: &Caller) -> u16 {
    caller.get("me").await.status
}

async fn out(caller: &Caller) {
    assert_eq!(caller.post("logout", &json!({})).await.status, 200);
}

/// Asks until it is answered otherwise than that the truth cannot be known now.
async fn answered(caller: &Caller) -> u16 {
    in_time("an answer", async {
        loop {
            match status(caller).await {
                503 => {}
                status => return status,
            }
        }
    })
    .await
}

async fn a_node_without_its_database(way: Way) {
    let nodes = Nodes::new().await;
    let ([goes, goes_there], [_, stays_there]) = (nodes.sign_in().await, nodes.sign_in().await);
    nodes.way.set(way);
    out(&goes).await;
    let ended_at = Instant::now();
    let mut refused: Option<Answer> = None;
    // Within the bound it may be good still.
    while refused.is_none() || ended_at.elapsed() < 3 * BOUND {
        let asked_at = Instant::now();
        let answer = goes_there.get("me").await;
        assert!(answer.status == 503 || asked_at < ended_at + BOUND, "{way:?}: {answer:?}");
        refused = (answer.status == 503).then_some(answer).or(refused);
    }
    let refused = refused.unwrap();
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.body["error"], "Service temporarily unavailable [error-unavailable]");
    assert_eq!(status(&stays_there).await, 503, "nor does it take others");
    let sign_in = json!({ "user": "zoe", "password": PASSWORD });
    assert_eq!(nodes.other.caller().post("login", &sign_in).await.status, 503);
    let ready = stays_there.send(stays_there.request("GET", "/readyz")).await;
    assert_eq!((ready.status, &ready.body["reason"]), (503, &json!("the store does not answer")));

    nodes.way.set(Way::Open);
    assert_eq!([answered(&goes_there).await, answered(&stays_there).await], [401, 200]);
    let [one, other] = nodes.lists().await;
    assert_eq!(one, other);
    out(&stays_there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_takes_no_token_past_the_bound() {
    a_node_without_its_database(Way::Cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_questions_vanish_takes_no_token_past_the_bound() {
    a_node_without_its_database(Way::Swallows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_was_given_up_is_counted() {
    let nodes = Nodes::new().await;
    let [_, there] = nodes.sign_in().await;
    nodes.way.set(Way::Swallows);
    // It asks the store for nothing but where the ledger ends.
    while there.get("sessions/list").await.status == 200 {}
    let told = metrics::told(&nodes.other).await;
    assert!(told.contains(r#"rollcall_store_errors_total{reason="unavailable"}"#), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_slow_way_everything_works_as_on_a_good_one() {
    let nodes = Nodes::new().await;
    nodes.way.set(Way::Slow(Duration::from_millis(20)));
    for _ in 0..3 {
        let there = nodes.other.caller().sign_in("zoe", PASSWORD).await;
        let here = nodes.good.caller().with_credentials(&there.user_id, &there.token);
        assert_eq!([status(&there).await, status(&here).await], [200, 200]);
        out(&here).await;
        nodes.other.catch_up().await;
        assert_eq!(status(&there).await, 401);
    }
    let [one, other] = nodes.lists().await;
    assert_eq!(one, other);
}

/// Signs in on the other node, while what is sent at the end of the commit is lost; gives what was answered.
async fn sign_in_and_lose(nodes: &Nodes, way: Way) -> Answer {
    let before = nodes.way.lost();
    nodes.way.set(way);
    let sign_in = json!({ "user": "zoe", "password": PASSWORD });
    let answer = nodes.other.caller().post("login", &sign_in).await;
    // With it, maybe, a transaction of the node's own that ended in this instant.
    assert!(nodes.way.lost() > before, "nothing was lost: {answer:?}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_found_to_have_taken_place() {
    let nodes = Nodes::new().await;
    for _ in 0..5 {
        assert_eq!(sign_in_and_lose(&nodes, Way::LosesTheAnswer).await.status, 200);
    }
    let [one, other] = nodes.lists().await;
    assert_eq!((one.len(), &one), (5 + 1, &other));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_lost_is_refused_and_did_not_take_place() {
    let nodes = Nodes::new().await;
    for _ in 0..5 {
        assert_eq!(sign_in_and_lose(&nodes, Way::LosesTheCommit).await.status, 503);
    }
    let [one, other] = nodes.lists().await;
    assert_eq!((one.len(), &one), (1, &other), "there is but the one that asks");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_found_out_is_refused_and_known_when_the_database_is_back() {
    let nodes = Nodes::new().await;
    assert_eq!(sign_in_and_lose(&nodes, Way::LosesAllAfterTheCommit).await.status, 503);
    nodes.way.set(Way::Open);
    let [one, other] = nodes.lists().await;
    assert_eq!((one.len(), &one), (2, &other), "it took place, and nobody has its token");
    assert!(nodes.good.store.verify().await.unwrap().is_ok());
}

/// Nodes go by the database's clock: what a machine's own shows is not asked for.
#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_nodes_is_the_databases() {
    let nodes = Nodes::new().await;
    let shared = nodes.good.store.shared().unwrap();
    let clock = shared.clock();
    let before = clock.now();
    assert!(before > Timestamp::from_ms(1_700_000_000_000), "{before}");
    shared.head().await.unwrap();
    assert!(clock.now() >= before - Duration::from_secs(1), "{before}");
    // Test servers have clocks of their own: the ledger's times are theirs, and never fall.
    let rows = nodes.good.store.ledger(Seq(0), 10_000).await.unwrap();
    assert!(rows.is_sorted_by_key(|row| row.envelope.at));
}
