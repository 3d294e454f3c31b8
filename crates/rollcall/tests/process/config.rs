//! Settings, as the built binary takes them: from a file, the environment and flags.

use crate::process::{Process, rollcall, said, serve};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A directory with a file of settings in it.
fn file(text: &str) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("rollcall.toml");
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

fn with_file(command: &mut Command, path: &Path) -> (i32, String, String) {
    said(command.arg("--config").arg(path))
}

#[test]
fn check_says_what_is_not_as_by_default() {
    let (_directory, path) = file("[sessions]\nlifetime = \"30d\"\nper_user = 50\n");
    let (code, out, err) = with_file(&mut rollcall(&["config", "check"]), &path);
    let lifetime = "  sessions.lifetime = \"30d\"  (from: file; default: \"90d\")\n";
    assert_eq!((code, &*out, &*err), (0, &*format!("good; not as by default:\n{lifetime}"), ""));
    let (code, out, _) = said(rollcall(&["config", "check"]).env("ROLLCALL_CONFIG", &path));
    assert!(code == 0 && out.contains(lifetime), "{out}");
    let (code, out, _) = said(&mut rollcall(&["config", "check"]));
    assert_eq!((code, &*out), (0, "good: all as by default\n"));
    let mut other = rollcall(&["config", "check", "--set", "limits.calls=20"]);
    let (code, out, _) = said(other.env("ROLLCALL__LOG__LEVEL", "warn"));
    assert!(code == 0 && out.contains("limits.calls = 20  (from: flag"), "{out}");
    assert!(out.contains("log.level = \"warn\"  (from: environment"), "{out}");
}

#[test]
fn check_and_serve_tell_every_fault_with_its_place() {
    let (directory, path) = file("[sesions]\nlifetime = \"90d\"\n[limits]\ncals = 5\nwindow = 60\n");
    let name = path.display();
    let faults = [
        format!("{name}:1:2: [sesions]: no such section; the nearest is [sessions]"),
        format!("{name}:4:1: limits.cals: no such setting; the nearest is limits.calls"),
        format!(
            "{name}:5:10: limits.window: expected a duration in s, m, h or d: 1s to 1d; found the number 60"
        ),
        "ROLLCALL__LOG__FORMAT: expected a word: auto, text, json; found \"xml\"".into(),
        "--set limits.calls: expected a whole number: 1 to 1000000; found 0".into(),
        "--set listen: no such setting; the nearest is server.listen".into(),
        String::new(),
    ];
    let bad = ["--set", "limits.calls=0", "--set", "listen=x"];
    let mut check = rollcall(&["config", "check"]);
    let (code, out, err) = with_file(check.args(bad).env("ROLLCALL__LOG__FORMAT", "xml"), &path);
    assert_eq!((code, &*out, &*err), (2, "", &*faults.join("\n")));
    let data = directory.path().join("data");
    let mut server = serve(&data);
    let (code, _, err) = with_file(server.args(bad).env("ROLLCALL__LOG__FORMAT", "xml"), &path);
    assert_eq!((code, &*err), (2, &*faults.join("\n")));
    assert!(!data.exists(), "nothing was begun");
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault_too() {
    let (directory, path) = file("");
    let (code, _, err) = with_file(&mut rollcall(&["config", "check"]), &directory.path().join("none.toml"));
    assert!(code == 2 && err.contains("none.toml: cannot read the file of settings"), "{err}");
    std::fs::write(&path, b"# \xff\n").unwrap();
    let (code, _, err) = with_file(&mut rollcall(&["config", "check"]), &path);
    assert!(code == 2 && err.contains("not TOML: byte 2 is not UTF-8"), "{err}");
    std::fs::write(&path, vec![b'\n'; (1 << 20) + 1]).unwrap();
    let (code, _, err) = with_file(&mut rollcall(&["config", "check"]), &path);
    assert!(code == 2 && err.contains("at most 1048576 bytes"), "{err}");
}

#[test]
fn what_is_printed_is_good_and_comes_to_the_same() {
    let (_directory, path) = file("sessions.lifetime = \"30d\"\nproxies.trusted = [\"10.0.0.0/8\"]\n");
    let (code, printed, _) = with_file(&mut rollcall(&["config", "print"]), &path);
    assert_eq!(code, 0);
    assert!(printed.contains("From: file.\nlifetime = \"30d\"\n"), "{printed}");
    let (_other, again) = file(&printed);
    let check = |path: &Path| with_file(&mut rollcall(&["config", "check"]), path);
    assert_eq!(check(&again), check(&path));
    let (code, defaults, _) =
        said(rollcall(&["config", "print", "--defaults"]).env("ROLLCALL_CONFIG", &path));
    let (_third, defaults) = file(&defaults);
    assert_eq!((code, check(&defaults).1), (0, "good: all as by default\n".into()));
}

#[test]
fn programs_read_the_settings_as_json() {
    let mut print = rollcall(&["config", "print", "--json", "--set", "limits.calls=20"]);
    let (code, out, _) = said(&mut print);
    let settings: Value = serde_json::from_str(&out).unwrap();
    let calls = settings["settings"].as_array().unwrap().iter().find(|it| it["name"] == "limits.calls");
    let calls = calls.unwrap();
    assert_eq!((code, &calls["value"], &calls["from"]), (0, &20.into(), &"flag".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_takes_all_that_it_needs_from_the_file() {
    let (directory, path) = file("");
    let data = directory.path().join("data");
    let text = format!(
        "[server]\ndata_dir = {data:?}\nlisten = \"127.0.0.1:0\"\n[limits]\ncalls = 3\n[log]\nlevel = \"debug\"\nformat = \"json\"\n"
    );
    std::fs::write(&path, text).unwrap();
    let mut command = rollcall(&["serve", "--config"]);
    command.arg(&path).stderr(std::process::Stdio::piped());
    let server = Process::start(command);
    assert!(data.join("initial-password").exists());
    let anybody = server.caller();
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(anybody.get("info").await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    // The log is whole when the process has ended.
    let (status, log) = server.terminate();
    assert!(status.success() && log.iter().any(|line| line.contains("\"level\":\"DEBUG\"")), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_win_over_the_environment_and_that_over_the_file() {
    let (directory, path) =
        file("limits = { calls = 1, window = \"10s\" }\nserver.listen = \"192.0.2.1:1\"\n");
    let data = directory.path().join("data");
    let mut command = serve(&data);
    command.env("ROLLCALL__LIMITS__CALLS", "2").args(["--set", "limits.calls=3"]);
    let server = Process::start({
        command.arg("--config").arg(&path);
        command
    });
    let answer = server.caller().get("info").await;
    assert_eq!(answer.headers["x-ratelimit-limit"], "3");
}

#[test]
fn text_is_logged_where_it_is_asked_for() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (directory, _) = file("");
    let mut command = rollcall(&["serve", "--set", "log.format=text", "--listen"]);
    command.arg(taken.local_addr().unwrap().to_string()).arg("--data-dir").arg(directory.path().join("data"));
    let (code, _, err) = said(&mut command);
    assert!(code == 1 && err.contains("ERROR the server stops") && !err.contains('{'), "{err}");
}

#[test]
fn a_server_without_a_data_directory_says_where_to_name_one() {
    let (code, _, err) = said(&mut rollcall(&["serve"]));
    assert_eq!(code, 2);
    for way in ["--data-dir DIR", "ROLLCALL__SERVER__DATA_DIR", "data_dir in [server]"] {
        assert!(err.contains(way), "{err}");
    }
    assert_eq!(err.lines().count(), 1);
}
