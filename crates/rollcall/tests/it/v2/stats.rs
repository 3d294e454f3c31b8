//! Figures over time.

use rollcall_testkit::{PASSWORD, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

const APP: &str = "RC Mobile; android 14; v4.48.1 (1234)";

#[tokio::test(flavor = "multi_thread")]
async fn the_curve_tells_how_many_were_live_at_each_step() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let hour = Duration::from_hours(1);
    // It is 9:00: from 9:30 on there is one more, from 10:30 on two, from 11:30 on one again.
    server.clock.advance(hour / 2);
    let first = server.caller().sign_in("zoe", PASSWORD).await;
    server.clock.advance(hour);
    let _second = server.caller().sign_in("zoe", PASSWORD).await;
    server.clock.advance(hour);
    assert_eq!(first.post("logout", &json!({})).await.status, 200);
    server.clock.advance(hour);
    let admin = server.admin().await;
    let live = async |query: &str| {
        let curve = admin.get_v2(&format!("stats/live?{query}")).await;
        let items = curve.body["items"].as_array().unwrap_or_else(|| panic!("{curve:?}")).clone();
        let at = |item: &Value| item["at"].as_str().unwrap()[11..16].to_owned();
        items.iter().map(|item| (at(item), item["live"].as_u64().unwrap())).collect::<Vec<_>>()
    };
    let told = |points: &[(&str, u64)]| -> Vec<_> {
        points.iter().map(|(at, live)| ((*at).to_owned(), *live)).collect()
    };
    assert_eq!(
        live("from=2026-01-05T08:00Z&to=2026-01-05T12:20Z&step=1h").await,
        told(&[("08:00", 0), ("09:00", 0), ("10:00", 1), ("11:00", 2), ("12:00", 1)])
    );
    // The very instant counts.
    assert_eq!(
        live("from=2026-01-05T10:29Z&to=2026-01-05T10:31Z&step=1m").await,
        told(&[("10:29", 1), ("10:30", 2), ("10:31", 2)])
    );
    assert_eq!(live("from=2h&step=2h").await, told(&[("10:30", 2), ("12:30", 2)]), "the administrator too");
    assert_eq!(live("").await.len(), 25);
    for wrong in ["from=soon", "step=0m", "step=x", "from=2026-01-06&to=2026-01-05", "from=30d&step=1m"] {
        let answer = admin.get_v2(&format!("stats/live?{wrong}")).await;
        assert_eq!((answer.status, answer.problem()), (400, "bad-range"), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_are_counted_of_live_and_ended_sessions() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    // From Monday 9:00 to Tuesday 10:00.
    let ended = server.caller().with("user-agent", APP).sign_in("zoe", PASSWORD).await;
    assert_eq!(ended.post("logout", &json!({})).await.status, 200);
    server.pass(Duration::from_secs(2)).await;
    let ended = server.caller().with("user-agent", APP).sign_in("zoe", PASSWORD).await;
    assert_eq!(ended.post("logout", &json!({})).await.status, 200);
    server.clock.advance(Duration::from_hours(25));
    let _live = server.caller().sign_in("zoe", PASSWORD).await;
    let admin = server.admin().await;
    let tuesday = admin.get_v2("stats/sign-ins?from=2026-01-06").await;
    assert_eq!(tuesday.body["total"], 2, "{tuesday:?}");
    assert_eq!(tuesday.body["hours"][1][10], 2);
    let value = |value: &str, count: u32| json!({ "value": value, "count": count });
    assert_eq!(tuesday.body["devices"], json!([value("Chrome", 2)]));
    assert_eq!(tuesday.body["networks"], json!([value("127.0.0.0/16", 2)]));
    let monday = admin.get_v2("stats/sign-ins?from=2026-01-05&to=2026-01-05T23:59Z").await;
    // Whoever made the user signed in, too.
    assert_eq!((&monday.body["total"], &monday.body["hours"][0][9]), (&json!(3), &json!(3)));
    assert_eq!(monday.body["systems"], json!([value("android", 2), value("Mac OS", 1)]));
    assert_eq!(
        (&monday.body["from"], &monday.body["to"]),
        (&json!("2026-01-05T00:00:00.000Z"), &json!("2026-01-05T23:59:00.000Z"))
    );
    let all = admin.get_v2("stats/sign-ins").await;
    assert_eq!(all.body["total"], 5);
    let before = admin.get_v2("stats/sign-ins?to=2026-01-04").await;
    assert_eq!((&before.body["total"], &before.body["devices"]), (&json!(0), &json!([])));
    assert_eq!(admin.get_v2("stats/sign-ins?from=soon").await.problem(), "bad-range");
}
