//! The plug is pulled in the middle, again and again: nothing that was answered is lost, and nothing is
//! there that nobody asked for.

use crate::process::{Process, serve};
use rollcall_auth::SystemRandomness;
use rollcall_store::Store;
use rollcall_store_sqlite::SqliteStore;
use rollcall_testkit::{Caller, PASSWORD};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

const USERS: usize = 12;

/// What the observer, outside the server, knows of one user.
#[derive(Default)]
struct Known {
    user_id: String,
    /// Tokens of answered sign-ins.
    tokens: Vec<(String, Ending)>,
    /// Sign-ins that were asked for and never answered: each may or may not have happened.
    unknown: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Ending {
    NotAsked,
    Asked,
    Answered,
}

type Notes = Arc<Vec<Mutex<Known>>>;

/// Sends a request whose answer may never come.
async fn try_post(caller: &Caller, path: &str, body: &Value) -> Option<(u16, Value)> {
    let response = caller.request("POST", &format!("/api/v1/{path}")).json(body).send().await.ok()?;
    let status = response.status().as_u16();
    Some((status, response.json().await.ok()?))
}

/// Signs in and ends sessions until the server is gone.
async fn load(base: String, admin: Caller, notes: Notes, user: usize) {
    let anyone = Caller::new(&base);
    let mut turn = user;
    loop {
        notes[user].lock().unwrap().unknown += 1;
        let body = json!({ "user": format!("user-{user}"), "password": PASSWORD });
        let Some((200, answer)) = try_post(&anyone, "login", &body).await else { return };
        let token = answer["data"]["authToken"].as_str().unwrap().to_owned();
        let place = {
            let mut known = notes[user].lock().unwrap();
            known.unknown -= 1;
            known.tokens.push((token.clone(), Ending::NotAsked));
            known.tokens.len() - 1
        };
        turn += 1;
        if turn % 3 == 0 {
            continue;
        }
        let user_id = notes[user].lock().unwrap().user_id.clone();
        let holder = anyone.with_credentials(&user_id, &token);
        let ended = if turn % 3 == 1 {
            notes[user].lock().unwrap().tokens[place].1 = Ending::Asked;
            try_post(&holder, "logout", &json!({})).await
        } else {
            let request = holder.request("GET", "/api/v1/sessions/list?count=100");
            let Ok(response) = request.send().await else { return };
            let Ok(page) = response.json::<Value>().await else { return };
            let rows = page["sessions"].as_array().unwrap();
            let id = &rows.iter().find(|row| row["current"] == true).unwrap()["sessionId"];
            notes[user].lock().unwrap().tokens[place].1 = Ending::Asked;
            try_post(&admin, "sessions/logout", &json!({ "sessionId": id })).await
        };
        let Some((200, _)) = ended else { return };
        notes[user].lock().unwrap().tokens[place].1 = Ending::Answered;
    }
}

/// Holds what the server says after a restart against the notes. Gives the numbers of answered sign-ins,
/// answered endings, and sign-ins that happened though their answer was lost.
async fn hold_against_notes(server: &Process, admin: &Caller, notes: &Notes) -> (usize, usize, usize) {
    let mut rows: HashMap<String, usize> = HashMap::new();
    let mut offset = 0;
    loop {
        let page = admin.get(&format!("sessions/list.all?count=100&offset={offset}")).await;
        let sessions = page.body["sessions"].as_array().unwrap().clone();
        for row in &sessions {
            *rows.entry(row["userId"].as_str().unwrap().into()).or_default() += 1;
        }
        offset += sessions.len();
        if sessions.is_empty() {
            assert_eq!(page.body["total"], offset, "the total is the number of rows");
            break;
        }
    }
    let (mut signed_in, mut ended, mut unanswered) = (0, 0, 0);
    for known in notes.iter() {
        let (user_id, tokens, unknown) = {
            let known = known.lock().unwrap();
            (known.user_id.clone(), known.tokens.clone(), known.unknown)
        };
        let mut alive = 0;
        for (token, ending) in &tokens {
            let status = server.caller().with_credentials(&user_id, token).get("me").await.status;
            match ending {
                Ending::NotAsked => assert_eq!(status, 200, "an answered sign-in was lost"),
                Ending::Answered => assert_eq!(status, 401, "an answered ending was lost"),
                Ending::Asked => assert!(status == 200 || status == 401),
            }
            alive += usize::from(status == 200);
            signed_in += 1;
            ended += usize::from(*ending == Ending::Answered);
        }
        let listed = rows.remove(&user_id).unwrap_or(0);
        assert!(listed >= alive, "a token works whose row is not listed");
        assert!(listed - alive <= unknown, "a row is listed that nobody asked for");
        unanswered += listed - alive;
    }
    rows.remove(&admin.user_id);
    assert!(rows.is_empty(), "rows of users that nobody made: {rows:?}");
    (signed_in, ended, unanswered)
}

async fn verify_chain(data_dir: &Path) -> u64 {
    let store = SqliteStore::open(data_dir, Arc::new(SystemRandomness)).unwrap();
    let end = store.verify().await.unwrap().unwrap();
    store.close().await.unwrap();
    end.seq.0
}

/// `ROLLCALL_TEST_KILLS` says how often; ten times by default.
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_survives_a_kill() {
    let kills = std::env::var("ROLLCALL_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(10);
    let directory = TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    let mut server = Process::start(serve(&data_dir));
    let mut admin = server.admin().await;
    let mut notes = Vec::new();
    for n in 0..USERS {
        let name = format!("user-{n}");
        let body = json!({ "username": name, "name": name, "email": format!("{name}@example.test"), "password": PASSWORD });
        let made = admin.post("users.create", &body).await;
        let user_id = made.body["user"]["_id"].as_str().unwrap().to_owned();
        notes.push(Mutex::new(Known { user_id, ..Known::default() }));
    }
    let notes: Notes = Arc::new(notes);
    for round in 1_u64..=kills {
        let loads: Vec<_> = (0..USERS)
            .map(|user| tokio::spawn(load(server.base.clone(), admin.clone(), notes.clone(), user)))
            .collect();
        // A moment that differs from round to round.
        tokio::time::sleep(Duration::from_millis(300 + round * 7_919 % 400)).await;
        server.kill();
        for load in loads {
            load.await.unwrap();
        }
        let events = verify_chain(&data_dir).await;
        server = Process::start(serve(&data_dir));
        admin = admin_again(&server, &admin).await;
        let (signed_in, ended, unanswered) = hold_against_notes(&server, &admin, &notes).await;
        println!(
            "kill {round}: {events} events; all told {signed_in} sign-ins and {ended} endings answered, \
             {unanswered} sign-ins done whose answer was lost"
        );
    }
    let (signed_in, ended, _) = hold_against_notes(&server, &admin, &notes).await;
    assert!(signed_in > 0 && ended > 0, "the load did something");
    assert!(server.terminate().0.success());
    verify_chain(&data_dir).await;
}

/// The administrator's session and its second factor survive too.
async fn admin_again(server: &Process, admin: &Caller) -> Caller {
    let again = server.caller().with_credentials(&admin.user_id, &admin.token);
    assert_eq!(again.get("sessions/list.all?count=1").await.status, 200);
    again
}
