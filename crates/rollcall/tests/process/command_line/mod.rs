//! The commands that ask a running server, as a script meets them: what they print, and how they end.

mod acting;
mod exports;
mod lists;
mod revoking;
mod shell;
mod watching;

use crate::process::{Process, serve};
use rollcall_model::Clock;
use rollcall_model::clock::SystemClock;
use rollcall_testkit::{ADMIN, PASSWORD};
use serde_json::{Value, json};
use shell::{Shell, answer, parrot, server};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

const TOKEN: [(&str, &str); 1] = [("ROLLCALL_TOKEN", "a-secret-token")];

#[test]
fn a_login_is_kept_where_only_its_owner_reads_and_gone_after_the_logout() {
    let (_directory, server) = server();
    let shell = Shell::at(&server.base);
    let nobody = shell.run(&["whoami"]);
    assert!(nobody.code == 3 && nobody.err.contains("rollcall login"), "{nobody:?}");
    let login = shell.login(ADMIN, PASSWORD);
    assert_eq!(login.code, 0, "{login:?}");
    let token = shell.stored("token");
    assert!(!login.out.contains(&token) && !login.err.contains(&token));
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(shell.login_file()), 0o600);
    assert_eq!(mode(shell.login_file().parent().unwrap().into()), 0o700);

    let whoami = shell.run(&["whoami", "--json"]);
    let said: Value = serde_json::from_str(&whoami.out).unwrap();
    assert_eq!((&said["username"], &said["url"]), (&ADMIN.into(), &server.base.as_str().into()));
    assert_eq!((&said["roles"], &said["source"]), (&json!(["admin", "user"]), &"stored".into()));
    assert!(shell.run(&["whoami"]).out.contains(&format!("user    {ADMIN} (")));

    let variables = [("ROLLCALL_TOKEN", &*token)];
    let logout = shell.run(&["logout"]);
    assert!(logout.code == 0 && logout.out.contains("session is ended"), "{logout:?}");
    assert!(!shell.login_file().exists());
    let dead = shell.run_with(&["whoami"], &variables, "");
    assert_eq!(dead.code, 3, "the server ended it: {dead:?}");
    assert!(!dead.err.contains(&token));
    assert_eq!(shell.run(&["logout"]).code, 3);
}

#[test]
fn a_login_that_others_read_is_refused() {
    let (_directory, server) = server();
    let shell = Shell::at(&server.base);
    assert_eq!(shell.login(ADMIN, PASSWORD).code, 0);
    let mode = |mode| std::fs::set_permissions(shell.login_file(), std::fs::Permissions::from_mode(mode));
    mode(0o644).unwrap();
    let refused = shell.run(&["whoami"]);
    assert!(refused.code == 3 && refused.err.contains("chmod 600"), "{refused:?}");
    mode(0o600).unwrap();
    assert_eq!(shell.run(&["whoami"]).code, 0);
}

#[test]
fn a_token_that_is_dead_already_is_forgotten() {
    let (_directory, server) = server();
    let shell = Shell::at(&server.base);
    assert_eq!(shell.login(ADMIN, PASSWORD).code, 0);
    let own = shell.json(&["sessions", "list", "--mine"]);
    assert_eq!(own["items"][0]["current"], true);
    let ended = shell.run(&["sessions", "end", "--mine", "--yes", own["items"][0]["id"].as_str().unwrap()]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(shell.run(&["whoami"]).code, 3);
    let logout = shell.run(&["logout"]);
    assert!(logout.code == 0 && logout.out.contains("session is ended"), "{logout:?}");
    assert!(!shell.login_file().exists());
}

#[test]
fn a_wrong_password_is_not_signed_in_and_none_is_asked_wrongly() {
    let (_directory, server) = server();
    let shell = Shell::at(&server.base);
    let wrong = shell.login(ADMIN, "not the password");
    assert!(wrong.code == 3 && wrong.err.contains("password is wrong"), "{wrong:?}");
    assert!(!wrong.err.contains("not the password") && !shell.login_file().exists());
    assert_eq!(shell.login(ADMIN, "").code, 2);
    let nameless = shell.run_with(&["login"], &[], PASSWORD);
    assert!(nameless.code == 2 && nameless.err.contains("--user"), "{nameless:?}");
    assert_eq!(shell.run(&["sessions", "list", "--count", "0"]).code, 2);
    assert_eq!(shell.run(&["sessions", "list", "--all", "--count", "10"]).code, 2);
}

#[test]
fn a_second_factor_comes_from_the_variable() {
    let (_directory, server) = server();
    let shell = Shell::at(&server.base);
    assert_eq!(shell.login(ADMIN, PASSWORD).code, 0);
    let list = |code| shell.run_with(&["sessions", "list"], &[("ROLLCALL_CODE", code)], "");
    let none = list("");
    assert!(
        none.code == 5 && none.err.contains("method: password") && none.err.contains("ROLLCALL_CODE"),
        "{none:?}"
    );
    let wrong = list("not the password");
    assert!(wrong.code == 5 && wrong.err.contains("not right"), "{wrong:?}");
    assert!(!wrong.err.contains("not the password"));
    assert_eq!(list(PASSWORD).code, 0);
    assert_eq!(list("").code, 0, "it is remembered");
    for _ in 0..5 {
        let other = Shell::at(&server.base);
        assert_eq!(other.login(ADMIN, PASSWORD).code, 0);
        assert_eq!(other.run_with(&["sessions", "list"], &[("ROLLCALL_CODE", "wrong")], "").code, 5);
    }
    let other = Shell::at(&server.base);
    assert_eq!(other.login(ADMIN, PASSWORD).code, 0);
    let locked = other.run_with(&["sessions", "list"], &[("ROLLCALL_CODE", PASSWORD)], "");
    assert!(locked.code == 5 && locked.err.contains("too many wrong"), "{locked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticators_codes_sign_in_and_step_up() {
    let (_directory, server) = server();
    let enrolling = server.caller().sign_in(ADMIN, PASSWORD).await;
    let authenticator = enrolling.enrol_at(&SystemClock).await;
    let shell = Shell::at(&server.base);
    let login = |code: &str| {
        shell.run_with(&["login", "--user", ADMIN], &[("ROLLCALL_CODE", code)], &format!("{PASSWORD}\n"))
    };
    let none = login("");
    assert!(none.code == 5 && none.err.contains("method: totp"), "{none:?}");
    assert_eq!(login(&authenticator.wrong_code_at(SystemClock.now())).code, 5);
    assert_eq!(login(&authenticator.recovery[0]).code, 0);
    let list = |code: &str| shell.run_with(&["sessions", "list"], &[("ROLLCALL_CODE", code)], "");
    assert_eq!(list(PASSWORD).code, 5, "the password is no second factor any more");
    // The code of now was used to enrol; the next one is taken already.
    assert_eq!(list(&authenticator.code_at(SystemClock.now(), 1)).code, 0);
}

#[test]
fn a_sign_in_with_a_second_factor_sends_it_in_the_body() {
    let wanted = r#"{"status":"error","error":"totp-required","details":{"method":"totp","availableMethods":["totp"]}}"#;
    let wanted = answer("401 No", "connection: close", wanted);
    let done =
        r#"{"status":"success","data":{"userId":"u","authToken":"a-secret-token","me":{"username":"ann"}}}"#;
    let login = |code, answers: &[String]| {
        let (url, heard) = parrot(answers);
        let shell = Shell::at(&url);
        let ended = shell.run_with(&["login", "--user", "ann"], &[("ROLLCALL_CODE", code)], "pass word\n");
        (ended, heard.join().unwrap(), shell.login_file().exists())
    };
    let (ended, heard, kept) = login("123456", &[wanted.clone(), answer("200 OK", "x: y", done)]);
    assert!(ended.code == 0 && kept && !ended.out.contains("a-secret-token"), "{ended:?}");
    assert!(heard.contains(r#"{"code":"123456","password":"pass word","user":"ann"}"#), "{heard}");
    let (ended, _, kept) = login("", std::slice::from_ref(&wanted));
    assert!(ended.code == 5 && ended.err.contains("method: totp") && !kept, "{ended:?}");
    let wrong = answer("401 No", "x: y", r#"{"error":"totp-invalid","details":{"method":"totp"}}"#);
    let (ended, _, kept) = login("123456", &[wanted, wrong]);
    assert!(ended.code == 5 && ended.err.contains("not right") && !kept, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_told_and_sees_the_own_sessions() {
    let (_directory, server) = server();
    let user = json!({ "username": "ann", "name": "A\u{1b}[31m 王小明", "email": "ann@example.org", "password": "password of ann" });
    assert_eq!(server.admin().await.post("users.create", &user).await.status, 200);
    let shell = Shell::at(&server.base);
    assert_eq!(shell.login("ann", "password of ann").code, 0);
    let refused = shell.run(&["sessions", "list"]);
    assert!(refused.code == 4 && refused.err.contains("--mine"), "{refused:?}");
    assert_eq!(shell.run(&["sessions", "end", "--yes", "8Zfjixtr2ib8YGXjM"]).code, 4);
    assert_eq!(shell.run(&["sessions", "list", "--mine"]).code, 0);
    let admin = Shell::admin(&server);
    let table = admin.run(&["sessions", "list", "--filter", "王"]);
    assert!(table.out.contains("\u{fffd}[31m 王小明") && table.out.ends_with("\n1-1 of 1\n"), "{table:?}");
    assert!(!table.out.contains('\u{1b}'));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended() {
    let (_directory, server) = server();
    let shell = Shell::admin(&server);
    let mut others = Vec::new();
    for _ in 0..3 {
        let other = server.caller().sign_in(ADMIN, PASSWORD).await;
        others.push((other.session_id().await, other));
    }
    let list = shell.json(&["sessions", "list", "--sort", "login", "device:chrome"]);
    assert_eq!(list["total"], 3);
    let ids: Vec<_> = others.iter().map(|(id, _)| json!(id)).collect();
    let listed: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    assert_eq!(listed, ids, "the oldest first");
    let second = shell.json(&["sessions", "list", "--count", "1", "--offset", "1", "--filter", "chrome"]);
    assert_eq!((&second["items"][0]["id"], second["items"].as_array().unwrap().len()), (&ids[1], 1));

    let table = |columns| shell.run_with(&["sessions", "list"], &[("COLUMNS", columns)], "").out;
    assert!(table("60").lines().all(|line| line.chars().count() <= 60), "{}", table("60"));
    assert!(table("60").contains(&others[0].0) && !table("60").contains("HOST"));
    assert!(table("300").contains("HOST") && table("").contains("HOST"));
    assert!(table("").ends_with("\n\n1-4 of 4\n"));

    let [first, second, third] = [0, 1, 2].map(|at| others[at].0.as_str());
    let unasked = shell.run(&["sessions", "end", first]);
    assert!(unasked.code == 2 && unasked.err.contains("--yes"), "{unasked:?}");
    assert_eq!(others[0].1.get("me").await.status, 200);
    let ended = shell.run(&["sessions", "end", "--yes", first]);
    assert_eq!((ended.code, ended.out), (0, format!("{first}: ended\n")));
    assert_eq!(others[0].1.get("me").await.status, 401);
    let some = shell.run(&["sessions", "end", "--yes", second, first, third]);
    assert_eq!((some.code, some.out), (6, format!("{second}: ended\n{third}: ended\n")));
    assert!(
        some.err.contains(&format!("{first}: no such live session")) && some.err.contains("1 of 3"),
        "{}",
        some.err
    );
}

#[test]
fn all_sessions_are_read_page_by_page() {
    let directory = TempDir::new().unwrap();
    let mut command = serve(&directory.path().join("data"));
    command.arg("--demo");
    let server = Process::start(command);
    let shell = Shell::admin(&server);
    let all = shell.json(&["sessions", "list", "--all"]);
    let ids: std::collections::HashSet<_> =
        all["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), &all["total"]), (1_201, &1_201.into()));
    let table = shell.run(&["sessions", "list", "--all"]);
    assert!(table.out.ends_with("\n\n1-1,201 of 1,201\n"));
    // Title, rows, an empty line and the last.
    assert_eq!(table.out.lines().count(), 1_204);
}

#[test]
fn a_server_that_does_not_answer_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let nobody = Shell::at(&url).run_with(&["whoami"], &TOKEN, "");
    assert!(nobody.code == 7 && nobody.err.contains(&url), "{nobody:?}");
    let (url, heard) = parrot(&[answer("503 Away", "retry-after: 60", "")]);
    let away = Shell::at(&url).run_with(&["whoami"], &TOKEN, "");
    assert!(away.code == 7 && away.err.contains("in 60 s"), "{away:?}");
    assert!(heard.join().unwrap().contains("authorization: Bearer a-secret-token"));
    // It is asked again, once.
    let soon = answer("503 Away", "retry-after: 0\r\nconnection: close", "");
    let (url, heard) = parrot(&[&*soon, &*soon].map(str::to_owned));
    assert_eq!(Shell::at(&url).run_with(&["whoami"], &TOKEN, "").code, 7);
    assert_eq!(heard.join().unwrap().matches("GET /api/v2/me").count(), 2);
    let body = r#"{"error":"Please slow down. You must wait 42 seconds before trying"}"#;
    let (url, _heard) = parrot(&[answer("429 Slow", "x: y", body)]);
    let often = Shell::at(&url).run_with(&["whoami"], &TOKEN, "");
    assert!(often.code == 7 && often.err.contains("in 42 s"), "{often:?}");
}

#[test]
fn an_answer_of_something_else_is_told_and_shows_no_secret() {
    for (says, told) in [
        (answer("200 OK", "content-type: text/html", "<html>"), "text/html"),
        (answer("200 OK", "x: y", "{\"id\":t"), "not of this API"),
        (answer("200 OK", "x: y", r#"{"roles":"a-secret-token"}"#), "not what the API says"),
        (answer("302 Found", "location: http://127.0.0.1:9/", ""), "leads to http://127.0.0.1:9/"),
        (answer("400 Bad", "x: y", r#"{"error":"\u001b[2J a-secret-token here"}"#), "[2J [secret] here"),
        (answer("500 Oh", "x: y", ""), "status 500"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{".into(), ""),
        ("no HTTP at all\r\n\r\n".into(), "does not speak HTTP"),
    ] {
        let (url, _heard) = parrot(std::slice::from_ref(&says));
        let ended = Shell::at(&url).run_with(&["whoami"], &TOKEN, "");
        assert!([1, 7].contains(&ended.code) && ended.err.contains(told), "{says}: {ended:?}");
        assert!(ended.err.starts_with("rollcall: ") && ended.out.is_empty(), "{says}: {ended:?}");
        assert!(!ended.err.contains("a-secret-token") && !ended.err.contains('\u{1b}'), "{says}: {ended:?}");
    }
}

#[test]
fn a_token_goes_to_its_own_server_and_over_plain_http_to_no_other_machine() {
    let (_directory, server) = server();
    let shell = Shell::at(&server.base);
    assert_eq!(shell.login(ADMIN, PASSWORD).code, 0);
    // Nobody listens there: it would be 7 if anything were sent.
    let elsewhere = shell.run(&["whoami", "--url", "http://127.0.0.1:9"]);
    assert!(elsewhere.code == 3 && elsewhere.err.contains("--url http://127.0.0.1:9"), "{elsewhere:?}");
    let plain = shell.run_with(&["whoami", "--url", "http://chat.example.invalid"], &TOKEN, "");
    assert!(plain.code == 2 && plain.err.contains("--insecure-http"), "{plain:?}");
    let forced = ["whoami", "--url", "http://chat.example.invalid", "--insecure-http"];
    assert_eq!(shell.run_with(&forced, &TOKEN, "").code, 7);
    assert_eq!(shell.run(&["whoami", "--url", "chat.example.org"]).code, 2);
}

#[test]
fn every_command_has_help_with_an_example_and_the_program_its_exit_codes() {
    let shell = Shell::at("http://127.0.0.1:9");
    for command in [
        vec![],
        vec!["serve"],
        vec!["login"],
        vec!["logout"],
        vec!["whoami"],
        vec!["sessions"],
        vec!["sessions", "list"],
        vec!["sessions", "show"],
        vec!["sessions", "end"],
        vec!["sessions", "revoke"],
        vec!["sessions", "watch"],
        vec!["sessions", "export"],
        vec!["audit", "list"],
        vec!["audit", "verify"],
        vec!["tokens"],
        vec!["tokens", "list"],
        vec!["tokens", "end"],
        vec!["service-tokens"],
        vec!["service-tokens", "list"],
        vec!["service-tokens", "create"],
        vec!["service-tokens", "rotate"],
        vec!["service-tokens", "revoke"],
        vec!["contain"],
        vec!["completions"],
        vec!["man"],
    ] {
        let help = shell.run(&[&command[..], &["--help"]].concat());
        assert!(
            help.code == 0 && (help.out.contains("Example:\n  ") || help.out.contains("Examples:\n  ")),
            "{command:?}: {help:?}"
        );
        assert!(!help.out.to_lowercase().contains("--password"), "a secret is no argument: {help:?}");
    }
    let help = shell.run(&["--help"]).out;
    assert!((0..=7).all(|code| help.contains(&format!("\n  {code}  "))), "{help}");
}

#[test]
fn completions_and_pages_are_printed_by_the_binary() {
    let shell = Shell::at("http://127.0.0.1:9");
    for name in ["bash", "zsh", "fish"] {
        let completions = shell.run(&["completions", name]);
        assert!(completions.code == 0 && completions.out.contains("sessions"), "{name}: {completions:?}");
    }
    assert_eq!(shell.run(&["completions", "no-shell"]).code, 2);
    let page = shell.run(&["man"]);
    assert!(
        page.code == 0 && page.out.contains(".TH rollcall 1") && page.out.contains("Exit codes"),
        "{page:?}"
    );
    let dir = shell.home.path().join("man1");
    assert_eq!(shell.run(&["man", "--dir", dir.to_str().unwrap()]).code, 0);
    for name in ["rollcall.1", "rollcall-login.1", "rollcall-sessions-list.1", "rollcall-sessions-end.1"] {
        assert!(dir.join(name).is_file(), "{name}");
    }
    assert_eq!(shell.run(&["man", "--dir", "/dev/null/man"]).code, 1);
}
