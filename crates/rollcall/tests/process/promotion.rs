//! The primary of the database dies, and a standby takes its place: with all that was answered, or without the last of
//! it.

use crate::process::{Process, serve};
use rollcall_testkit::{ADMIN, Caller, PASSWORD, Postgres, Proxy, in_time};
use serde_json::json;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

const SIGABRT: i32 = 6;

/// A primary with a standby, and the way to whichever leads.
struct Pair {
    primary: Postgres,
    data: PathBuf,
    standby: Postgres,
    way: Proxy,
    directory: TempDir,
}

impl Pair {
    /// With `waits`, the primary answers no commit before the standby has it.
    async fn new(waits: bool) -> Self {
        let (primary, data) = Postgres::start_primary(&[("synchronous_commit", "on")]).unwrap();
        let standby = primary.start_standby().unwrap();
        if waits {
            primary.wait_for_standby().await;
        }
        let way = Proxy::to(&primary).await;
        Self { primary, data, standby, way, directory: TempDir::new().unwrap() }
    }

    fn serve(&self) -> Command {
        let mut command = serve(&self.directory.path().join("node"));
        let url = format!("postgres://{}@{}/postgres?sslmode=disable", Postgres::user(), self.way.address());
        command.args(["--store", &url, "--key-file"]).arg(self.directory.path().join("key"));
        command
    }

    /// The primary crashes; the standby is promoted, and everybody led to it.
    async fn fail_over(self) -> (Postgres, Proxy, TempDir) {
        let Self { primary, data, standby, way, directory } = self;
        primary.crash(&data);
        standby.promote().await;
        way.lead_to(&standby).await;
        (standby, way, directory)
    }
}

async fn status(caller: &Caller) -> u16 {
    caller.get("me").await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_standby_has_all_that_was_answered_and_nodes_go_on_with_it() {
    let pair = Pair::new(true).await;
    let node = Process::start(pair.serve());
    let load = |anyone: Caller| async move {
        let sign_in = json!({ "user": ADMIN, "password": PASSWORD });
        let (mut answered, mut refused) = (Vec::new(), 0);
        // On through the change, to the other side of it.
        while refused == 0 || answered.len() < 3 {
            let answer = anyone.post("login", &sign_in).await;
            match answer.status {
                200 if refused > 0 || answered.len() < 40 => {
                    let text = |name: &str| answer.body["data"][name].as_str().unwrap().to_owned();
                    answered.push(anyone.with_credentials(&text("userId"), &text("authToken")));
                }
                200 => tokio::task::yield_now().await,
                503 => refused += 1,
                status => panic!("{status}: {answer:?}"),
            }
        }
        answered
    };
    let mut loads: Vec<_> = (0..2).map(|_| tokio::spawn(load(node.caller()))).collect();
    let first = node.caller().sign_in(ADMIN, PASSWORD).await;
    let (_standby, _way, _directory) = pair.fail_over().await;
    let answered = in_time("a load through the change", async {
        let (one, two) = (loads.remove(0).await.unwrap(), loads.remove(0).await.unwrap());
        [one, two].concat()
    })
    .await;
    assert_eq!(status(&first).await, 200);
    for (at, caller) in answered.iter().enumerate() {
        assert_eq!(status(caller).await, 200, "sign-in {at} of {}", answered.len());
    }
    assert!(node.terminate().0.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_notices_that_a_promoted_standby_lacks_what_was_answered_and_a_restart_reads_the_truth() {
    let pair = Pair::new(false).await;
    let node = Process::start(pair.serve());
    let kept = node.caller().sign_in(ADMIN, PASSWORD).await;
    assert_eq!(status(&kept).await, 200);
    pair.standby.stop_following(&pair.primary).await;
    let lost = node.caller().sign_in(ADMIN, PASSWORD).await;
    assert_eq!(status(&lost).await, 200);

    let mut again = pair.serve();
    let (_standby, _way, _directory) = pair.fail_over().await;
    let (ended, log) = node.terminate_after_asking();
    assert_eq!(ended.signal(), Some(SIGABRT), "{log:?}");
    assert!(log.join("\n").contains("the store went back behind what it had committed"), "{log:?}");
    again.stderr(std::process::Stdio::piped());
    let node = Process::start(again);
    let at = |caller: &Caller| node.caller().with_credentials(&caller.user_id, &caller.token);
    assert_eq!([status(&at(&kept)).await, status(&at(&lost)).await], [200, 401]);
}
