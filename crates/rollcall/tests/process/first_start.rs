//! The first start, and starts that are refused.

use crate::process::{Process, serve};
use rollcall_auth::SystemRandomness;
use rollcall_store::Store;
use rollcall_store_sqlite::SqliteStore;
use rollcall_testkit::{ADMIN, Caller, PASSWORD};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

fn data_dir() -> (TempDir, std::path::PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("data");
    (directory, path)
}

/// Exit code and stderr of a start that is refused.
fn refused(mut command: Command) -> (i32, String) {
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn the_administrator_of_the_variables_is_made_once() {
    let (_directory, data) = data_dir();
    drop(Process::start(serve(&data)));
    let mut other = serve(&data);
    other.env("ROLLCALL_ADMIN_USERNAME", "other").env("ROLLCALL_ADMIN_PASSWORD", "another password");
    let server = Process::start(other);
    let me = server.caller().sign_in(ADMIN, PASSWORD).await.get("me").await;
    assert_eq!(me.body["roles"], serde_json::json!(["admin", "user"]));
    let nobody = serde_json::json!({ "user": "other", "password": "another password" });
    assert_eq!(server.caller().post("login", &nobody).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_password_a_random_one_is_written_where_only_its_owner_reads() {
    let (_directory, data) = data_dir();
    let mut command = serve(&data);
    command.env_remove("ROLLCALL_ADMIN_USERNAME").env_remove("ROLLCALL_ADMIN_PASSWORD");
    let server = Process::start(command);
    let path = data.join("initial-password");
    let password = std::fs::read_to_string(&path).unwrap().trim().to_owned();
    assert!(password.len() >= 40, "it is random");
    assert_eq!(mode(&path), 0o600);
    let _ = server.caller().sign_in("admin", &password).await;
    let (_, log) = server.terminate();
    let log = log.join("\n");
    assert!(log.contains("initial-password") && !log.contains(&password));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_changes_nothing() {
    let (_directory, data) = data_dir();
    let without_variables = || {
        let mut command = serve(&data);
        command.env_remove("ROLLCALL_ADMIN_USERNAME").env_remove("ROLLCALL_ADMIN_PASSWORD");
        command
    };
    let mut found = Vec::new();
    for _ in 0..2 {
        assert!(Process::start(without_variables()).terminate().0.success());
        let password = std::fs::read_to_string(data.join("initial-password")).unwrap();
        let store = SqliteStore::open(&data, Arc::new(SystemRandomness)).unwrap();
        found.push((password, store.verify().await.unwrap().unwrap()));
        store.close().await.unwrap();
    }
    assert_eq!(found[0], found[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_owner_reads_the_data_directory() {
    let (_directory, data) = data_dir();
    let mut command = demo(&data);
    command.env_remove("ROLLCALL_ADMIN_PASSWORD");
    let _server = Process::start(command);
    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> = std::fs::read_dir(&data).unwrap().map(|file| file.unwrap().path()).collect();
    // The database with its two companions, the reserve, the lock, the cluster key, and both passwords.
    assert_eq!(files.len(), 8, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
}

async fn total(admin: &Caller, query: &str) -> u64 {
    admin.get(&format!("sessions/list.all?{query}")).await.body["total"].as_u64().unwrap()
}

fn demo(data: &Path) -> Command {
    let mut command = serve(data);
    command.arg("--demo");
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_fills_an_empty_store_once_and_is_the_same_each_time() {
    let (_directories, paths): (Vec<_>, Vec<_>) = (0..2).map(|_| data_dir()).unzip();
    let mut first_pages = Vec::new();
    for data in &paths {
        let server = Process::start(demo(data));
        assert!(server.log().contains("TEST WORKSPACE"));
        let admin = server.admin().await;
        assert_eq!(total(&admin, "").await, 1_201, "1,200 sessions and the administrator's");
        let chrome = total(&admin, "filter=chrome").await;
        assert!((500..900).contains(&chrome), "{chrome}");
        let page = admin.get(r#"sessions/list.all?count=100&sort={"_user.username":1}"#).await;
        let rows = page.body["sessions"].as_array().unwrap();
        // All but the time: the past ends now, whenever that is.
        let rows: Vec<_> = rows
            .iter()
            .filter(|row| row["_user"]["username"] != ADMIN)
            .map(|row| [&row["userId"], &row["_user"]["username"]].map(ToString::to_string))
            .collect();
        first_pages.push(rows);
        drop(server);
        let server = Process::start(demo(data));
        assert!(server.log().contains("TEST WORKSPACE") && !server.log().contains("filled with"));
        assert_eq!(total(&server.admin().await, "").await, 1_202);
        let password = std::fs::read_to_string(data.join("demo-password")).unwrap();
        let user = first_pages[0][0][1].trim_matches('"').to_owned();
        let _ = server.caller().sign_in(&user, password.trim()).await;
    }
    assert_eq!(first_pages[0], first_pages[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_does_not_touch_a_store_that_holds_users() {
    let (_directory, data) = data_dir();
    drop(Process::start(serve(&data)));
    let server = Process::start(demo(&data));
    assert_eq!(total(&server.admin().await, "").await, 1);
    assert!(!server.log().contains("TEST WORKSPACE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_directory_is_refused() {
    let (_directory, data) = data_dir();
    let server = Process::start(serve(&data));
    let (code, said) = refused(serve(&data));
    assert_eq!(code, 1);
    assert!(said.contains("another rollcall holds") && said.contains(&*data.to_string_lossy()), "{said}");
    let _ = server.admin().await;
}

#[test]
fn what_cannot_be_used_is_said() {
    let (_directory, data) = data_dir();
    let mut unknown = serve(&data);
    unknown.env("ROLLCALL__LIMITS__CALL", "3");
    let (code, said) = refused(unknown);
    assert!(code == 2 && said.contains("ROLLCALL__LIMITS__CALLS"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command.args(["serve", "--listen", &address, "--data-dir"]).arg(&data);
    let (code, said) = refused(command);
    assert!(code == 1 && said.contains(&address), "{said}");
    let mut nowhere = serve(Path::new("/dev/null/data"));
    nowhere.env("ROLLCALL__LOG__LEVEL", "warn");
    let (code, said) = refused(nowhere);
    assert!(code == 1 && said.contains("data directory"), "{said}");
    let mut name = serve(&data);
    name.env("ROLLCALL_ADMIN_USERNAME", "two words");
    let (code, said) = refused(name);
    assert!(code == 1 && said.contains("ROLLCALL_ADMIN_USERNAME"), "{said}");
}

#[test]
fn help_has_an_example() {
    let help = Command::new(env!("CARGO_BIN_EXE_rollcall")).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("Example:") && help.contains("ROLLCALL__SESSIONS__LIFETIME"), "{help}");
}

/// A start that must fail: what it says.
fn refusal_of(data: &Path) -> String {
    let output = serve(data).stdout(std::process::Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_starts_with_its_own_key_and_with_no_other() {
    let (_directory, data) = data_dir();
    let key = data.join("cluster-key");
    drop(Process::start(serve(&data)));
    let own = std::fs::read_to_string(&key).unwrap();

    std::fs::rename(&key, data.join("elsewhere")).unwrap();
    let missing = refusal_of(&data);
    assert!(missing.contains("is not there") && missing.contains("--key-file"), "{missing}");
    assert!(!key.exists(), "a store that has a key gets no other");

    std::fs::copy(data.join("elsewhere"), &key).unwrap();
    std::fs::write(&key, "0".repeat(64)).unwrap();
    let other = refusal_of(&data);
    assert!(
        other.contains("the store is sealed with") && other.contains("put the right file there"),
        "{other}"
    );
    assert!(!other.contains(own.trim()) && !other.contains(&"0".repeat(64)), "a key is no word of a log");

    let mut command = serve(&data);
    command.arg("--key-file").arg(data.join("elsewhere"));
    let server = Process::start(command);
    assert_eq!(total(&server.admin().await, "").await, 1);
}
