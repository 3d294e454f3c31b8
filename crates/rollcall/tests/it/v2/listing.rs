//! Lists of sessions in v2: the filter language, pages by cursor, facets; and single sessions.

use rollcall_testkit::{Caller, PASSWORD, TestServer};
use serde_json::json;
use std::time::Duration;

const FIREFOX: &str = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0";
const APP: &str = "RC Mobile; android 14; v4.48.1 (1234)";

/// Three sign-ins of two users, a minute apart, and an administrator who may see them.
async fn scene() -> (TestServer, Caller, Vec<Caller>, Vec<String>) {
    let server = TestServer::start().await;
    server.user("zoe").await;
    server.user("adam").await;
    let (mut callers, mut ids) = (Vec::new(), Vec::new());
    for (username, agent) in [("zoe", FIREFOX), ("zoe", APP), ("adam", FIREFOX)] {
        server.clock.advance(Duration::from_mins(1));
        let caller = server.caller().with("user-agent", agent).sign_in(username, PASSWORD).await;
        ids.push(caller.session_id().await);
        callers.push(caller);
    }
    let admin = server.elevated_admin().await;
    (server, admin, callers, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_language_finds_and_says_what_is_wrong_with_it() {
    let (_server, admin, _callers, ids) = scene().await;
    for (q, expected) in [
        ("user:zoe", vec![1, 0]),
        ("user:zoe -type:mobile*", vec![0]),
        ("os:ubuntu", vec![2, 0]),
        ("(user:adam OR type:mobile*) login<1h", vec![2, 1]),
        ("email:zoe@*", vec![1, 0]),
        ("current:no -role:admin", vec![2, 1, 0]),
    ] {
        let page = admin.send(admin.request("GET", "/api/v2/sessions").query(&[("q", q)])).await;
        let expected: Vec<_> = expected.into_iter().map(|at: usize| ids[at].clone()).collect();
        assert_eq!((page.item_ids(), &page.body["total"]), (expected.clone(), &expected.len().into()), "{q}");
    }
    let wrong = admin.get_v2("sessions?q=user:zoe%20divice:x").await;
    assert_eq!((wrong.status, wrong.problem()), (400, "bad-filter"));
    assert_eq!((&wrong.body["column"], &wrong.body["nearest"]), (&10.into(), &"device".into()));
    let sort = admin.get_v2("sessions?sort=colour").await;
    assert_eq!((sort.status, sort.problem()), (400, "bad-sort"));
    assert_eq!(admin.get_v2("sessions?facets=colour").await.problem(), "bad-facet");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_by_cursor_give_each_steady_row_once_while_sessions_come_and_go() {
    let (server, admin, callers, ids) = scene().await;
    let first = admin.get_v2("sessions?q=user:zoe%20OR%20user:adam&sort=user,-login&limit=1").await;
    assert_eq!((first.item_ids(), &first.body["total"]), (vec![ids[2].clone()], &3.into()));
    // The row that was given ends, and one comes that stands before it.
    assert_eq!(callers[2].delete_v2(&format!("me/sessions/{}", ids[2])).await.status, 204);
    let _newer = server.caller().sign_in("adam", PASSWORD).await;
    let next = first.body["next"].as_str().unwrap();
    let path = format!("sessions?q=user:zoe%20OR%20user:adam&sort=user,-login&limit=5&cursor={next}");
    let rest = admin.get_v2(&path).await;
    assert_eq!(rest.item_ids(), [ids[1].clone(), ids[0].clone()]);
    assert_eq!(rest.body["next"], json!(null));
    // A cursor is of one filter and one sort, for a day.
    for other in ["q=user:zoe&sort=user,-login", "q=user:zoe%20OR%20user:adam&sort=user"] {
        let answer = admin.get_v2(&format!("sessions?{other}&cursor={next}")).await;
        assert_eq!((answer.status, answer.problem()), (400, "bad-cursor"));
    }
    // One letter is another, whichever it was.
    let forged = format!("{}{}", if next.starts_with('A') { 'B' } else { 'A' }, &next[1..]);
    assert_eq!(admin.get_v2(&path.replace(next, &forged)).await.problem(), "bad-cursor");
    server.clock.advance(Duration::from_hours(25));
    let admin = server.elevated_admin().await;
    assert_eq!(admin.get_v2(&path).await.problem(), "bad-cursor");
}

#[tokio::test(flavor = "multi_thread")]
async fn facets_are_counted_exactly() {
    let (_server, admin, _callers, _ids) = scene().await;
    let page = admin.get_v2("sessions?q=-role:admin&facets=os,user&limit=0").await;
    let value = |value: &str, count: u32| json!({ "value": value, "count": count });
    assert_eq!(page.item_ids(), [""; 0]);
    assert_eq!(
        page.body["facets"]["os"],
        json!({ "values": [value("Ubuntu", 2), value("android", 1)], "more": 0 })
    );
    assert_eq!(page.body["facets"]["user"]["values"], json!([value("zoe", 2), value("adam", 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_flat_and_says_all_of_a_session() {
    let (_server, admin, callers, ids) = scene().await;
    let item = admin.get_v2(&format!("sessions/{}", ids[0])).await;
    let mut shown = item.body.clone();
    for varying in ["id", "user_id", "host", "login_at", "seen_at", "expires_at"] {
        assert!(shown[varying].is_string());
        shown[varying] = json!(varying);
    }
    shown["history"][0]["actor"]["id"] = json!("id");
    insta::assert_json_snapshot!(shown);
    let own = callers[0].get_v2("me/sessions").await;
    assert_eq!(own.item_ids(), [ids[1].clone(), ids[0].clone()]);
    assert_eq!(
        (&own.body["items"][0]["current"], &own.body["items"][1]["current"]),
        (&false.into(), &true.into())
    );
    let absent = admin.get_v2("sessions/aaaaaaaaaaaaaaaaa").await;
    assert_eq!((absent.status, absent.problem()), (404, "no-such-session"));
}

#[tokio::test(flavor = "multi_thread")]
async fn others_of_ones_own_sessions_end_after_a_second_factor_and_those_of_others_by_right() {
    let (_server, admin, callers, ids) = scene().await;
    let other = format!("me/sessions/{}", ids[1]);
    let asked = callers[0].delete_v2(&other).await;
    assert_eq!((asked.status, asked.problem()), (403, "step-up-required"));
    assert_eq!(asked.body["methods"], json!(["password"]));
    assert_eq!(callers[0].with_code(PASSWORD).delete_v2(&other).await.status, 204);
    assert_eq!(callers[1].get_v2("me").await.status, 401);
    assert_eq!(callers[0].delete_v2(&format!("me/sessions/{}", ids[2])).await.problem(), "no-such-session");
    assert_eq!(callers[0].delete_v2(&format!("sessions/{}", ids[2])).await.problem(), "not-permitted");
    assert_eq!(admin.delete_v2(&format!("sessions/{}", ids[2])).await.status, 204);
    assert_eq!(callers[2].get_v2("me").await.status, 401);
}
