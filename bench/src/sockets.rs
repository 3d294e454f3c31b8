//! `cargo xtask bench sockets`: many sockets behind one address. The server is restarted and all of them
//! resume at once; then some of their sessions are ended, one by one, and the time from the call to the close
//! is measured at the socket's other end, beside the time of a call that does nothing.

use crate::caller::Caller;
use crate::child::Server;
use crate::data;
use crate::figures::percentile;
use crate::table::Table;
use anyhow::{Result, ensure};
use rollcall_model::limits;
use rollcall_testkit::{Heard, Socket};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Sockets of every so many do not read when their session is ended.
const DEAF_AMONG: usize = 10;
/// A frame is not heard when it takes longer.
const NOT_HEARD: Duration = Duration::from_secs(5);
const PASSWORD: &str = "everybody's in this bench";

/// Somebody's session and the socket of it.
struct Person {
    user_id: String,
    token: String,
    session_id: String,
    socket: Socket,
}

/// Measures so many sockets, and so many endings among them.
pub async fn measure(root: &Path, sockets: usize, endings: usize) -> Result<()> {
    rollcall::descriptors::raise_limit();
    let directory = root.join("data-sockets");
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    data::administrator(&directory).await?;
    let server = Server::start(&directory, None).await?;
    let admin = Caller::sign_in(server.address).await?;
    println!("{sockets} people sign in on sockets ...");
    let mut people = Vec::with_capacity(sockets);
    for place in 0..sockets {
        let username = format!("person.{}", place / limits::SESSIONS_PER_USER);
        if place % limits::SESSIONS_PER_USER == 0 {
            let body = json!({
                "username": username, "name": username, "email": format!("{username}@example.test"),
                "password": PASSWORD,
            });
            admin.post("/api/v1/users.create", &body).await?;
        }
        people.push(sign_in(server.address, &username).await);
    }
    let (resident, _) = server.resident()?;

    println!("the server stops and starts, and all come back at once ...");
    server.stop()?;
    for person in &mut people {
        ensure!(matches!(person.socket.hear().await, Heard::Closed(1001, _)), "a stop leaves a socket open");
    }
    let server = Server::start(&directory, None).await?;
    let began = Instant::now();
    let mut returning = JoinSet::new();
    for person in people {
        let address = server.address;
        returning.spawn(async move { come_back(address, person, began).await });
    }
    // Somebody who signs in meanwhile.
    let signed_in = began.elapsed();
    let admin = Caller::sign_in(server.address).await?;
    let signed_in = began.elapsed().checked_sub(signed_in).unwrap_or_default();
    let (mut people, mut back): (Vec<_>, Vec<_>) = returning.join_all().await.into_iter().unzip();
    back.sort_unstable();
    admin.prove().await?;

    println!("{endings} of them are ended ...");
    let mut samples = end_some(&admin, &mut people, endings).await?;
    let stay = still_there(&mut people).await?;
    ensure!(stay == sockets - endings, "{stay} of {} stay", sockets - endings);
    let (resident_after, _) = server.resident()?;
    server.stop()?;

    let mut table = Table::new(&["", "times", "median ms", "99 % ms", "most ms"]);
    for (what, sample) in [
        ("a call that does nothing (GET me)", &mut samples.idle),
        ("restart: until a socket had resumed", &mut back),
        ("an ending: call to answer", &mut samples.answered),
        ("an ending: call to close, at the other end", &mut samples.closed),
        ("an ending of who does not read: call to answer", &mut samples.deaf),
    ] {
        sample.sort_unstable();
        let at = |hundredths| format!("{:.2}", percentile(sample, hundredths) / 1e3);
        table.row([what.into(), sample.len().to_string(), at(50), at(99), at(100)]);
    }
    println!("{table}");
    println!(
        "a sign-in with a password while all came back: {:.0} ms, not refused; of {} sockets {stay} stay after \
         {endings} endings; the server held {} MiB with all sockets, {} MiB at the end",
        signed_in.as_secs_f64() * 1e3,
        sockets,
        resident >> 20,
        resident_after >> 20,
    );
    Ok(())
}

/// Microseconds that things took, by what was done.
#[derive(Default)]
struct Samples {
    idle: Vec<u32>,
    answered: Vec<u32>,
    closed: Vec<u32>,
    deaf: Vec<u32>,
}

/// Ends some sessions, one by one.
async fn end_some(admin: &Caller, people: &mut Vec<Person>, endings: usize) -> Result<Samples> {
    let mut samples = Samples::default();
    for turn in 0..endings {
        let asked = Instant::now();
        admin.sample(&admin.get("/api/v1/me")).await?;
        samples.idle.push(micros(asked.elapsed()));
        // From all over, in no order.
        let person = people.swap_remove((turn * 7_919) % people.len());
        let is_deaf = turn % DEAF_AMONG == DEAF_AMONG - 1;
        let Person { session_id, user_id, mut socket, .. } = person;
        let hearing = tokio::spawn(async move {
            if is_deaf {
                // Held, and never read.
                tokio::time::sleep(NOT_HEARD).await;
            }
            let heard = [socket.hear().await, socket.hear().await];
            (Instant::now(), heard)
        });
        let called = Instant::now();
        admin.post("/api/v1/sessions/logout", &json!({ "sessionId": session_id })).await?;
        let answer = micros(called.elapsed());
        if is_deaf {
            samples.deaf.push(answer);
            hearing.abort();
            continue;
        }
        samples.answered.push(answer);
        let (at, heard) = hearing.await?;
        ensure!(heard == last_words(&user_id, &session_id), "{heard:?}");
        samples.closed.push(micros(at.duration_since(called)));
    }
    Ok(samples)
}

/// How many are still there.
async fn still_there(people: &mut [Person]) -> Result<usize> {
    let mut stay = 0;
    for person in people {
        person.socket.say(&json!({ "msg": "ping", "id": "still" })).await;
        let pong = tokio::time::timeout(NOT_HEARD, person.socket.frame()).await?;
        stay += usize::from(pong == json!({ "msg": "pong", "id": "still" }));
    }
    Ok(stay)
}

async fn sign_in(address: SocketAddr, username: &str) -> Person {
    let mut socket = Socket::connect(address).await;
    let login = json!([{ "user": { "username": username }, "password": PASSWORD }]);
    let answer = socket.call("login", login).await;
    let text = |name: &str| answer["result"][name].as_str().unwrap_or_default().to_owned();
    let (user_id, token) = (text("id"), text("token"));
    socket.frame_of("added").await;
    socket.listen(&user_id).await;
    let session_id = own_session(address, &user_id, &token).await;
    Person { user_id, token, session_id, socket }
}

/// The id of the session of a token.
async fn own_session(address: SocketAddr, user_id: &str, token: &str) -> String {
    let caller = rollcall_testkit::Caller::new(&format!("http://{address}"));
    caller.with_credentials(user_id, token).session_id().await
}

/// Resumes after a restart, and tells how long that took from its beginning.
async fn come_back(address: SocketAddr, person: Person, began: Instant) -> (Person, u32) {
    let mut socket = Socket::connect(address).await;
    let user_id = socket.resume(&person.token).await;
    let took = micros(began.elapsed());
    socket.frame_of("added").await;
    socket.listen(&user_id).await;
    (Person { socket, ..person }, took)
}

fn last_words(user_id: &str, session_id: &str) -> [Heard; 2] {
    let fields: Value = json!({ "eventName": format!("{user_id}/force_logout"), "args": [session_id] });
    let event = json!({ "msg": "changed", "collection": "stream-notify-user", "id": "id", "fields": fields });
    [Heard::Frame(event), Heard::Closed(1008, "force_logout".into())]
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}
