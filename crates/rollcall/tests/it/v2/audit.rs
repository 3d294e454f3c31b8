//! The audit: pages from the newest event back, filters of events, and that reading it is told to the ledger too.

use data_encoding::HEXLOWER;
use rollcall_model::event::{Observation, Observed};
use rollcall_model::{Actor, Command, Seq, SessionNo, Timestamp, limits};
use rollcall_store::Keeping;
use rollcall_testkit::{Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

/// Two users who signed in a minute apart, and an administrator who may see it.
async fn scene() -> (TestServer, Caller, Caller, String) {
    let server = TestServer::start().await;
    server.user("zoe").await;
    server.user("adam").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let id = zoe.session_id().await;
    server.clock.advance(Duration::from_mins(1));
    let app = server.caller().with("user-agent", "RC Mobile; android 14; v4.48.1 (1234)");
    let _adam = app.sign_in("adam", PASSWORD).await;
    let admin = server.elevated_admin().await;
    (server, admin, zoe, id)
}

async fn audit(caller: &Caller, q: &str) -> Answer {
    caller.send(caller.request("GET", "/api/v2/audit").query(&[("q", q)])).await
}

fn items(answer: &Answer) -> &Vec<Value> {
    answer.body["items"].as_array().unwrap_or_else(|| panic!("no page: {answer:?}"))
}

fn kinds(answer: &Answer) -> Vec<&str> {
    items(answer).iter().map(|item| item["kind"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_told_with_names_for_its_numbers_and_its_link_of_the_chain() {
    let (server, admin, zoe, id) = scene().await;
    let page = audit(&admin, &format!("session:{id}")).await;
    let item = &items(&page)[0];
    let seq = item["seq"].as_u64().unwrap();
    let row = server.store.ledger(Seq(seq - 1), 1).await.unwrap().remove(0);
    let user = json!({ "id": zoe.user_id, "username": "zoe" });
    let mut detail = item["detail"].clone();
    assert!(detail["agent"].is_string() && detail["host"].is_string());
    detail["agent"] = json!("");
    detail["host"] = json!("");
    assert_eq!(
        (items(&page).len(), &page.body["next"], &item["kind"], &item["outcome"]),
        (1, &Value::Null, &json!("session.opened"), &json!("done"))
    );
    assert_eq!((&item["actor"], &item["subject"], &item["session"]), (&user, &user, &json!(id)));
    assert_eq!(detail, json!({ "agent": "", "host": "", "id": id, "ip": "127.0.0.1" }));
    assert_eq!(
        (&item["hash"], &item["at"]),
        (&json!(HEXLOWER.encode(&row.hash)), &json!(row.envelope.at.to_string()))
    );
    let first = audit(&admin, "kind:workspace.created").await;
    assert_eq!(items(&first)[0]["actor"], json!({ "kind": "system" }));
    assert_eq!((&items(&first)[0]["subject"], &items(&first)[0]["session"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_from_the_newest_event_to_the_first_and_miss_none() {
    let (server, admin, _zoe, _id) = scene().await;
    let end = server.store.end().await.unwrap().seq.0;
    let mut path = "audit?limit=3".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = admin.get_v2(&path).await;
        seen.extend(items(&page).iter().map(|item| item["seq"].as_u64().unwrap()));
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("audit?limit=3&cursor={next}");
        // What comes meanwhile is before the first page.
        server.pass(Duration::from_secs(2)).await;
        assert_eq!(admin.get_v2(&format!("audit?limit=3&q=x&cursor={next}")).await.problem(), "bad-cursor");
    }
    let newest = seen[0];
    assert!(newest >= end, "{newest} {end}");
    assert_eq!(seen, (1..=newest).rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_of_events_finds_and_says_what_is_wrong_with_it() {
    let (server, admin, zoe, id) = scene().await;
    assert_eq!(zoe.get_v2("sessions").await.status, 403);
    server.pass(Duration::from_secs(2)).await;
    let opened = Timestamp::parse("2026-01-05T09:01:00Z").unwrap();
    for (q, expected) in [
        ("kind:session.opened actor:zoe", vec!["session.opened"]),
        ("kind:user.* subject:adam", vec!["user.created"]),
        ("subject:nobody", vec![]),
        ("subject:adam@example.test -kind:user.created", vec!["session.opened"]),
        ("outcome:refused actor:zoe", vec!["request.refused"]),
        ("android", vec!["session.opened"]),
        ("kind:session.opened at>=2026-01-05T09:01 -actor:boss", vec!["session.opened"]),
        ("kind:session.opened at<2026-01-05T09:01 -actor:boss", vec!["session.opened"]),
        ("kind:session.opened -at<1h", vec![]),
        ("kind:session.opened at<1d -actor:boss", vec!["session.opened", "session.opened"]),
        ("at<2026-01-05", vec![]),
        ("session:aaaaaaaaaaaaaaaaa", vec![]),
        ("actor:operator", vec![]),
    ] {
        let page = audit(&admin, q).await;
        assert_eq!((kinds(&page), &page.body["next"]), (expected, &Value::Null), "{q}");
    }
    let by_time = audit(&admin, "kind:session.opened at>=2026-01-05T09:01 -actor:boss").await;
    assert_eq!(items(&by_time)[0]["subject"]["username"], "adam");
    assert_eq!(items(&by_time)[0]["at"], opened.to_string());
    let before = audit(&admin, "kind:session.opened at<2026-01-05T09:01 -actor:boss").await;
    assert_eq!(items(&before)[0]["session"], json!(id));
    let wrong = audit(&admin, "actor:zoe knd:x").await;
    assert_eq!((wrong.status, wrong.problem()), (400, "bad-filter"));
    assert_eq!((&wrong.body["column"], &wrong.body["nearest"]), (&json!(11), &json!("kind")));
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_the_audit_is_told_to_the_ledger_once_and_counted() {
    let (server, admin, _zoe, _id) = scene().await;
    for _ in 0..3 {
        assert_eq!(audit(&admin, "actor:zoe").await.status, 200);
    }
    server.pass(Duration::from_secs(61)).await;
    let admin = server.elevated_admin().await;
    let reads = audit(&admin, "kind:sessions.read /api/v2/audit").await;
    let details: Vec<_> = items(&reads).iter().map(|item| item["detail"].clone()).collect();
    let told = |times: u32| json!({ "endpoint": "/api/v2/audit", "filter": "actor:zoe", "times": times });
    assert_eq!(details, [told(2), told(1)]);
    assert_eq!(items(&reads)[0]["actor"]["username"], "boss");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_detail_is_null_and_the_event_stays() {
    let (server, admin, _zoe, _id) = scene().await;
    let keeping = Keeping {
        details_since: server.service.now() + Duration::from_secs(1),
        ended_since: Timestamp::from_ms(0),
        after: SessionNo(0),
        limit: 1_000,
    };
    server.store.forget(keeping).await.unwrap();
    let page = audit(&admin, "kind:user.created subject:zoe").await;
    assert_eq!((items(&page).len(), &items(&page)[0]["detail"]), (1, &Value::Null));
    assert_eq!(kinds(&audit(&admin, "zoe").await), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_found_little_ends_after_so_many_events_and_goes_on() {
    let (server, admin, _zoe, _id) = scene().await;
    let seen = Observation {
        by: Actor::Anyone,
        from: None,
        endpoint: "x",
        what: Observed::Refused { reason: "x" },
        times: 1,
    };
    let many = vec![seen; limits::AUDIT_LOOKED_AT];
    server.service.carry_out(Command::Observe(many)).await.unwrap();
    let q = "kind:user.created subject:zoe";
    let first = audit(&admin, q).await;
    assert_eq!(kinds(&first), [""; 0]);
    let next = first.body["next"].as_str().unwrap();
    let request = admin.request("GET", "/api/v2/audit").query(&[("q", q), ("cursor", next)]);
    let second = admin.send(request).await;
    assert_eq!((kinds(&second), &second.body["next"]), (vec!["user.created"], &Value::Null));
}
