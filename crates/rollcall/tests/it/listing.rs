//! Lists: filter, sort, page and exact total.

use rollcall_testkit::{Caller, PASSWORD, TestServer};
use std::time::Duration;

const FIREFOX: &str = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0";
const APP: &str = "RC Mobile; android 14; v4.48.1 (1234)";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like \
                      Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

/// Four sign-ins of two users, a minute apart, and an administrator who may see them.
async fn scene() -> (TestServer, Caller, [String; 4]) {
    let server = TestServer::start().await;
    server.user("zoe").await;
    server.user("Adam").await;
    let mut ids = Vec::new();
    for (username, agent) in [("zoe", FIREFOX), ("zoe", APP), ("Adam", IPHONE), ("Adam", "curl/8.5.0")] {
        server.clock.advance(Duration::from_mins(1));
        ids.push(
            server.caller().with("user-agent", agent).sign_in(username, PASSWORD).await.session_id().await,
        );
    }
    server.clock.advance(Duration::from_mins(1));
    let admin = server.elevated_admin().await;
    (server, admin, ids.try_into().unwrap())
}

/// The places in `ids` of the rows that come for a query; the administrator's own are left out.
async fn rows(admin: &Caller, ids: &[String; 4], query: &str) -> Vec<usize> {
    let page = admin.get(&format!("sessions/list.all?count=100&{query}")).await;
    page.ids().iter().filter_map(|id| ids.iter().position(|known| known == id)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_comes_first_and_pages_cut_the_sorted_whole() {
    let (_server, admin, ids) = scene().await;
    assert_eq!(rows(&admin, &ids, "").await, [3, 2, 1, 0]);
    assert_eq!(rows(&admin, &ids, "sort={}").await, [3, 2, 1, 0]);
    assert_eq!(rows(&admin, &ids, r#"sort={"loginAt":1}"#).await, [0, 1, 2, 3]);
    let page = admin.get(r#"sessions/list.all?sort={"loginAt":1}&offset=1&count=2"#).await;
    assert_eq!(page.ids(), ids[1..3]);
    assert_eq!(
        (&page.body["total"], &page.body["count"], &page.body["offset"]),
        (&5.into(), &2.into(), &1.into())
    );
    let past = admin.get("sessions/list.all?offset=1000000000000").await;
    assert_eq!((past.ids().len(), &past.body["total"]), (0, &5.into()));
    let limits = [("", 50), ("count=0", 50), ("count=1e9", 100), ("count=1.9", 1)];
    for (query, count) in limits {
        let page = admin.get(&format!("sessions/list.all?{query}")).await;
        assert_eq!(page.body["count"], count, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sorting_is_global_and_ties_go_newest_first() {
    let (_server, admin, ids) = scene().await;
    for (sort, expected) in [
        // '' (curl), Firefox, Mobile Safari, RC Mobile
        (r#"{"device.name":1}"#, [3, 0, 2, 1]),
        (r#"{"device.name":-1}"#, [1, 2, 0, 3]),
        // '', Ubuntu, android, iOS: by code point
        (r#"{"device.os.name":1}"#, [3, 0, 1, 2]),
        // Ubuntu has no version, curl an empty one
        (r#"{"device.os.version":1}"#, [0, 3, 1, 2]),
        // Names ignore case: Adam before zoe
        (r#"{"_user.username":1}"#, [3, 2, 1, 0]),
        (r#"{"_user.username":-1}"#, [1, 0, 3, 2]),
        (r#"{"_user.name":1,"loginAt":1}"#, [2, 3, 0, 1]),
        (r#"{"_user.username":-1,"device.name":1}"#, [0, 1, 3, 2]),
    ] {
        assert_eq!(rows(&admin, &ids, &format!("filter=Name&sort={sort}")).await, expected, "{sort}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_text_and_expression_over_each_field() {
    let (server, admin, ids) = scene().await;
    let id = &ids[1];
    let host = server.address.to_string();
    let cases = [
        ("firefox".to_owned(), vec![0]),
        ("FIREFOX".into(), vec![0]),
        ("mobile-app".into(), vec![1]),
        ("^mobile$".into(), vec![2]),
        ("ubuntu|android".into(), vec![1, 0]),
        (id.to_uppercase(), vec![1]),
        ("name of zoe".into(), vec![1, 0]),
        ("name of adam".into(), vec![3, 2]),
        ("^Adam$".into(), vec![3, 2]),
        ("127.0.0.1".into(), vec![3, 2, 1, 0]),
        (host, vec![3, 2, 1, 0]),
        ("no such thing".into(), vec![]),
        // No field reaches over into another.
        ("firefoxbrowser".into(), vec![]),
        ("(xyzzy+)+$|^firefox".into(), vec![0]),
        ("[".into(), vec![]),
        (r"\".into(), vec![]),
    ];
    for (filter, expected) in cases {
        let request = admin.request("GET", "/api/v1/sessions/list.all");
        let page = admin.send(request.query(&[("filter", filter.as_str())])).await;
        let found: Vec<_> =
            page.ids().iter().filter_map(|id| ids.iter().position(|known| known == id)).collect();
        assert_eq!(found, expected, "{filter}");
        assert!(page.body["total"].as_u64().unwrap() >= found.len() as u64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_list_shows_ones_own_and_marks_the_calling_session() {
    let (server, _admin, ids) = scene().await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let page = zoe.get("sessions/list?sort={\"loginAt\":1}").await;
    assert_eq!((page.ids()[..2].to_vec(), &page.body["total"]), (ids[..2].to_vec(), &3.into()));
    let current: Vec<_> = page.body["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["current"].as_bool().unwrap())
        .collect();
    assert_eq!(current, [false, false, true]);
    assert!(page.body["sessions"][0].get("_user").is_none());
    // Sorting by user is allowed and sorts nothing: all rows tie.
    let page = zoe.get("sessions/list?sort={\"_user.name\":1}").await;
    assert_eq!(page.ids()[1..], [ids[1].clone(), ids[0].clone()]);
    assert_eq!(zoe.get("sessions/list?filter=firefox").await.ids(), ids[..1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_is_shown_to_its_user_and_to_administrators() {
    let (server, admin, ids) = scene().await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let own = zoe.get(&format!("sessions/info?sessionId={}", ids[0])).await;
    assert_eq!((own.status, &own.body["device"]["name"]), (200, &"Firefox".into()));
    for id in [ids[2].as_str(), "aaaaaaaaaaaaaaaaa", "", ".*"] {
        let stranger = zoe.get(&format!("sessions/info?sessionId={id}")).await;
        assert_eq!(
            (stranger.status, stranger.text.as_str()),
            (404, r#"{"success":false,"error":"Session not found"}"#)
        );
    }
    let of_all = admin.get("sessions/list.all?filter=name+of+adam&count=1").await.body["sessions"][0].clone();
    let mut one = admin.get(&format!("sessions/info.admin?sessionId={}", ids[3])).await.body;
    assert_eq!(one.as_object_mut().unwrap().remove("success"), Some(true.into()));
    assert_eq!(one, of_all);
    assert_eq!(admin.get("sessions/info.admin?sessionId=.*").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_session_is_gone_at_its_instant_without_anybody_asking() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    server.clock.advance(Duration::from_hours(1));
    let admin = server.elevated_admin().await;
    // 90 days but for the hour that passed, and a millisecond.
    server.clock.advance(Duration::from_millis((90 * 24 - 1) * 3_600_000 - 1));
    assert_eq!(zoe.get("me").await.status, 200);
    let admin_again = admin.with_code(PASSWORD);
    assert_eq!(admin_again.get("sessions/list.all").await.body["total"], 2);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(zoe.get("me").await.status, 401);
    assert_eq!(admin.get("sessions/list.all").await.body["total"], 1);
    server.service.do_what_is_due().await;
    let last = server.store.ledger(rollcall_model::Seq(0), 1_000).await.unwrap();
    let ended = last.iter().rfind(|row| row.envelope.kind == 5).unwrap();
    let detail = String::from_utf8_lossy(&ended.detail.as_ref().unwrap()[16..]).into_owned();
    assert!(detail.contains(r#""reason":"expired""#), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_is_listed_after_a_restart() {
    let (server, admin, ids) = scene().await;
    let (user_id, token) = (admin.user_id.clone(), admin.token.clone());
    admin.post("sessions/logout", &serde_json::json!({ "sessionId": ids[1] })).await;
    let server = server.restart().await;
    // The second factor is remembered over the restart too.
    let admin = server.caller().with_credentials(&user_id, &token);
    assert_eq!(rows(&admin, &ids, "").await, [3, 2, 0]);
    assert!(server.store.verify().await.unwrap().is_ok());
}
