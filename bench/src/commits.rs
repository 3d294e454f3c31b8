//! `cargo xtask bench commits`: durable sign-ins in a second, without HTTP and without hashing of passwords, as a ratio to
//! what the disk does: writes of 4 KiB over each other, each synced, in the same directory just before.
//!
//! Callers ask in a closed loop, each again when it has its answer; the path is the product's from the writer's queue to
//! the index. With PostgreSQL also two nodes beside each other, and how late the others of three learn of endings.

use crate::figures::{Spread, percentile};
use crate::results;
use crate::table::{Table, figure};
use anyhow::{Context, Result, ensure};
use rollcall::config::Config;
use rollcall_auth::{ClusterKey, SystemRandomness, digest};
use rollcall_http::client_fragment;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::command::Opening;
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::Proof;
use rollcall_model::user::{Profile, UserKind};
use rollcall_model::{
    Actor, Command, EndReason, NewUser, Randomness, SessionId, SessionNo, Token, TokenHash, UserId, UserNo,
};
use rollcall_service::{Parts, Service};
use rollcall_store::Store;
use rollcall_store_postgres::{PostgresStore, Reach, Settings};
use rollcall_store_sqlite::SqliteStore;
use rollcall_testkit::{Postgres, Proxy, Way};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval, sleep};

/// So many that none has fifty sessions at the end.
const USERS: usize = 20_000;
const USERS_AT_ONCE: usize = 2_000;
/// How long the disk is tried.
const PROBE: Duration = Duration::from_millis(500);
/// What is written over: more than a disk's cache of its own mostly keeps back.
const PROBED_BYTES: u64 = 64 << 20;
const BLOCK: usize = 4_096;
/// Sign-ins a second while the lag of endings is measured, and endings.
const SIGN_INS: u32 = 1_000;
const ENDINGS: u32 = 50;
/// How often a node is left without its database, and the endings that it does not hear of each time.
const SILENCES: usize = 10;
const ENDED_IN_SILENCE: usize = 10;

/// What is measured, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    pub rounds: usize,
    pub time: Duration,
    /// Who ask at once, in groups.
    pub callers: Vec<usize>,
    /// On one engine only.
    pub engine: Option<Engine>,
}

/// What keeps a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    Sqlite,
    Postgresql,
}

/// Measures both engines, and prints what came of it; with `write` it is kept.
pub async fn measure(root: &Path, plan: &Plan, write: bool) -> Result<()> {
    let directory = root.join("commits");
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;
    let mut text = String::new();
    if plan.engine != Some(Engine::Postgresql) {
        text += &on_sqlite(&directory, plan).await?;
    }
    if plan.engine != Some(Engine::Sqlite) {
        text += &on_postgresql(&directory, plan).await?;
    }
    println!("{text}");
    if write {
        results::write_commits(&format!("{HEAD}\n{text}"))?;
    }
    fs::remove_dir_all(&directory)?;
    Ok(())
}

async fn on_sqlite(directory: &Path, plan: &Plan) -> Result<String> {
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(&directory.join("sqlite"), Arc::new(SystemRandomness))?);
    let node = Node::start(store).await?;
    node.make_users().await?;
    let table = by_callers(directory, &node, plan).await?;
    node.service.close().await.ok().context("the store did not close")?;
    Ok(format!("### SQLite\n\n{table}"))
}

async fn on_postgresql(directory: &Path, plan: &Plan) -> Result<String> {
    let server = Postgres::start(&directory.join("postgres"), DURABLE)?;
    let way = Proxy::to(&server).await;
    let nodes = [Node::on(&server).await?, Node::on(&server).await?, Node::over(&way).await?];
    nodes[0].make_users().await?;
    let alone = by_callers(directory, &nodes[0], plan).await?;
    let both = side_by_side(&nodes, plan).await?;
    let lags = lags(&nodes, &way, plan).await?;
    Ok(format!(
        "\n### PostgreSQL, on the same machine\n\n{alone}\n### Two nodes over PostgreSQL at once\n\n{both}\n\
        ### How late other nodes refuse a token that was ended\n\n{lags}"
    ))
}

const HEAD: &str = "\
## Durable sign-ins

Without HTTP and without hashing of passwords, ledger and index included, by `cargo xtask bench commits --write`. ÷ raw: \
beside writes of 4 KiB over each other, each synced, on the same disk just before. Medians over the rounds, with the \
least and the greatest in brackets; everything shares the machine's cores, the database too.
";

/// What a database that keeps its promises is started with.
const DURABLE: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "1GB"),
    ("max_wal_size", "4GB"),
];

/// A node: the product's service on a store.
struct Node {
    service: Arc<Service>,
    store: Arc<dyn Store>,
    drawn: AtomicUsize,
}

impl Node {
    async fn on(server: &Postgres) -> Result<Self> {
        let host = server.host().to_string_lossy().replace('/', "%2F");
        Self::at(&format!("postgres://{user}@{host}/{user}", user = Postgres::user())).await
    }

    /// One whose way to the database can be cut.
    async fn over(way: &Proxy) -> Result<Self> {
        let (user, at) = (Postgres::user(), way.address());
        Self::at(&format!("postgres://{user}@{at}/{user}?sslmode=disable")).await
    }

    async fn at(url: &str) -> Result<Self> {
        let reach = Reach::new(&url.parse()?, &Settings::default(), None)
            .map_err(|error| anyhow::anyhow!(error.what))?;
        Self::start(Arc::new(PostgresStore::open(reach, Arc::new(SystemRandomness)).await?)).await
    }

    async fn start(store: Arc<dyn Store>) -> Result<Self> {
        let randomness = Arc::new(SystemRandomness);
        let config = Config::default();
        let mail = config.mail_transport(&std::env::temp_dir())?;
        let clock: Arc<dyn Clock> =
            store.shared().map_or_else(|| Arc::new(SystemClock) as Arc<dyn Clock>, |shared| shared.clock());
        let key = ClusterKey::from_hex(&"07".repeat(32)).context("no key")?;
        let settings = config.service;
        let kept = store.clone();
        let service = Service::new(Parts { store, clock, randomness, key, mail, settings, client_fragment });
        service.load().await?;
        service.open_doors();
        Ok(Self { service, store: kept, drawn: AtomicUsize::new(0) })
    }

    async fn make_users(&self) -> Result<()> {
        for first in (0..USERS).step_by(USERS_AT_ONCE) {
            let made: Vec<_> = (first..first + USERS_AT_ONCE)
                .map(|n| {
                    let service = self.service.clone();
                    tokio::spawn(async move { service.carry_out(user(n)).await })
                })
                .collect();
            for made in made {
                ensure!(made.await?.is_ok(), "a user was not made");
            }
        }
        Ok(())
    }

    /// A sign-in of one user after the other.
    fn opening(&self, users: &[UserNo]) -> (Command, TokenHash) {
        let randomness = &SystemRandomness;
        let user = users[self.drawn.fetch_add(1, Ordering::Relaxed) % users.len()];
        let token = digest::token(Token::random(randomness).reveal());
        let opening = Opening {
            user,
            id: SessionId::random(randomness),
            token,
            lifetime: Duration::from_hours(24),
            per_user_max: 10_000,
            proof: Proof::Password,
            ip: [192, 0, 2, 7].into(),
            agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/145.0.0.0 Safari/537.36".into(),
            host: "chat.example.org".into(),
            guards: Vec::new(),
            clears: Vec::new(),
        };
        (Command::OpenSession(Box::new(opening)), token)
    }

    /// The users, by the numbers that the ledger gave them.
    async fn users(&self) -> Result<Vec<UserNo>> {
        let mut users = Vec::new();
        let mut after = rollcall_model::Seq(0);
        loop {
            let rows = self.store.ledger(after, 10_000).await?;
            let Some(last) = rows.last() else { return Ok(users) };
            after = last.envelope.seq;
            users.extend(
                rows.iter().filter(|row| row.envelope.kind == 2).filter_map(|row| row.envelope.subject),
            );
            if users.len() >= USERS {
                return Ok(users);
            }
        }
    }
}

fn user(n: usize) -> Command {
    let username = format!("user{n}");
    let user = NewUser {
        id: UserId::random(&SystemRandomness as &dyn Randomness),
        username,
        name: None,
        roles: [].into_iter().collect(),
        emails: Vec::new(),
        kind: UserKind::User,
        active: true,
        profile: Profile::default(),
    };
    let password = PasswordHash("nobody's".into());
    Command::CreateUser { user: Box::new(user), password, welcome: None, by: Actor::System }
}

/// What one group of callers reached.
struct Reached {
    per_second: f64,
    /// In microseconds, sorted.
    took: Vec<u32>,
}

/// Asks with so many callers for a while.
async fn ask(node: &Arc<Node>, users: &Arc<[UserNo]>, callers: usize, time: Duration) -> Result<Reached> {
    let began = Instant::now();
    let asking: Vec<_> = (0..callers)
        .map(|_| {
            let (node, users) = (node.clone(), users.clone());
            tokio::spawn(async move {
                let mut took = Vec::new();
                while began.elapsed() < time {
                    let (command, _) = node.opening(&users);
                    let asked_at = Instant::now();
                    ensure!(node.service.carry_out(command).await.is_ok(), "a sign-in failed");
                    took.push(u32::try_from(asked_at.elapsed().as_micros())?);
                }
                Ok(took)
            })
        })
        .collect();
    let mut took = Vec::new();
    for one in asking {
        took.extend(one.await??);
    }
    let seconds = began.elapsed().as_secs_f64();
    took.sort_unstable();
    Ok(Reached { per_second: f64::from(u32::try_from(took.len())?) / seconds, took })
}

async fn by_callers(directory: &Path, node: &Node, plan: &Plan) -> Result<Table> {
    let users: Arc<[UserNo]> = node.users().await?.into();
    let node = &Arc::new(node.again());
    let mut table = Table::new(&["callers", "÷ raw", "a second", "p50 ms", "p99 ms", "longest ms"]);
    // The log's file is at its size then, and the database warm.
    ask(node, &users, 64, plan.time).await?;
    for &callers in &plan.callers {
        let (mut ratios, mut rates, mut p50, mut p99, mut most) = (vec![], vec![], vec![], vec![], vec![]);
        for _ in 0..plan.rounds {
            let raw = probe(directory)?;
            let reached = ask(node, &users, callers, plan.time).await?;
            ratios.push(reached.per_second / raw);
            rates.push(reached.per_second);
            p50.push(percentile(&reached.took, 50) / 1e3);
            p99.push(percentile(&reached.took, 99) / 1e3);
            most.push(reached.took.last().copied().map_or(f64::NAN, f64::from) / 1e3);
        }
        let cells = [ratios, rates, p50, p99, most].map(|figures| spread(&Spread::of(figures)));
        table.row([callers.to_string()].into_iter().chain(cells));
    }
    Ok(table)
}

impl Node {
    /// The same node, for tasks of their own.
    fn again(&self) -> Self {
        Self { service: self.service.clone(), store: self.store.clone(), drawn: AtomicUsize::new(0) }
    }
}

async fn side_by_side(nodes: &[Node], plan: &Plan) -> Result<Table> {
    let users: Arc<[UserNo]> = nodes[0].users().await?.into();
    let [one, two] = [0, 1].map(|at| Arc::new(nodes[at].again()));
    let mut table =
        Table::new(&["callers of each", "lesser share %", "a second, both", "p99 ms", "longest ms"]);
    for callers in [32, 256] {
        let (mut shares, mut rates, mut p99, mut most) = (vec![], vec![], vec![], vec![]);
        for _ in 0..plan.rounds {
            let (one, two) =
                tokio::join!(ask(&one, &users, callers, plan.time), ask(&two, &users, callers, plan.time));
            let (one, two) = (one?, two?);
            let all = one.per_second + two.per_second;
            shares.push(100.0 * one.per_second.min(two.per_second) / all);
            rates.push(all);
            p99.push(percentile(&one.took, 99).max(percentile(&two.took, 99)) / 1e3);
            let longest = one.took.last().max(two.took.last());
            most.push(longest.copied().map_or(f64::NAN, f64::from) / 1e3);
        }
        let cells = [shares, rates, p99, most].map(|figures| spread(&Spread::of(figures)));
        table.row([callers.to_string()].into_iter().chain(cells));
    }
    Ok(table)
}

/// Ends sessions on the first node under sign-ins, and watches when the others refuse their tokens.
async fn lags(nodes: &[Node; 3], way: &Proxy, plan: &Plan) -> Result<Table> {
    let users: Arc<[UserNo]> = nodes[0].users().await?.into();
    let first = Arc::new(nodes[0].again());
    let time = plan.time * 5;
    let (began, load, its_users) = (Instant::now(), first.clone(), users.clone());
    let signing_in = tokio::spawn(async move {
        let mut ticks = interval(Duration::from_secs(1) / SIGN_INS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut count = 0_u32;
        while began.elapsed() < time {
            ticks.tick().await;
            let (node, (command, _)) = (load.clone(), load.opening(&its_users));
            tokio::spawn(async move { node.service.carry_out(command).await.is_ok() });
            count += 1;
        }
        count
    });
    let mut lags: [Vec<u32>; 2] = Default::default();
    while began.elapsed() < time {
        let (command, token) = first.opening(&users);
        let opened = first.service.carry_out(command).await.ok().context("a sign-in failed")?;
        for other in &nodes[1..] {
            let known = other.service.authenticate(&token).await.ok().flatten();
            ensure!(known.is_some(), "a sign-in is not good on another node");
        }
        let session = SessionNo(opened.last.0);
        let end = Command::EndSession { session, reason: EndReason::SignedOut, by: Actor::System };
        first.service.carry_out(end).await.ok().context("an ending failed")?;
        let ended_at = Instant::now();
        let refused = async |node: &Node| {
            while node.service.authenticate(&token).await.ok().flatten().is_some() {
                sleep(Duration::from_micros(200)).await;
            }
            u32::try_from(ended_at.elapsed().as_micros()).unwrap_or(u32::MAX)
        };
        let (one, two) = tokio::join!(refused(&nodes[1]), refused(&nodes[2]));
        lags[0].push(one);
        lags[1].push(two);
        sleep(Duration::from_secs(1) / ENDINGS).await;
    }
    let sign_ins = f64::from(signing_in.await?) / began.elapsed().as_secs_f64();
    let silent = lags_of_silent(nodes, way, &users).await?;
    let mut table = Table::new(&["node", "endings", "p50 ms", "p99 ms", "longest ms"]);
    let [second, third] = lags;
    for (name, mut lag) in [("second", second), ("third", third), ("third, its way silent", silent)] {
        lag.sort_unstable();
        let at = |hundredths| figure(percentile(&lag, hundredths) / 1e3);
        let longest = figure(lag.last().copied().map_or(f64::NAN, f64::from) / 1e3);
        table.row([name.to_owned(), lag.len().to_string(), at(50), at(99), longest]);
    }
    println!("{sign_ins:.0} sign-ins a second on the first node meanwhile");
    Ok(table)
}

/// The same of endings while the third node hears nothing of the database, from the beginning of that on.
async fn lags_of_silent(nodes: &[Node; 3], way: &Proxy, users: &[UserNo]) -> Result<Vec<u32>> {
    let (first, third) = (&nodes[0], &nodes[2]);
    let mut lags = Vec::new();
    for _ in 0..SILENCES {
        let mut sessions = Vec::new();
        for _ in 0..ENDED_IN_SILENCE {
            let (command, token) = first.opening(users);
            let opened = first.service.carry_out(command).await.ok().context("a sign-in failed")?;
            while third.service.authenticate(&token).await.ok().flatten().is_none() {}
            sessions.push((SessionNo(opened.last.0), token));
        }
        way.set(Way::Swallows);
        let mut waiting = Vec::new();
        for (session, token) in sessions {
            let end = Command::EndSession { session, reason: EndReason::SignedOut, by: Actor::System };
            first.service.carry_out(end).await.ok().context("an ending failed")?;
            let (ended_at, service) = (Instant::now(), third.service.clone());
            waiting.push(tokio::spawn(async move {
                let mut last = Duration::ZERO;
                // What it does not know for sure it refuses.
                loop {
                    let asked_at = ended_at.elapsed();
                    match service.authenticate(&token).await {
                        Ok(Some(_)) => last = asked_at,
                        Ok(None) | Err(_) => return u32::try_from(last.as_micros()).unwrap_or(u32::MAX),
                    }
                    sleep(Duration::from_micros(200)).await;
                }
            }));
        }
        for one in waiting {
            lags.push(one.await?);
        }
        way.set(Way::Open);
    }
    Ok(lags)
}

/// Writes of a block in a second, each synced.
fn probe(directory: &Path) -> Result<f64> {
    let path = directory.join("probe");
    let file: File = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
    if file.metadata()?.len() < PROBED_BYTES {
        let chunk = vec![1; 1 << 20];
        for at in (0..PROBED_BYTES).step_by(chunk.len()) {
            file.write_all_at(&chunk, at)?;
        }
        file.sync_all()?;
    }
    let (began, mut writes, block) = (Instant::now(), 0_u32, [2; BLOCK]);
    while began.elapsed() < PROBE {
        let at = u64::from(writes) * BLOCK as u64 % PROBED_BYTES;
        file.write_all_at(&block, at)?;
        file.sync_data()?;
        writes += 1;
    }
    Ok(f64::from(writes) / began.elapsed().as_secs_f64())
}

fn spread(spread: &Spread) -> String {
    format!("{} ({}–{})", figure(spread.median), figure(spread.min), figure(spread.max))
}
