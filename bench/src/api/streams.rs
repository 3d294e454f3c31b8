//! Many streams under many changes: how late the last of them hears of an ending, and what they cost.

use super::Effort;
use crate::arrivals::Arrivals;
use crate::caller::Caller;
use crate::child::Server;
use crate::drive::count;
use crate::figures::percentile;
use crate::people::{Endings, People, SignIns};
use crate::process;
use anyhow::{Context, Result, ensure};
use rollcall_index::Loaded;
use rollcall_model::limits;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Sign-ins in a second, and as many endings: a thousand changes.
const EACH_PER_S: f64 = 500.0;
const CONNECTIONS: usize = 16;
/// Sessions that are ended to be heard of.
const MARKS: usize = 40;
/// The user of those.
const MARKED: &str = "bench.mark";
const PASSWORD: &str = "everybody's in this bench";
/// Different filters among the streams: everybody whose name begins so, and who is marked.
const LETTERS: &str = "abcdefghijklmnopqrst";
const NOT_HEARD: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(1);

/// What the streams hear.
#[derive(Default)]
struct Ears {
    /// Streams that have begun.
    open: AtomicUsize,
    /// Bytes that all of them heard.
    bytes: AtomicUsize,
    /// Streams that heard of the marked session, and when the last of them did.
    heard: Mutex<(usize, Option<Instant>)>,
    /// The marked session's id.
    mark: Mutex<String>,
    /// Whether something was missed.
    missed: AtomicBool,
}

/// Opens the streams, and ends marked sessions one by one under the load.
pub async fn measure(server: &Server, admin: &Caller, loaded: Vec<Loaded>, effort: &Effort) -> Result<()> {
    println!("{} streams ...", effort.streams);
    let before = server.resident()?.0;
    let marks = sign_marked_in(server, admin).await?;
    let ears = Arc::new(Ears::default());
    let mut streams = JoinSet::new();
    let mut followers = Vec::new();
    for place in 0..effort.streams {
        if place % limits::STREAMS_PER_USER == 0 {
            followers.push(follower(server, admin, followers.len()).await?);
        }
        let follower = followers.last().context("nobody follows")?;
        let letter = LETTERS.chars().nth(place % LETTERS.len()).unwrap_or('a');
        let q = format!("user:{letter}*%20OR%20user:{MARKED}");
        let request = follower.get(&format!("/api/v2/sessions/stream?q={q}"));
        streams.spawn(listen(server.address, request, ears.clone()));
    }
    while ears.open.load(Ordering::Relaxed) < effort.streams {
        ensure!(streams.try_join_next().is_none(), "a stream ends before it began");
        sleep(PAUSE).await;
    }
    let people = People::new(server.address, admin.clone(), loaded);
    let sign_ins = Arrivals::open(server.address, SignIns(people.clone()), EACH_PER_S, CONNECTIONS).await?;
    let endings = Arrivals::open(server.address, Endings(people), EACH_PER_S, CONNECTIONS).await?;
    let (cpu, began) = (process::cpu(server.pid())?, Instant::now());
    let ending = end_marked(admin, &marks, &ears, effort);
    let time = effort.time.max(Duration::from_secs(5));
    let (came, went, late) = tokio::try_join!(sign_ins.offer(time), endings.offer(time), ending)?;
    let cpu = (process::cpu(server.pid())?.saturating_sub(cpu)).as_secs_f64() / began.elapsed().as_secs_f64();
    came.expect_answers("sign-ins")?;
    went.expect_answers("endings")?;
    let after = server.resident()?.0;
    let changes = came.per_s() + went.per_s();
    let mb_per_s = count(ears.bytes.load(Ordering::Relaxed)) / 1e6 / began.elapsed().as_secs_f64();
    println!(
        "{changes:.0} changes a second, {mb_per_s:.1} MB/s to all streams, {cpu:.2} cores of the server"
    );
    let at = |hundredths| percentile(&late, hundredths) / 1e3;
    println!(
        "from an ending's call until the last of them has heard, ms: median {:.1}, most {:.1}; something missed: {}",
        at(50),
        at(100),
        ears.missed.load(Ordering::Relaxed)
    );
    println!("memory of the server, MiB: {} before, {} with them\n", before >> 20, after >> 20);
    Ok(())
}

/// Ends marked sessions in turn; how long each took to be heard by all, in microseconds, sorted.
async fn end_marked(admin: &Caller, marks: &[String], ears: &Ears, effort: &Effort) -> Result<Vec<u32>> {
    let mut late = Vec::new();
    for mark in marks {
        mark.clone_into(&mut ears.mark.lock().unwrap_or_else(PoisonError::into_inner));
        *ears.heard.lock().unwrap_or_else(PoisonError::into_inner) = (0, None);
        let called = Instant::now();
        admin.post("/api/v1/sessions/logout", &json!({ "sessionId": mark })).await?;
        let last = loop {
            let (heard, last) = *ears.heard.lock().unwrap_or_else(PoisonError::into_inner);
            if heard == effort.streams {
                break last.context("heard by nobody")?;
            }
            ensure!(called.elapsed() < NOT_HEARD, "{heard} of {} streams heard of it", effort.streams);
            sleep(PAUSE).await;
        };
        late.push(u32::try_from(last.duration_since(called).as_micros()).unwrap_or(u32::MAX));
    }
    late.sort_unstable();
    Ok(late)
}

/// One stream, for as long as the server lets it.
async fn listen(address: std::net::SocketAddr, request: Vec<u8>, ears: Arc<Ears>) -> Result<()> {
    let mut socket = TcpStream::connect(address).await?;
    socket.write_all(&request).await?;
    let mut buffer = vec![0; 64 << 10];
    let (mut kept, mut is_open) = (0, false);
    loop {
        let read = socket.read(&mut buffer[kept..]).await?;
        ensure!(read > 0, "a stream is closed");
        let filled = kept + read;
        let bytes = &buffer[..filled];
        ears.bytes.fetch_add(read, Ordering::Relaxed);
        if !is_open && holds(bytes, b"event: ready") {
            ears.open.fetch_add(1, Ordering::Relaxed);
            is_open = true;
        }
        if holds(bytes, b"event: missed") {
            ears.missed.store(true, Ordering::Relaxed);
        }
        let mark = ears.mark.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_heard =
            !mark.is_empty() && holds(bytes, format!("ended\ndata: {{\"id\":\"{mark}\"").as_bytes());
        if is_heard {
            let mut heard = ears.heard.lock().unwrap_or_else(PoisonError::into_inner);
            *heard = (heard.0 + 1, Some(Instant::now()));
        }
        // An event that is cut is looked at again with its rest.
        let whole = if is_heard {
            filled
        } else {
            bytes.windows(2).rposition(|two| two == b"\n\n").map_or(0, |end| end + 2)
        };
        buffer.copy_within(whole..filled, 0);
        kept = filled - whole;
    }
}

fn holds(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}

/// Another administrator, with a second factor that is remembered.
async fn follower(server: &Server, admin: &Caller, place: usize) -> Result<Caller> {
    let username = format!("bench.follower.{place}");
    make(admin, &username, &["admin", "user"]).await?;
    let follower = Caller::sign_in_as(server.address, &username, PASSWORD).await?;
    follower.prove_with(PASSWORD).await?;
    Ok(follower)
}

/// The ids of sessions that nobody else has.
async fn sign_marked_in(server: &Server, admin: &Caller) -> Result<Vec<String>> {
    make(admin, MARKED, &["user"]).await?;
    for _ in 0..MARKS {
        Caller::sign_in_as(server.address, MARKED, PASSWORD).await?;
    }
    let path = format!("/api/v2/sessions?limit={MARKS}&q=user:{MARKED}");
    let (answer, _) = admin.sample(&admin.get(&path)).await?;
    let items = answer["items"].as_array().context("no list")?;
    Ok(items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect())
}

async fn make(admin: &Caller, username: &str, roles: &[&str]) -> Result<()> {
    let email = format!("{username}@example.test");
    let body = json!({
        "username": username, "name": username, "email": email, "password": PASSWORD, "roles": roles,
    });
    admin.post("/api/v1/users.create", &body).await.map(|_| ())
}
