//! Revoking by a filter: what a preview froze ends, exactly that, and once.

use crate::nodes::{self, two_nodes};
use rollcall_testkit::{ADMIN, Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// Five sign-ins of two users, a minute apart, and an administrator who may see and end them.
struct Scene {
    server: TestServer,
    admin: Caller,
    zoe: Vec<Caller>,
    adam: Vec<Caller>,
}

async fn scene() -> Scene {
    let server = TestServer::start().await;
    server.user("zoe").await;
    server.user("adam").await;
    let (mut zoe, mut adam) = (Vec::new(), Vec::new());
    for (username, callers) in [("zoe", &mut zoe), ("adam", &mut adam)] {
        for _ in 0..3 {
            server.clock.advance(Duration::from_mins(1));
            callers.push(server.caller().sign_in(username, PASSWORD).await);
        }
    }
    let admin = server.elevated_admin().await;
    Scene { server, admin, zoe, adam }
}

async fn preview(caller: &Caller, request: Value) -> Answer {
    caller.v2("POST", "revocations/preview", Some(&request)).await
}

fn execution(preview: &Answer) -> Value {
    assert_eq!(preview.status, 200, "{preview:?}");
    json!({ "preview": preview.body["preview"], "digest": preview.body["digest"], "reason": "a lost laptop" })
}

/// Ends what was frozen, with a code.
async fn execute(caller: &Caller, request: &Value) -> Answer {
    caller.with_code(PASSWORD).v2("POST", "revocations", Some(request)).await
}

/// Whose tokens are good.
async fn signed_in(callers: &[Caller]) -> Vec<bool> {
    let mut good = Vec::new();
    for caller in callers {
        good.push(caller.get_v2("me").await.status == 200);
    }
    good
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_what_it_froze() {
    let scene = scene().await;
    let frozen = preview(&scene.admin, json!({ "q": "  user:zoe   OR role:admin " })).await;
    let value = |value: &str, count: u32| json!({ "value": value, "count": count });
    let all = u32::try_from(frozen.body["count"].as_u64().unwrap()).unwrap();
    assert!(all > 3);
    assert_eq!(frozen.body["filter"], "user:zoe OR role:admin");
    assert_eq!(frozen.body["includes_current"], true);
    assert!(frozen.body["breakdown"]["user"]["values"].as_array().unwrap().contains(&value("zoe", 3)));
    assert_eq!(frozen.body["breakdown"]["device"]["values"], json!([value("Chrome", all)]));
    // An administrator is a user as well, and counts for both.
    assert_eq!(frozen.body["breakdown"]["role"]["values"][0], value("user", all));
    let sample = frozen.body["sample"].as_array().unwrap();
    assert_eq!((sample[0]["username"].as_str(), sample[0]["current"].as_bool()), (Some(ADMIN), Some(true)));
    assert_eq!(frozen.body["digest"].as_str().unwrap().len(), 64);
    // It is no event but that sessions were read, and what was frozen is shown to who may end it.
    let id = frozen.body["preview"].as_str().unwrap();
    let shown = scene.admin.get_v2(&format!("revocations/{id}")).await;
    assert_eq!((&shown.body["state"], &shown.body["count"]), (&json!("previewed"), &frozen.body["count"]));
    let wrong = preview(&scene.admin, json!({ "q": "divice:x" })).await;
    assert_eq!((wrong.status, wrong.problem()), (400, "bad-filter"));
    assert_eq!(scene.zoe[0].get_v2(&format!("revocations/{id}")).await.problem(), "not-permitted");
    assert_eq!(scene.admin.get_v2("revocations/nothing").await.problem(), "no-such-preview");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_frozen_ends_and_no_sign_in_made_since() {
    let scene = scene().await;
    let frozen = preview(&scene.admin, json!({ "q": "user:zoe OR user:adam" })).await;
    assert_eq!(frozen.body["count"], 6);
    // One is gone before its turn, and others come that the filter finds as well.
    assert_eq!(scene.adam[1].post("logout", &json!({})).await.status, 200);
    let mut newer = Vec::new();
    for _ in 0..25 {
        newer.push(scene.server.caller().sign_in("zoe", PASSWORD).await);
        newer.push(scene.server.caller().sign_in("adam", PASSWORD).await);
    }
    let request = execution(&frozen);
    let receipt = execute(&scene.admin, &request).await;
    assert_eq!(receipt.status, 200, "{receipt:?}");
    let told = &receipt.body;
    assert_eq!(
        (&told["state"], &told["ended"], &told["already_gone"]),
        (&json!("finished"), &json!(5), &json!(1))
    );
    assert_eq!((&told["newer"], &told["reason"]), (&json!(50), &json!("a lost laptop")));
    assert_eq!(signed_in(&scene.zoe).await, [false; 3]);
    assert_eq!(signed_in(&scene.adam).await, [false; 3]);
    assert_eq!(signed_in(&newer).await, [true; 50]);
    assert_eq!(scene.admin.get_v2("me").await.status, 200);
    // All of it is in the stretch of the ledger that the receipt names.
    let (first, last) = (told["first_seq"].as_u64().unwrap(), told["last_seq"].as_u64().unwrap());
    assert!(last > first + 5, "{told}");
    assert_eq!(told["head_hash"].as_str().unwrap().len(), 64);
    assert!(told["took_ms"].is_u64() && told["lag"][0]["lag_us"].is_u64(), "{told}");

    // The same request again, even when the preview has expired: the same receipt, and nothing ends.
    scene.server.clock.advance(Duration::from_mins(20));
    let admin = scene.server.elevated_admin().await;
    let again = execute(&admin, &request).await;
    assert_eq!((again.status, &again.body), (200, told));
    let shown = admin.get_v2(&format!("revocations/{}", told["id"].as_str().unwrap())).await;
    assert_eq!((shown.status, &shown.body), (200, told));
    assert_eq!(signed_in(&newer).await, [true; 50]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_attempt_uses_nothing_up() {
    let scene = scene().await;
    let frozen = preview(&scene.admin, json!({ "q": "user:zoe" })).await;
    let request = execution(&frozen);
    // A second factor is remembered for this client: that is not enough.
    let no_code = scene.admin.v2("POST", "revocations", Some(&request)).await;
    assert_eq!((no_code.status, no_code.problem()), (403, "step-up-required"));
    let wrong = scene.admin.with_code("wrong").v2("POST", "revocations", Some(&request)).await;
    assert_eq!((wrong.status, wrong.problem()), (403, "step-up-invalid"));
    // The digest is off by one bit, or is none at all.
    let mut digest = request["digest"].as_str().unwrap().to_owned().into_bytes();
    let last = digest.last_mut().unwrap();
    *last =
        b"0123456789abcdef"[usize::from(u8::from_str_radix(&char::from(*last).to_string(), 16).unwrap() ^ 1)];
    for digest in [&*String::from_utf8(digest).unwrap(), "", "é", "00"] {
        let mut other = request.clone();
        other["digest"] = json!(digest);
        let refused = execute(&scene.admin, &other).await;
        assert_eq!((refused.status, refused.problem()), (409, "other-digest"), "{digest:?}");
        assert!(refused.body["detail"].as_str().unwrap().contains("as the preview gave it"));
    }
    assert_eq!(signed_in(&scene.zoe).await, [true; 3]);
    assert_eq!(execute(&scene.admin, &request).await.body["ended"], 3);
    assert_eq!(signed_in(&scene.zoe).await, [false; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_its_makers_for_a_quarter_of_an_hour() {
    let scene = scene().await;
    let made = json!({ "username": "other", "name": "other", "email": "other@example.test", "password": PASSWORD,
        "roles": ["admin"], "verified": true });
    assert_eq!(scene.admin.post("users.create", &made).await.status, 200);
    let other = scene.server.caller().sign_in("other", PASSWORD).await;
    let request = execution(&preview(&scene.admin, json!({ "q": "user:zoe" })).await);
    let refused = execute(&other, &request).await;
    assert_eq!((refused.status, refused.problem()), (403, "preview-of-another"));
    let mut none = request.clone();
    none["preview"] = json!("aaaaaaaaaaaaaaaaa");
    assert_eq!(execute(&scene.admin, &none).await.problem(), "no-such-preview");
    scene.server.clock.advance(Duration::from_mins(15));
    let refused = execute(&scene.admin, &request).await;
    assert_eq!((refused.status, refused.problem()), (409, "preview-expired"));
    assert!(refused.body["detail"].as_str().unwrap().contains("Make another preview"));
    assert_eq!(signed_in(&scene.zoe).await, [true; 3]);
    // Its maker's session is not what it belongs to.
    let request = execution(&preview(&scene.server.elevated_admin().await, json!({ "q": "user:zoe" })).await);
    assert_eq!(execute(&scene.admin, &request).await.body["ended"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_that_asks_is_left_out_on_request() {
    let scene = scene().await;
    let all = preview(&scene.admin, json!({ "q": "" })).await;
    let others = preview(&scene.admin, json!({ "q": "", "except_current": true })).await;
    let count = |preview: &Answer| preview.body["count"].as_u64().unwrap();
    assert_eq!(count(&all), count(&others) + 1);
    assert_eq!(
        (&all.body["includes_current"], &others.body["includes_current"]),
        (&json!(true), &json!(false))
    );
    let receipt = execute(&scene.admin, &execution(&others)).await;
    assert_eq!((receipt.status, receipt.body["ended"].as_u64()), (200, Some(count(&others))));
    assert_eq!(scene.admin.get_v2("me").await.status, 200);
    // With its own session among them, whoever asks is answered still.
    let receipt = execute(&scene.admin, &execution(&all)).await;
    assert_eq!((receipt.status, &receipt.body["ended"]), (200, &json!(1)));
    assert_eq!(scene.admin.get_v2("me").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_of_each_user_are_kept_on_request() {
    let scene = scene().await;
    let frozen = preview(&scene.admin, json!({ "q": "user:zoe OR user:adam", "keep_newest": 2 })).await;
    assert_eq!(frozen.body["count"], 2);
    assert_eq!(execute(&scene.admin, &execution(&frozen)).await.body["ended"], 2);
    assert_eq!(signed_in(&scene.zoe).await, [false, true, true]);
    assert_eq!(signed_in(&scene.adam).await, [false, true, true]);
    let none = preview(&scene.admin, json!({ "q": "user:zoe", "keep_newest": 2 })).await;
    let receipt = execute(&scene.admin, &execution(&none)).await;
    assert_eq!((&receipt.body["state"], &receipt.body["ended"]), (&json!("finished"), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_tells_who_revoked_what_and_why() {
    let scene = scene().await;
    let frozen = preview(&scene.admin, json!({ "q": "user:zoe" })).await;
    let receipt = execute(&scene.admin, &execution(&frozen)).await.body;
    let (first, last) = (receipt["first_seq"].as_u64().unwrap(), receipt["last_seq"].as_u64().unwrap());
    let store = scene.server.store.clone();
    let rows = store
        .ledger(rollcall_model::Seq(first - 1), usize::try_from(last - first).unwrap() + 1)
        .await
        .unwrap();
    let kinds: Vec<_> = rows.iter().map(|row| row.envelope.kind).collect();
    assert_eq!((kinds[0], kinds.last()), (28, Some(&29)));
    assert_eq!(kinds.iter().filter(|kind| **kind == 5).count(), 3);
    assert!(
        rows.iter()
            .filter(|row| row.envelope.kind == 5)
            .all(|row| row.envelope.actor == rows[0].envelope.actor)
    );
    let detail = |row: &rollcall_store::LedgerRow| -> Value {
        serde_json::from_slice(&row.detail.as_ref().unwrap()[rollcall_store::chain::SALT_BYTES..]).unwrap()
    };
    assert_eq!(detail(&rows[0])["filter"], "user:zoe");
    assert_eq!(detail(&rows[0])["reason"], "a lost laptop");
    assert_eq!(detail(rows.last().unwrap())["ended"], 3);
    let hash = data_encoding::HEXLOWER.encode(&rows.last().unwrap().hash);
    assert_eq!(receipt["head_hash"], json!(hash));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_nodes_the_receipt_waits_for_all_and_tells_how_late_each_was() {
    let [one, other] = two_nodes(nodes::config()).await;
    one.user("zoe").await;
    let mut zoe = Vec::new();
    for _ in 0..3 {
        let signed_in = other.caller().sign_in("zoe", PASSWORD).await;
        assert_eq!(signed_in.get_v2("me").await.status, 200);
        zoe.push(signed_in);
    }
    let admin = one.elevated_admin().await;
    let frozen = preview(&admin, json!({ "q": "user:zoe" })).await;
    let receipt = execute(&admin, &execution(&frozen)).await;
    assert_eq!((receipt.status, &receipt.body["ended"]), (200, &json!(3)), "{receipt:?}");
    let lags = receipt.body["lag"].as_array().unwrap();
    let names: HashSet<_> = lags.iter().map(|lag| lag["node"].as_str().unwrap()).collect();
    assert_eq!((lags.len(), names.len()), (2, 2), "each node once: {lags:?}");
    assert!(lags.iter().all(|lag| (1..1_000_000).contains(&lag["lag_us"].as_u64().unwrap())), "{lags:?}");
    assert_eq!(signed_in(&zoe).await, [false; 3]);
    // Whichever node is asked, and whoever of them goes.
    let id = receipt.body["id"].as_str().unwrap();
    let elsewhere = other.caller().with_credentials(&admin.user_id, &admin.token);
    assert_eq!(elsewhere.get_v2(&format!("revocations/{id}")).await.body, receipt.body);
}
