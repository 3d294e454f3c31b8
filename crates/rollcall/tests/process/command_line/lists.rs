//! `sessions list` and `sessions show`.

use super::shell::{Shell, server};
use crate::process::{Process, serve};
use rollcall_testkit::{ADMIN, PASSWORD};
use serde_json::json;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_filter_is_shown_with_its_place() {
    let (_directory, server) = server();
    let shell = Shell::admin(&server);
    for command in ["list", "export", "watch"] {
        let wrong = shell.run(&["sessions", command, "王 divice:x zoe"]);
        assert_eq!((wrong.code, wrong.out.as_str()), (2, ""), "{wrong:?}");
        assert!(wrong.err.contains("did you mean `device`?"), "{wrong:?}");
        assert!(wrong.err.ends_with("\n  王 divice:x zoe\n     ^^^^^^\n"), "{wrong:?}");
    }
    let preview = shell.run(&["sessions", "revoke", "--preview", "--filter", "-type:moble"]);
    assert!(preview.code == 2 && preview.err.ends_with("\n  -type:moble\n        ^^^^^\n"), "{preview:?}");
    let sort = shell.run(&["sessions", "list", "--sort", "colour"]);
    assert!(sort.code == 2 && sort.err.contains("\"colour\"") && !sort.err.contains('^'), "{sort:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_counted_and_the_past_is_asked() {
    let directory = TempDir::new().unwrap();
    let mut command = serve(&directory.path().join("data"));
    command.arg("--demo");
    let server = Process::start(command);
    let shell = Shell::admin(&server);
    let counted = shell.json(&["sessions", "list", "--facets", "os,type", "--count", "2", "device:chrome"]);
    let total = counted["total"].as_u64().unwrap();
    let types = counted["facets"]["type"]["values"].as_array().unwrap();
    assert_eq!(types.iter().map(|it| it["count"].as_u64().unwrap()).sum::<u64>(), total);
    let table = shell.run(&["sessions", "list", "--facets", "type", "--count", "2", "device:chrome"]).out;
    assert!(table.contains("\n\ntype:\nCOUNT  VALUE\n") && table.contains("browser\n"), "{table}");
    // All that is made up was opened in the past.
    let now = shell.json(&["sessions", "list", "--count", "1", "--filter", &format!("-user:{ADMIN}")]);
    let minute_ago =
        rollcall_model::Clock::now(&rollcall_model::clock::SystemClock) - std::time::Duration::from_secs(1);
    let at = minute_ago.to_string();
    let then =
        shell.json(&["sessions", "list", "--all", "--as-of", &at, "--filter", &format!("-user:{ADMIN}")]);
    assert_eq!((&then["total"], &then["as_of"]["at"]), (&now["total"], &json!(at)));
    let table = shell.run(&["sessions", "list", "--count", "1", "--as-of", &at]);
    assert!(table.out.contains("\nlive at 20") && table.code == 0, "{table:?}");
    let present = shell.run(&["sessions", "list", "--as-of", &at, "seen<7d"]);
    assert!(present.code == 2 && present.err.contains("live sessions only"), "{present:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_shown_with_its_history_live_and_ended() {
    let (_directory, server) = server();
    let shell = Shell::admin(&server);
    let other = server.caller().sign_in(ADMIN, PASSWORD).await;
    let id = other.session_id().await;
    let live = shell.run(&["sessions", "show", &id]).out;
    assert!(live.starts_with(&format!("session    {id}\nuser       {ADMIN}")), "{live}");
    assert!(live.contains("\nexpires    ") && live.contains("session.opened"), "{live}");
    assert_eq!(shell.run(&["sessions", "end", "--yes", &id]).code, 0);
    let ended = shell.run(&["sessions", "show", &id]).out;
    assert!(ended.contains("\nended      ") && !ended.contains("\nexpires "), "{ended}");
    let row = ended.lines().find(|line| line.contains("session.ended")).unwrap();
    assert!(row.contains(ADMIN), "{ended}");
    assert_eq!(shell.json(&["sessions", "show", &id])["history"].as_array().unwrap().len(), 2);
    let unknown = shell.run(&["sessions", "show", "../me"]);
    assert!(unknown.code == 6 && unknown.err.contains("no such session"), "{unknown:?}");
}
