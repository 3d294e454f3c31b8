//! What clients see of a disk that fails: lists and tokens are answered, changes are refused with what is the matter,
//! and on a full disk sessions can be ended.

use crate::commits_ahead::opening;
use rollcall_faulty_vfs::Disk;
use rollcall_model::Seq;
use rollcall_service::NotWritten;
use rollcall_testkit::{Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::Level;

/// A server with two signed-in users, on a disk that can be made to fail.
struct Faulty {
    server: TestServer,
    disk: Disk,
    admin: Caller,
    /// The administrator on a session that no second factor was shown on.
    plain_admin: Caller,
    ann: Caller,
}

impl Faulty {
    async fn start() -> Self {
        let server = TestServer::on_its_directory().await;
        server.user("ann").await;
        let disk = Disk::without_past(&server.data_dir());
        // What is open already knows nothing of the disk.
        let server = server.restart().await;
        let (admin, plain_admin) = (server.elevated_admin().await, server.admin().await);
        let ann = server.caller().sign_in("ann", PASSWORD).await;
        Self { server, disk, admin, plain_admin, ann }
    }

    async fn try_to_sign_in(&self, password: &str) -> Answer {
        let body = json!({ "user": "ann", "password": password });
        self.server.caller().post("login", &body).await
    }

    async fn store(&self) -> Value {
        let answer = self.admin.send(self.admin.request("GET", "/readyz")).await;
        assert_eq!((answer.status, &answer.body["ready"]), (200, &json!(true)), "{answer:?}");
        answer.body["store"].clone()
    }

    /// What is read is answered as ever.
    async fn reads(&self) {
        assert_eq!(self.admin.get("sessions/list.all").await.status, 200);
        assert_eq!(self.ann.get("me").await.status, 200);
    }
}

fn code(answer: &Answer) -> (u16, Option<&str>) {
    (answer.status, answer.body["errorType"].as_str())
}

#[tokio::test]
async fn on_a_full_disk_nobody_signs_in_and_sessions_are_ended() {
    let faulty = Faulty::start().await;
    assert_eq!(faulty.store().await, json!({ "state": "good" }));
    faulty.disk.hold_at_most(faulty.disk.held());
    let refused = faulty.try_to_sign_in(PASSWORD).await;
    assert_eq!(code(&refused), (503, Some("error-disk-full")), "{refused:?}");
    assert_eq!(refused.header("retry-after"), "1");
    // The room that it gave back is its own; for more there is none.
    let reserve = faulty.server.data_dir().join("reserve");
    fs::remove_file(&reserve).unwrap();
    symlink("/dev/full", &reserve).unwrap();
    faulty.server.pass(Duration::from_secs(2)).await;
    let store = faulty.store().await;
    assert_eq!(store["state"], "disk-full");
    assert!(store["reason"].as_str().unwrap().contains("make room"), "{store}");
    faulty.reads().await;
    // Wrong guesses count as ever.
    assert_eq!(faulty.try_to_sign_in("wrong").await.status, 401);
    // By an administrator who has yet to show a second factor, and by the user.
    let other = faulty.ann.get("sessions/list").await.body["sessions"][0]["sessionId"].clone();
    let admin = faulty.plain_admin.with_code(PASSWORD);
    let ended = admin.post("sessions/logout", &json!({ "sessionId": other })).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    assert_eq!(faulty.ann.get("me").await.status, 401);
    let bob = json!({ "username": "bob", "name": "Bob", "email": "bob@example.test", "password": PASSWORD });
    let made = faulty.admin.post("users.create", &bob).await;
    assert_eq!(code(&made), (503, Some("error-disk-full")), "{made:?}");
    fs::remove_file(&reserve).unwrap();
    faulty.disk.heal();
    faulty.server.pass(Duration::from_secs(2)).await;
    assert_eq!(faulty.store().await, json!({ "state": "good" }));
    assert_eq!(faulty.try_to_sign_in(PASSWORD).await.status, 200);
}

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whatever is tried on a full disk, and however often: the log says once that it is full.
#[tokio::test]
async fn the_log_is_not_filled_with_a_full_disk() {
    let faulty = Faulty::start().await;
    let log = Log::default();
    // Of this thread: the engine's own say their line once, when it begins.
    let subscriber = tracing_subscriber::fmt().with_max_level(Level::WARN).with_writer({
        let log = log.clone();
        move || log.clone()
    });
    let _log = tracing::subscriber::set_default(subscriber.finish());
    faulty.disk.hold_at_most(faulty.disk.held());
    let reserve = faulty.server.data_dir().join("reserve");
    for n in 0..30 {
        let refused = faulty.try_to_sign_in(PASSWORD).await;
        assert_eq!(code(&refused), (503, Some("error-disk-full")), "{refused:?}");
        if n == 0 {
            fs::remove_file(&reserve).unwrap();
            symlink("/dev/full", &reserve).unwrap();
        }
        faulty.reads().await;
        if n < 5 {
            assert_eq!(faulty.try_to_sign_in("wrong").await.status, 401);
        }
        faulty.server.pass(Duration::from_secs(2)).await;
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.lines().count() <= 1, "{log}");
}

#[tokio::test]
async fn while_nothing_can_be_written_lists_and_tokens_are_answered() {
    let faulty = Faulty::start().await;
    faulty.disk.protect();
    let refused = faulty.try_to_sign_in(PASSWORD).await;
    assert_eq!(code(&refused), (503, Some("error-unavailable")), "{refused:?}");
    assert_eq!(refused.header("retry-after"), "1");
    // What is done between commits may have nothing to write.
    faulty.server.pass(Duration::from_secs(2)).await;
    faulty.server.pass(Duration::from_secs(2)).await;
    let store = faulty.store().await;
    assert_eq!(store["state"], "failing", "{store}");
    faulty.reads().await;
    let own = json!({});
    assert_eq!(faulty.ann.post("logout", &own).await.status, 503);
    assert_eq!(faulty.ann.get("me").await.status, 200, "it was not ended");
    faulty.disk.heal();
    assert_eq!(faulty.ann.post("logout", &own).await.status, 200);
    assert_eq!(faulty.store().await, json!({ "state": "good" }));
}

#[tokio::test]
async fn after_a_failed_sync_changes_wait_for_a_restart() {
    let faulty = Faulty::start().await;
    faulty.disk.fail_syncs(0, 1);
    for _ in 0..2 {
        let refused = faulty.try_to_sign_in(PASSWORD).await;
        assert_eq!(code(&refused), (503, Some("error-unavailable")), "{refused:?}");
        faulty.reads().await;
    }
    let store = faulty.store().await;
    assert_eq!(store["state"], "sync-failed");
    assert!(store["reason"].as_str().unwrap().contains("restarted"), "{store}");
    let Faulty { server, admin, ann, .. } = faulty;
    let server = server.restart().await;
    for caller in [admin, ann] {
        let caller = server.caller().with_credentials(&caller.user_id, &caller.token);
        assert_eq!(caller.get("me").await.status, 200);
    }
    let _ = server.caller().sign_in("ann", PASSWORD).await;
}

/// Many are under way then, and the next are decided already: no answer is given that a power cut could take, and the
/// process goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_fails_under_load_costs_answers_and_not_the_process() {
    for which in 0..3 {
        let faulty = Faulty::start().await;
        faulty.server.user("bob").await;
        let user = faulty.server.store.named("bob").await.unwrap()[0].no;
        faulty.disk.fail_syncs(which, 1);
        let asking: Vec<_> = (0..400)
            .map(|_| {
                let (service, command) = (faulty.server.service.clone(), opening(&faulty.server, user));
                tokio::spawn(async move { service.carry_out(command).await })
            })
            .collect();
        let mut last = Seq(0);
        for one in asking {
            match one.await.unwrap() {
                Ok(receipt) => last = last.max(receipt.last),
                Err(refused) => assert!(matches!(refused, NotWritten::Unavailable), "{refused:?}"),
            }
        }
        assert!(faulty.disk.has_failed_syncs(), "sync {which} was not asked for");
        assert_eq!(faulty.store().await["state"], "sync-failed");
        faulty.reads().await;
        let server = faulty.server.restart().await;
        let end = server.store.verify().await.unwrap().unwrap();
        assert!(end.seq >= last, "{end:?}, {last:?}");
    }
}
