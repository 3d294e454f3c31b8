//! The past: the sessions that were live at an instant.

use crate::metrics::told;
use rollcall::config::Config;
use rollcall_model::{Actor, Command, Seq, SessionNo, Timestamp, limits};
use rollcall_service::{AsOf, AsOfRefusal, Refusal};
use rollcall_store::Keeping;
use rollcall_testkit::{Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

const FIREFOX: &str = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0";
const APP: &str = "RC Mobile; android 14; v4.48.1 (1234)";
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// Of zoe on two devices and of adam: signed in at 9:01, 9:02 and 9:03. The first of them ended at 9:10, and adam signed in
/// anew at 9:12; it is 9:30.
struct Scene {
    server: TestServer,
    admin: Caller,
    ids: Vec<String>,
}

async fn scene() -> Scene {
    let server = TestServer::start().await;
    server.user("zoe").await;
    server.user("adam").await;
    let mut ids = Vec::new();
    let mut sign_in = async |username: &str, agent: &str| {
        let caller = server.caller().with("user-agent", agent).sign_in(username, PASSWORD).await;
        ids.push(caller.session_id().await);
        caller
    };
    server.clock.advance(MINUTE);
    let first = sign_in("zoe", FIREFOX).await;
    for (username, agent) in [("zoe", APP), ("adam", FIREFOX)] {
        server.clock.advance(MINUTE);
        sign_in(username, agent).await;
    }
    server.clock.advance(7 * MINUTE);
    assert_eq!(first.post("logout", &json!({})).await.status, 200);
    server.clock.advance(2 * MINUTE);
    sign_in("adam", APP).await;
    server.clock.advance(18 * MINUTE);
    let admin = server.elevated_admin().await;
    Scene { server, admin, ids }
}

impl Scene {
    /// The sessions at these places, the newest first.
    fn ids(&self, places: &[usize]) -> Vec<String> {
        places.iter().map(|place| self.ids[*place].clone()).collect()
    }

    /// A list without administrators.
    async fn list(&self, as_of: &str, more: &str) -> Answer {
        list(&self.admin, as_of, more).await
    }
}

async fn list(admin: &Caller, as_of: &str, more: &str) -> Answer {
    admin.get_v2(&format!("sessions?q=-role:admin&as_of=2026-01-05T{as_of}Z{more}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_signed_in_is_told_at_any_instant_before_and_after_the_sweep_and_a_start() {
    let mut scene = scene().await;
    for round in ["waiting to be moved", "in history", "after a start"] {
        for (as_of, expected) in [
            ("09:00:59.999", vec![]),
            ("09:01", vec![0]),
            ("09:01:59.999", vec![0]),
            ("09:03", vec![2, 1, 0]),
            ("09:09:59.999", vec![2, 1, 0]),
            // All that happened at an instant has happened by it.
            ("09:10", vec![2, 1]),
            ("09:11", vec![2, 1]),
            ("09:12", vec![3, 2, 1]),
            ("09:30", vec![3, 2, 1]),
        ] {
            let page = scene.list(as_of, "").await;
            let expected = scene.ids(&expected);
            assert_eq!(
                (page.item_ids(), &page.body["total"]),
                (expected.clone(), &expected.len().into()),
                "{as_of} {round}"
            );
        }
        if round == "waiting to be moved" {
            scene.server.service.do_what_is_due().await;
        } else {
            let Scene { server, ids, .. } = scene;
            let server = server.restart().await;
            let admin = server.elevated_admin().await;
            scene = Scene { server, admin, ids };
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn list_facets_and_export_of_an_instant_agree_and_say_what_they_are() {
    let scene = scene().await;
    let page = scene.list("09:05", "&facets=os,user&sort=user,login").await;
    assert_eq!(page.item_ids(), scene.ids(&[2, 0, 1]));
    let value = |value: &str, count: u32| json!({ "value": value, "count": count });
    assert_eq!(page.body["facets"]["os"]["values"], json!([value("Ubuntu", 2), value("android", 1)]));
    assert_eq!(page.body["facets"]["user"]["values"], json!([value("zoe", 2), value("adam", 1)]));
    let as_of =
        json!({ "at": "2026-01-05T09:05:00.000Z", "users_at": "2026-01-05T09:30:00.000Z", "erased": 0 });
    assert_eq!(page.body["as_of"], as_of);
    // An item is what it was while it was live, but for what nothing keeps.
    let live = scene.admin.get_v2("sessions?q=-role:admin&sort=login").await;
    assert_eq!(live.body.get("as_of"), None);
    let mut expected = live.body["items"][0].clone();
    assert_eq!(expected["id"], scene.ids[1]);
    for unknown in ["seen_at", "factor", "current"] {
        assert!(!expected[unknown].is_null());
        expected[unknown] = Value::Null;
    }
    assert_eq!(page.body["items"][2], expected);

    let by_login = scene.list("09:05", "&sort=login").await;
    let path = "sessions/export?q=-role:admin&as_of=2026-01-05T09:05Z";
    let export = scene.admin.get_v2(path).await;
    let mut lines: Vec<Value> = export.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.pop(), Some(json!({ "whole": true, "items": 3, "as_of": as_of })));
    assert_eq!(Value::Array(lines), by_login.body["items"]);
    let sheet = scene.admin.get_v2(&format!("{path}&format=csv")).await;
    let lines: Vec<_> = sheet.text.split("\r\n").collect();
    let last = "# whole, sessions: 3, as of: 2026-01-05T09:05:00.000Z, users as of: 2026-01-05T09:30:00.000Z, erased: 0";
    assert_eq!((lines.len(), lines[4]), (6, last));
    let columns: Vec<_> = lines[0].split(',').collect();
    for line in &lines[1..4] {
        let fields: Vec<_> = line[1..line.len() - 1].split("\",\"").collect();
        let field = |name: &str| fields[columns.iter().position(|column| *column == name).unwrap()];
        assert_eq!((field("seen_at"), field("factor"), fields.len()), ("", "", columns.len()));
        assert!(field("login_at").starts_with("2026-01-05T09:0"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ages_in_a_filter_are_counted_back_from_the_instant() {
    let scene = scene().await;
    let page = scene.list("09:05", "&q=").await;
    assert_eq!(page.status, 400, "two filters");
    let asked = |q: &str| format!("sessions?q={q}&as_of=2026-01-05T09:05Z");
    let recent = scene.admin.get_v2(&asked("-role:admin%20login<3m")).await;
    assert_eq!(recent.item_ids(), scene.ids(&[2]));
    let older = scene.admin.get_v2(&asked("-role:admin%20login>=3m")).await;
    assert_eq!(older.item_ids(), scene.ids(&[1, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_walked_in_the_past_and_a_cursor_is_of_its_instant() {
    let scene = scene().await;
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    let mut cursors = Vec::new();
    loop {
        let page = scene.list("09:05", &format!("&limit=1{cursor}")).await;
        assert_eq!(page.body["total"], 3);
        walked.extend(page.item_ids());
        let Some(next) = page.body["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
        cursors.push(cursor.clone());
    }
    assert_eq!(walked, scene.ids(&[2, 1, 0]));
    let skipped = scene.list("09:05", "&limit=1&offset=1").await;
    assert_eq!(skipped.item_ids(), scene.ids(&[1]));
    // Written otherwise, it is the same instant.
    assert_eq!(scene.list("09:05:00.000", &format!("&limit=1{}", cursors[0])).await.status, 200);
    let other = scene.list("09:06", &format!("&limit=1{}", cursors[0])).await;
    assert_eq!((other.status, other.problem()), (400, "bad-cursor"));
    let live = scene.admin.get_v2(&format!("sessions?q=-role:admin&limit=1{}", cursors[0])).await;
    assert_eq!((live.status, live.problem()), (400, "bad-cursor"));
    let live = scene.admin.get_v2("sessions?q=-role:admin&limit=1").await;
    let of_live = format!("&limit=1&cursor={}", live.body["next"].as_str().unwrap());
    assert_eq!(scene.list("09:05", &of_live).await.problem(), "bad-cursor");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_told_is_refused_and_said_why() {
    let scene = scene().await;
    let ask = async |query: &str| scene.admin.get_v2(&format!("sessions?{query}")).await;
    let then = "as_of=2026-01-05T09:05Z";
    for (query, problem) in [
        ("as_of=2026-01-05T09:30:00.001Z", "as-of-in-the-future"),
        ("as_of=2027-01-01", "as-of-in-the-future"),
        ("as_of=2026-01-05T08:59:59.999Z", "as-of-too-early"),
        ("as_of=1970-01-01", "as-of-too-early"),
        ("as_of=yesterday", "not-as-declared"),
        // An age moves; what is asked page by page must not.
        ("as_of=7d", "not-as-declared"),
        ("as_of=", "not-as-declared"),
        (&format!("{then}&sort=user,-seen"), "of-the-present"),
        (&format!("{then}&facets=os,factor"), "of-the-present"),
        (&format!("{then}&sort=colour"), "bad-sort"),
        (&format!("{then}&q=user:zoe%20seen<7d"), "bad-filter"),
        (&format!("{then}&q=factor:none"), "bad-filter"),
        (&format!("{then}&q=-(current:yes)"), "bad-filter"),
    ] {
        let answer = ask(query).await;
        assert_eq!((answer.status, answer.problem()), (400, problem), "{query}");
        let export = scene.admin.get_v2(&format!("sessions/export?{query}")).await;
        assert_eq!(export.status, 400, "{query}");
    }
    let early = ask("as_of=2026-01-05T08:00Z").await;
    assert_eq!(early.body["earliest"], "2026-01-05T09:00:00.000Z");
    let filter = ask(&format!("{then}&q=user:zoe%20seen<7d")).await;
    assert_eq!((&filter.body["column"], &filter.body["length"]), (&10.into(), &4.into()));
    assert!(filter.body["detail"].as_str().unwrap().contains("`seen` is known of live sessions only"));
    let sort = ask(&format!("{then}&sort=seen")).await;
    assert!(sort.body["detail"].as_str().unwrap().contains("`seen`"));
    // As a live list, it is for those who may.
    let zoe = scene.server.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(list(&zoe, "09:05", "").await.problem(), "not-permitted");
    let admin = scene.server.admin().await.with("x-forwarded-for", "192.0.2.1").with("user-agent", "another");
    assert_eq!(list(&admin, "09:05", "").await.problem(), "step-up-required");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_read_is_told_to_the_ledger_with_its_instant() {
    let scene = scene().await;
    assert_eq!(scene.list("09:05", "").await.status, 200);
    let export = scene.admin.get_v2("sessions/export?as_of=2026-01-05T09:06Z").await;
    assert_eq!(export.status, 200);
    scene.server.service.do_what_is_due().await;
    let rows = scene.server.store.ledger(Seq(0), 1_000).await.unwrap();
    let details = rows.iter().filter(|row| row.envelope.kind == 7);
    let reads: Vec<Value> =
        details.map(|row| serde_json::from_slice(&row.detail.as_ref().unwrap()[16..]).unwrap()).collect();
    let instant = |text: &str| json!(Timestamp::parse(text).unwrap().as_ms());
    let list = reads.iter().find(|read| read["as_of"] == instant("2026-01-05T09:05:00Z")).unwrap();
    assert_eq!((&list["endpoint"], &list["filter"]), (&json!("/api/v2/sessions"), &json!("-role:admin")));
    let export = reads.iter().find(|read| read["as_of"] == instant("2026-01-05T09:06:00Z")).unwrap();
    assert_eq!(export["endpoint"], "/api/v2/sessions/export");
    assert!(reads.iter().any(|read| read.get("as_of").is_none()), "what is live has none");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_shown_and_found_as_they_are_now() {
    let scene = scene().await;
    let users = scene.admin.get_v2("users?q=adam").await;
    let id = users.body["items"][0]["id"].as_str().unwrap();
    let rename = json!({ "userId": id, "data": { "username": "adamas" } });
    let renamed = scene.admin.with_code(PASSWORD).post("users.update", &rename).await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    let by = async |q: &str| scene.admin.get_v2(&format!("sessions?as_of=2026-01-05T09:05Z&q={q}")).await;
    assert_eq!(by("user:adamas").await.item_ids(), scene.ids(&[2]));
    assert_eq!(by("user:adam").await.item_ids(), [""; 0]);
    assert_eq!(by("email:adam@*").await.item_ids(), scene.ids(&[2]));
    // A deleted one had sessions all the same.
    let deleted = scene.admin.with_code(PASSWORD).post("users.delete", &json!({ "userId": id })).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    let page = scene.list("09:06", "").await;
    assert_eq!(page.item_ids(), scene.ids(&[2, 1, 0]));
    assert_eq!(page.body["items"][0]["username"], "adamas");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_erased_users_are_counted_and_not_shown_in_what_is_held_either() {
    let scene = scene().await;
    let server = &scene.server;
    let held = scene.list("09:05", "").await;
    assert_eq!((held.item_ids(), &held.body["as_of"]["erased"]), (scene.ids(&[2, 1, 0]), &json!(0)));
    let user = server.store.named("adam").await.unwrap()[0].no;
    server.service.carry_out(Command::EraseUser { user, by: Actor::Operator }).await.unwrap();
    server.service.do_what_is_due().await;
    let mut after = Some(Seq(0));
    while let Some(seq) = after {
        after = server.store.erase(user, seq, 1_000).await.unwrap();
    }
    let page = scene.list("09:05", "").await;
    assert_eq!((page.item_ids(), &page.body["total"]), (scene.ids(&[1, 0]), &json!(2)));
    assert_eq!(page.body["as_of"]["erased"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_reaches_back_as_far_as_ended_sessions_are_kept() {
    let scene = scene().await;
    scene.server.pass(90 * DAY).await;
    let admin = scene.server.elevated_admin().await;
    let early = list(&admin, "09:29:59.999", "").await;
    assert_eq!((early.status, early.problem()), (400, "as-of-too-early"));
    assert_eq!(early.body["earliest"], "2026-01-05T09:30:00.000Z");
    let kept = list(&admin, "09:30", "").await;
    assert_eq!((kept.status, kept.item_ids()), (200, scene.ids(&[3, 2, 1])));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instant_of_which_something_was_forgotten_is_refused() {
    let scene = scene().await;
    let server = &scene.server;
    server.service.do_what_is_due().await;
    let keeping = Keeping {
        details_since: Timestamp::from_ms(0),
        ended_since: Timestamp::parse("2026-01-05T09:20:00Z").unwrap(),
        after: SessionNo(0),
        limit: 100,
    };
    assert!(server.store.forget(keeping).await.unwrap().sessions > 0);
    let forgotten = scene.list("09:09:59", "").await;
    assert_eq!((forgotten.status, forgotten.problem()), (400, "as-of-forgotten"));
    assert_eq!(scene.list("09:29", "").await.item_ids(), scene.ids(&[3, 2, 1]));
}

/// How many fills there were, and how many sessions of the past are held.
async fn fills_and_held(server: &TestServer) -> (u64, u64) {
    let told = told(server).await;
    let number = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap().parse().unwrap()
    };
    (number("rollcall_as_of_fill_seconds_count"), number("rollcall_as_of_sessions"))
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-01-05T{text}:00Z")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instant_is_filled_once_for_all_who_ask_and_held_for_some_minutes() {
    let scene = scene().await;
    let ask = || scene.server.service.as_of(Some(at("09:05")));
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    for of in [a, b, c] {
        assert_eq!(of.unwrap().then().unwrap().at, at("09:05"));
    }
    for _ in 0..3 {
        assert_eq!(scene.list("09:05", "").await.status, 200);
    }
    let (fills, held) = fills_and_held(&scene.server).await;
    assert_eq!(fills, 1);
    assert!(held >= 3);
    // A young one is looked at anew soon: what was under way may still be told.
    assert_eq!(scene.list("09:29", "").await.status, 200);
    assert_eq!(fills_and_held(&scene.server).await.0, 2);
    scene.server.pass(limits::YOUNG_PAST_KEPT).await;
    assert_eq!((scene.list("09:29", "").await.status, scene.list("09:05", "").await.status), (200, 200));
    assert_eq!(fills_and_held(&scene.server).await.0, 3);
    scene.server.pass(limits::PAST_KEPT).await;
    assert_eq!(fills_and_held(&scene.server).await, (3, 0));
    let admin = scene.server.elevated_admin().await;
    assert_eq!(list(&admin, "09:05", "").await.status, 200);
    assert_eq!(fills_and_held(&scene.server).await.0, 4);
}

async fn refusal(server: &TestServer, as_of: &str) -> Option<Refusal> {
    server.service.as_of(Some(at(as_of))).await.err()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_bounded_and_what_is_read_is_not_let_go_of() {
    let mut config = Config::default();
    config.service.as_of_sessions = 6;
    let server = TestServer::with(config).await;
    server.user("zoe").await;
    for _ in 0..5 {
        server.clock.advance(MINUTE);
        let _session = server.caller().sign_in("zoe", PASSWORD).await;
    }
    server.clock.advance(10 * MINUTE);
    let past = async |as_of: &str| -> AsOf {
        server.service.as_of(Some(at(as_of))).await.unwrap_or_else(|refusal| panic!("{as_of}: {refusal:?}"))
    };
    // Three and four sessions have no room beside each other.
    let read = past("09:03").await;
    assert_eq!(refusal(&server, "09:04").await, Some(AsOfRefusal::AllRead.into()));
    drop(past("09:01").await);
    drop(read);
    drop(past("09:04").await);
    assert!(fills_and_held(&server).await.1 <= 6);
    assert_eq!(refusal(&server, "09:05").await, None);
    for _ in 0..2 {
        let _session = server.caller().sign_in("zoe", PASSWORD).await;
    }
    server.clock.advance(10 * MINUTE);
    let too_large = AsOfRefusal::TooLarge { sessions: 7, most: 6 };
    assert_eq!(refusal(&server, "09:20").await, Some(too_large.into()));
    let admin = server.elevated_admin().await;
    let answer = list(&admin, "09:20", "").await;
    assert_eq!((answer.status, answer.problem()), (422, "as-of-too-large"));
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_instants_are_held_at_once_and_the_one_not_asked_for_longest_goes_first() {
    let scene = scene().await;
    let ask = async |as_of: &str| assert_eq!(scene.list(as_of, "").await.status, 200, "{as_of}");
    for minute in 1..=limits::PASTS {
        ask(&format!("09:0{minute}")).await;
    }
    ask("09:01").await;
    ask("09:20").await;
    let fills = fills_and_held(&scene.server).await.0;
    assert_eq!(fills, limits::PASTS as u64 + 1);
    ask("09:01").await;
    assert_eq!(fills_and_held(&scene.server).await.0, fills, "it was asked lately");
    ask("09:02").await;
    assert_eq!(fills_and_held(&scene.server).await.0, fills + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_the_past_is_a_reader_of_that_state_whatever_happens_meanwhile() {
    let scene = scene().await;
    let first = scene.list("09:05", "&limit=1").await;
    // One of its sessions ends, others come.
    let ended = scene.admin.delete_v2(&format!("sessions/{}", scene.ids[1])).await;
    assert_eq!(ended.status, 204);
    let _newer = scene.server.caller().sign_in("zoe", PASSWORD).await;
    let next = first.body["next"].as_str().unwrap();
    let rest = scene.list("09:05", &format!("&cursor={next}")).await;
    assert_eq!((rest.item_ids(), &rest.body["total"]), (scene.ids(&[1, 0]), &json!(3)));
    // What ended later than the instant was live at it, also for who asks only now.
    let anew = scene.list("09:06", "").await;
    assert_eq!(anew.item_ids(), scene.ids(&[2, 1, 0]));
}
