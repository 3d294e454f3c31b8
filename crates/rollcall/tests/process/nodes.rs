//! Several processes over one database: paused, killed, cut off, and with the operator beside them.

use crate::process::{Process, rollcall, said, serve};
use rollcall_testkit::{ADMIN, Caller, Database, PASSWORD, Socket};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A database, and a directory for what nodes need.
struct Cluster {
    database: Database,
    directory: TempDir,
}

impl Cluster {
    async fn new() -> Self {
        Self { database: Database::new().await, directory: TempDir::new().unwrap() }
    }

    fn key(&self) -> PathBuf {
        self.directory.path().join("key")
    }

    fn serve(&self, name: &str) -> Command {
        self.serve_with_key(name, &self.key())
    }

    fn serve_with_key(&self, name: &str, key: &Path) -> Command {
        let mut command = serve(&self.directory.path().join(name));
        command.args(["--store", &self.database.url(), "--key-file"]).arg(key);
        command
    }

    fn start(&self, name: &str) -> Process {
        Process::start(self.serve(name))
    }

    /// Fills the database, and says how that went.
    fn generate(&self, name: &str, more: &[&str]) -> (i32, String, String) {
        let mut command = rollcall(&["generate", "--store", &self.database.url(), "--data-dir"]);
        said(command.arg(self.directory.path().join(name)).args(more))
    }
}

fn at(node: &Process, caller: &Caller) -> Caller {
    node.caller().with_credentials(&caller.user_id, &caller.token)
}

async fn status(caller: &Caller) -> u16 {
    caller.get("me").await.status
}

/// What it tells Prometheus.
async fn metrics(node: &Process) -> String {
    let log = node.log();
    let url = log.split("metrics on ").nth(1).unwrap().split('"').next().unwrap();
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

async fn out(caller: &Caller) {
    assert_eq!(caller.post("logout", &json!({})).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_paused_never_takes_a_token_that_was_ended_meanwhile() {
    let cluster = Cluster::new().await;
    let mut two = cluster.serve("two");
    two.args(["--metrics-listen", "127.0.0.1:0"]);
    let nodes = [cluster.start("one"), Process::start(two)];
    for _ in 0..3 {
        let mut users = Vec::new();
        for _ in 0..5 {
            users.push(nodes[0].caller().sign_in(ADMIN, PASSWORD).await);
        }
        let elsewhere: Vec<_> = users.iter().map(|user| at(&nodes[1], user)).collect();
        for user in &elsewhere {
            assert_eq!(status(user).await, 200);
        }
        nodes[1].pause();
        for user in &users {
            out(user).await;
        }
        // It is asked while it cannot answer: the questions are there when it goes on. And longer than the bound.
        let asked: Vec<_> = elsewhere
            .into_iter()
            .map(|user| tokio::spawn(async move { [status(&user).await, status(&user).await] }))
            .collect();
        tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
        nodes[1].resume();
        for asked in asked {
            assert_eq!(asked.await.unwrap(), [401, 401]);
        }
    }
    // How late an ending held there is told: nobody could say so earlier than it went on.
    let lag = "rollcall_revocation_lag_seconds";
    let within_a_second = format!(r#"{lag}_bucket{{committed_by="another-node",le="1"}} 0"#);
    let all = format!(r#"{lag}_count{{committed_by="another-node"}} 15"#);
    let told = metrics(&nodes[1]).await;
    assert!(told.contains(&within_a_second) && told.contains(&all), "{told}");
}

/// Without a password in the variables, whoever makes the administrator writes one down, and nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn of_nodes_that_start_at_once_one_leaves_a_password_and_it_is_the_administrators() {
    for _ in 0..3 {
        let cluster = Cluster::new().await;
        std::fs::write(cluster.key(), "11".repeat(32)).unwrap();
        std::fs::set_permissions(cluster.key(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let names = ["one", "two", "three"];
        let starting = names.map(|name| {
            let mut command = cluster.serve(name);
            command.env_remove("ROLLCALL_ADMIN_USERNAME").env_remove("ROLLCALL_ADMIN_PASSWORD");
            tokio::task::spawn_blocking(move || Process::start(command))
        });
        let mut nodes = Vec::new();
        for node in starting {
            nodes.push(node.await.unwrap());
        }
        let left = names.map(|name| cluster.directory.path().join(name).join("initial-password"));
        let left: Vec<_> = left.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
        assert_eq!(left.len(), 1);
        for node in &nodes {
            let _ = node.caller().sign_in("admin", left[0].trim()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_killed_starts_from_its_checkpoint_and_what_others_did() {
    let cluster = Cluster::new().await;
    let (one, two) = (cluster.start("one"), cluster.start("two"));
    let (stays, goes) =
        (one.caller().sign_in(ADMIN, PASSWORD).await, one.caller().sign_in(ADMIN, PASSWORD).await);
    assert!(two.terminate().0.success(), "it leaves a checkpoint");
    out(&goes).await;
    let came = one.caller().sign_in(ADMIN, PASSWORD).await;
    let mut two = cluster.start("two");
    for (caller, good) in [(&stays, 200), (&goes, 401), (&came, 200)] {
        assert_eq!(status(&at(&two, caller)).await, good);
    }
    assert!(two.log().contains(r#""from":"checkpoint""#), "{}", two.log());
    two.kill();
    out(&came).await;
    let two = cluster.start("two");
    assert_eq!([status(&at(&two, &came)).await, status(&at(&two, &stays)).await], [401, 200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_was_ending_when_it_was_killed_another_finishes_and_there_is_one_receipt() {
    const SESSIONS: u64 = 8_000;
    let cluster = Cluster::new().await;
    let made =
        cluster.generate("one", &["--users", "600", "--ended", "0", "--sessions", &SESSIONS.to_string()]);
    assert_eq!(made.0, 0, "{}", made.2);
    let (mut one, two) = (cluster.start("one"), cluster.start("two"));
    let admin = one.admin().await;
    let frozen = json!({ "q": "", "except_current": true });
    let preview = admin.v2("POST", "revocations/preview", Some(&frozen)).await;
    assert_eq!((preview.status, &preview.body["count"]), (200, &json!(SESSIONS)), "{preview:?}");
    let id = preview.body["preview"].as_str().unwrap();
    let request = json!({ "preview": id, "digest": preview.body["digest"], "reason": "a leak" });
    let asking = admin.with_code(PASSWORD).request("POST", "/api/v2/revocations").json(&request);
    let asking = tokio::spawn(asking.send());
    let elsewhere = at(&two, &admin);
    let path = format!("revocations/{id}");
    let before = loop {
        let shown = elsewhere.get_v2(&path).await.body;
        assert_ne!(shown["state"], "finished", "it was done before the node could be killed");
        if shown["ended"].as_u64() > Some(0) {
            break shown;
        }
    };
    one.kill();
    assert!(asking.await.unwrap().is_err(), "{before}");
    let receipt = elsewhere.with_code(PASSWORD).v2("POST", "revocations", Some(&request)).await;
    assert_eq!((receipt.status, &receipt.body["state"]), (200, &json!("finished")), "{receipt:?}");
    assert_eq!((&receipt.body["ended"], &receipt.body["already_gone"]), (&json!(SESSIONS), &json!(0)));
    assert_eq!(receipt.body["first_seq"], before["first_seq"]);
    // The one that was killed tells the same when it is back.
    let one = cluster.start("one");
    assert_eq!(at(&one, &admin).get_v2(&path).await.body, receipt.body);
    let (code, told, error) = said(rollcall(&["audit", "verify", "--store"]).arg(cluster.database.url()));
    assert!(code == 0 && told.ends_with("unbroken\n"), "{told} {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_go_on_beside_a_newer_one_whose_schema_they_can_do_with() {
    let cluster = Cluster::new().await;
    let node = cluster.start("one");
    let user = node.caller().sign_in(ADMIN, PASSWORD).await;
    cluster.database.change_schema(1).await;
    out(&user).await;
    let user = node.caller().sign_in(ADMIN, PASSWORD).await;
    let another = cluster.start("two");
    assert_eq!([status(&user).await, status(&at(&another, &user)).await], [200, 200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_end_when_a_newer_one_changes_the_schema_under_them() {
    let cluster = Cluster::new().await;
    let node = cluster.start("one");
    let user = node.caller().sign_in(ADMIN, PASSWORD).await;
    let mut socket = Socket::connect(node.base["http://".len()..].parse().unwrap()).await;
    socket.resume(&user.token).await;
    cluster.database.change_schema(2).await;
    // By itself, and its clients are told to come back: elsewhere.
    let (_, code, _) = socket.until_closed().await;
    assert_eq!(code, 1001);
    let (status, log) = node.terminate_after_asking();
    assert_eq!(status.code(), Some(1), "{log:?}");
    let told = |what: &str| log.iter().filter(|line| line.contains(what)).count();
    assert_eq!(
        told("schema version 2, and this rollcall knows versions up to 1: start a newer rollcall"),
        1,
        "{log:?}"
    );
    let (code, _, error) = said(&mut cluster.serve("one"));
    assert!(code == 1 && error.contains("start a newer rollcall"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_works_beside_the_nodes() {
    let cluster = Cluster::new().await;
    let node = cluster.start("one");
    let user = node.caller().sign_in(ADMIN, PASSWORD).await;
    let mut reset = rollcall(&["user", "reset-password", ADMIN, "--random", "--json", "--store"]);
    let (code, answer, error) = said(reset.arg(cluster.database.url()));
    assert_eq!((code, &*error), (0, ""));
    let done: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(done["sessions_ended"], 1);
    // Within the bound it may be good still.
    while status(&user).await == 200 {}
    assert_eq!(status(&user).await, 401);
    let user = node.caller().sign_in(ADMIN, done["password"].as_str().unwrap()).await;
    assert_eq!(status(&user).await, 200);
}

/// What is looked at by hand, beside a node.
#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_of_a_database_is_followed_and_what_a_node_stands_on_is_looked_at() {
    let cluster = Cluster::new().await;
    let url = cluster.database.url();
    let node = cluster.start("one");
    let user = node.caller().sign_in(ADMIN, PASSWORD).await;
    let verify = |more: &[&str]| said(rollcall(&["audit", "verify", "--store", &url]).args(more));
    let (code, told, error) = verify(&[]);
    assert!(code == 0 && error.is_empty() && told.contains("unbroken"), "{told}{error}");
    let (_, told, _) = verify(&["--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let head = format!("{}:{}", told["head"]["seq"], told["head"]["hash"].as_str().unwrap());
    out(&user).await;
    let (code, told, _) = verify(&["--expect", &head]);
    assert!(code == 0 && told.contains("is as expected"), "{told}");
    let (code, _, error) = verify(&["--expect", &format!("1:{}", "ab".repeat(32))]);
    assert!(code == 1 && error.contains("event 1 is not the one expected"), "{error}");

    let data = cluster.directory.path().join("one");
    let doctor = |listen: &str, key: &Path| {
        let mut command = rollcall(&["doctor", "--json", "--store", &url, "--listen", listen, "--key-file"]);
        let (code, told, error) = said(command.arg(key).arg("--data-dir").arg(&data));
        assert_eq!(error, "");
        (code, serde_json::from_str::<Value>(&told).unwrap())
    };
    let listen = &node.base["http://".len()..];
    let (code, told) = doctor(listen, &cluster.key());
    assert_eq!((code, &told["good"]), (0, &json!(true)), "{told}");
    for (check, what) in [
        ("store", "unbroken; a server holds it"),
        ("key", "is the store's"),
        ("clock", "after the ledger's last event"),
        ("listener", "a rollcall answers on"),
        ("checkpoint", "there is none"),
    ] {
        let checks = told["checks"].as_array().unwrap();
        let found = checks.iter().find(|finding| finding["check"] == check).unwrap();
        assert!(
            found["state"] == "good" && found["what"].as_str().unwrap().contains(what),
            "{check}: {told}"
        );
    }
    let other = cluster.directory.path().join("other-key");
    std::fs::write(&other, "11".repeat(32)).unwrap();
    std::fs::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let (code, told) = doctor(listen, &other);
    assert_eq!((code, &told["good"]), (1, &json!(false)), "{told}");
    // Where it listens and what it keeps in is in the log, and the head that a ledger can be held against.
    let (_, log) = node.terminate();
    let log: Vec<Value> = log.iter().map(|line| serde_json::from_str(line).unwrap_or_default()).collect();
    let listening = log.iter().find(|line| !line["store"].is_null()).unwrap();
    assert_eq!(listening["store"], url);
    let heads: Vec<_> = log.iter().filter(|line| line["message"] == "ledger head").collect();
    assert_eq!(heads.len(), 2, "when it begins and when it ends: {log:?}");
    for line in heads {
        let expected = format!("{}:{}", line["seq"], line["hash"].as_str().unwrap());
        assert_eq!(verify(&["--expect", &expected]).0, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_workspace_fills_a_database_once() {
    let cluster = Cluster::new().await;
    let generate = |name| cluster.generate(name, &["--users", "20", "--sessions", "50", "--json"]);
    let (code, told, error) = generate("one");
    assert_eq!(code, 0, "{error}");
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["users"], 20, "{told}");
    let node = cluster.start("one");
    let listed = node.admin().await.get("sessions/list.all?count=1").await;
    assert_eq!(listed.body["total"], 50 + 1, "{listed:?}");
    let (code, _, error) = generate("two");
    assert!(code == 1 && error.contains("database"), "{error}");
    let (code, told, _) = said(rollcall(&["audit", "verify", "--store"]).arg(cluster.database.url()));
    assert!(code == 0 && told.contains("unbroken"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_used_is_refused_with_what_to_do() {
    let cluster = Cluster::new().await;
    drop(cluster.start("one"));
    let refused = |command: &mut Command| {
        let (code, _, error) = said(command);
        assert_eq!(code, 1, "{error}");
        error
    };
    let other_key = cluster.directory.path().join("other-key");
    std::fs::write(&other_key, "11".repeat(32)).unwrap();
    std::fs::set_permissions(&other_key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let said_of_key = refused(&mut cluster.serve_with_key("two", &other_key));
    assert!(said_of_key.contains("put the right file there"), "{said_of_key}");
    let nowhere = refused(serve(&cluster.directory.path().join("three")).args([
        "--store",
        "postgres://nobody@127.0.0.1:1/nothing?sslmode=disable",
        "--key-file",
        "key",
    ]));
    assert!(nowhere.contains("the store is unavailable"), "{nowhere}");
    let (code, _, asked) =
        said(serve(&cluster.directory.path().join("four")).args(["--store", &cluster.database.url()]));
    assert!(code == 2 && asked.contains("server.key_file"), "{asked}");
    let (code, _, asked) = said(serve(&cluster.directory.path().join("five")).args([
        "--store",
        "postgres://a:secret@h/d",
        "--key-file",
        "k",
    ]));
    assert!(code == 2 && asked.contains("it holds a password") && !asked.contains("secret"), "{asked}");
    let empty = Database::new().await;
    let (code, _, none) = said(rollcall(&["user", "unlock", ADMIN, "--store"]).arg(empty.url()));
    assert!(code == 1 && none.contains("there is no store in the database"), "{none}");
}
