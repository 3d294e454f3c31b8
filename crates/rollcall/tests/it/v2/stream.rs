//! Streams: what happens among the sessions that a filter finds.

use rollcall_testkit::{Caller, EventStream, PASSWORD, Sent, TestServer, in_time};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

async fn scene() -> (TestServer, Caller) {
    let server = TestServer::start().await;
    server.user("zoe").await;
    server.user("adam").await;
    let admin = server.elevated_admin().await;
    (server, admin)
}

async fn begun(admin: &Caller, path: &str, total: u64) -> EventStream {
    let mut stream = admin.stream(path).await;
    assert_eq!(stream.expect("ready").await.data["total"], total);
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_come_change_leave_and_end() {
    let (server, admin) = scene().await;
    let mut stream = begun(&admin, "sessions/stream?q=-role:admin%20name:*zoe", 0).await;
    // One that the filter does not find is not told.
    let _adam = server.caller().sign_in("adam", PASSWORD).await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let opened = stream.expect("opened").await;
    let id = zoe.session_id().await;
    assert_eq!((&opened.data["id"], &opened.data["username"]), (&json!(id), &"zoe".into()));

    let change = |name: &str| json!({ "userId": zoe.user_id, "data": { "name": name } });
    let admin = admin.with_code(PASSWORD);
    assert_eq!(admin.post("users.update", &change("Also zoe")).await.status, 200);
    assert_eq!(stream.expect("changed").await.data["name"], "Also zoe");
    assert_eq!(admin.post("users.update", &change("Another")).await.status, 200);
    assert_eq!(stream.expect("left").await.data, json!({ "id": id }));
    assert_eq!(admin.post("users.update", &change("zoe")).await.status, 200);
    assert_eq!(stream.expect("changed").await.data["id"], id);

    assert_eq!(zoe.delete_v2(&format!("me/sessions/{id}")).await.status, 204);
    assert_eq!(stream.expect("ended").await.data, json!({ "id": id, "reason": "signed-out" }));
}

/// On one thread, so that its timers can go ahead of the clock on the wall.
#[tokio::test]
async fn a_stream_without_news_says_that_it_is_alive_and_where_one_is_stays() {
    let (server, admin) = scene().await;
    let mut stream = begun(&admin, "sessions/stream?q=user:zoe", 0).await;
    tokio::time::pause();
    let quiet = [stream.next_of_any_kind().await, stream.next_of_any_kind().await];
    tokio::time::resume();
    let _zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let opened = stream.next().await.unwrap();
    // A panic on its own thread would be taken for the writer's.
    server.stop().await;
    let alive = Sent { id: None, name: "alive".into(), data: json!({}) };
    assert_eq!(quiet, [Some(alive.clone()), Some(alive)]);
    assert_eq!((opened.name.as_str(), opened.id.is_some()), ("opened", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_hears_what_was_missed_or_that_it_is_too_much() {
    let (server, admin) = scene().await;
    let mut first = begun(&admin, "sessions/stream?q=user:zoe", 0).await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let heard = first.expect("opened").await.id.unwrap();
    // Somebody else keeps the feed alive meanwhile.
    let _other = begun(&admin, "sessions/stream?q=user:zoe", 1).await;
    drop(first);
    let id = zoe.session_id().await;
    assert_eq!(zoe.delete_v2(&format!("me/sessions/{id}")).await.status, 204);
    let back = admin.with("last-event-id", &heard.to_string());
    let mut resumed = back.stream("sessions/stream?q=user:zoe").await;
    resumed.expect("resumed").await;
    assert_eq!(resumed.expect("ended").await.data["id"], id);
    // From before the feed began nothing is remembered.
    let mut stale = admin.stream("sessions/stream?q=user:zoe&last_event_id=1").await;
    stale.expect("missed").await;
    assert_eq!(stale.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_session_and_with_the_right_to_read() {
    let (server, admin) = scene().await;
    let zoe = server.user("lead").await;
    let grant = json!({ "roleId": "admin", "username": "lead" });
    let admin = admin.with_code(PASSWORD);
    assert_eq!(admin.post("roles.addUserToRole", &grant).await.status, 200, "{zoe}");
    let lead = server.caller().sign_in("lead", PASSWORD).await.with_code(PASSWORD);
    let mut stream = lead.stream("sessions/stream").await;
    stream.expect("ready").await;
    assert_eq!(admin.post("roles.removeUserFromRole", &grant).await.status, 200);
    // The change of roles is news itself.
    assert_eq!(stream.expect("closed").await.data, json!({ "reason": "not-permitted" }));
    assert_eq!(stream.next().await, None);

    let mut own = begun(&admin, "sessions/stream?q=user:nobody", 0).await;
    assert_eq!(admin.post("logout", &json!({})).await.status, 200);
    assert_eq!(own.expect("closed").await.data, json!({ "reason": "session-ended" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_by_itself_is_looked_at_each_minute() {
    let (server, admin) = scene().await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let id = zoe.session_id().await;
    let mut stream = admin.stream("sessions/stream?q=user:zoe%20login<10m").await;
    assert_eq!(stream.expect("ready").await.data, json!({ "total": 1, "each_minute": true }));
    server.clock.advance(Duration::from_mins(12));
    assert_eq!(stream.expect("left").await.data, json!({ "id": id }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_so_many_streams_and_a_place_is_free_again() {
    let (_server, admin) = scene().await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(admin.stream("sessions/stream?q=user:zoe").await);
    }
    let one_more = admin.get_v2("sessions/stream?q=user:zoe").await;
    assert_eq!((one_more.status, one_more.problem()), (429, "too-many-streams"));
    drop(streams);
    // The server hears of it a moment later.
    let again = async || admin.request("GET", "/api/v2/sessions/stream?q=user:zoe").send().await.unwrap();
    in_time("a place that is free again", async { while again().await.status() != 200 {} }).await;
}

/// The list as whoever follows it knows it.
fn replay(list: &mut BTreeMap<String, Value>, sent: &Sent) {
    let id = sent.data["id"].as_str().unwrap().to_owned();
    match &*sent.name {
        "opened" | "changed" => drop(list.insert(id, sent.data.clone())),
        "left" | "ended" => drop(list.remove(&id)),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_replayed_is_the_list() {
    let (server, admin) = scene().await;
    let admin = admin.with_code(PASSWORD);
    let q = "q=name:A*%20-host:nowhere";
    let mut stream = begun(&admin, &format!("sessions/stream?{q}"), 0).await;
    let people = ["zoe", "adam"];
    let mut open: Vec<Caller> = Vec::new();
    // As random as a sequence of squares is, and the same each time.
    for step in 0_usize..60 {
        let dice = step * step * 7 + step * 3;
        let who = people[dice / 5 % 2];
        match dice % 5 {
            0 | 1 => open.push(server.caller().sign_in(who, PASSWORD).await),
            2 if !open.is_empty() => {
                let caller = open.swap_remove(dice / 10 % open.len());
                let _ = caller.post("logout", &json!({})).await;
            }
            _ => {
                let name = ["Ada", "Ben", "Abe"][dice / 7 % 3];
                let id = admin.get(&format!("users.info?username={who}")).await;
                let id = id.body["user"]["_id"].clone();
                let change = json!({ "userId": id, "data": { "name": name } });
                assert_eq!(admin.post("users.update", &change).await.status, 200);
            }
        }
    }
    let listed = admin.get_v2(&format!("sessions?{q}&limit=1000")).await;
    let items = listed.body["items"].as_array().unwrap();
    assert!(!items.is_empty());
    let whole: BTreeMap<_, _> =
        items.iter().map(|item| (item["id"].as_str().unwrap().to_owned(), item.clone())).collect();
    let mut replayed = BTreeMap::new();
    // What comes last is known by what it makes.
    let last = async {
        while replayed != whole {
            replay(&mut replayed, &stream.next().await.unwrap());
        }
    };
    in_time("the list", last).await;
}
