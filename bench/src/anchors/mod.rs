//! The anchors: SQLite and PostgreSQL asked what our index is asked, on the same sessions, in the same run.
//!
//! Each gets what helps it: secondary indexes, a trigram index, memory for all of it, prepared statements with the
//! texts in them. A filter is tried in every form that we know for it, and the fastest one is measured. What each
//! finds in all is compared with what our index finds.

mod kept;
mod postgres;
mod rows;
mod sql;
mod sqlite;

use crate::figures::percentile;
use crate::in_process::Listed;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::{Duration, Instant};

/// Live sessions up to which the other databases are filled: at ten million that takes hours.
pub const SESSIONS_MAX: u32 = 1_000_000;

/// The most runs of one query, and the time after which no further one begins.
const RUNS: usize = 30;
const RUNS_TIME: Duration = Duration::from_secs(3);

/// The most trials of a form, and the time after which no further one begins.
const TRIALS: usize = 4;
const TRIALS_TIME: Duration = Duration::from_secs(1);

/// What one query took.
pub struct Anchor {
    /// The query, as our index's list of it is called.
    pub list: &'static str,
    /// Sessions found, the same in all.
    pub total: usize,
    /// The fastest form for SQLite.
    pub sqlite: Timed,
    /// The fastest form for PostgreSQL.
    pub postgres: Timed,
}

/// The times of one form of a query: page and total, which are two statements.
#[derive(Clone, Debug)]
pub struct Timed {
    /// Which form.
    pub form: &'static str,
    /// Half of the runs took no longer, in microseconds.
    pub p50_us: f64,
    /// 99 in 100 runs took no longer, in microseconds.
    pub p99_us: f64,
    /// What of it the page took, in microseconds; half took no longer.
    pub page_us: f64,
}

/// What was measured, and by what.
pub struct Anchors {
    /// The queries.
    pub queries: Vec<Anchor>,
    /// Versions and sizes, in a sentence.
    pub about: String,
}

impl Anchor {
    /// The faster of the two databases, in microseconds.
    pub const fn best_us(&self) -> f64 {
        self.sqlite.p50_us.min(self.postgres.p50_us)
    }
}

/// A database that is asked.
trait Database {
    /// Answers a page, and gives how many rows it has.
    async fn page(&mut self, statement: &str) -> Result<usize>;
    /// Answers a count.
    async fn count(&mut self, statement: &str) -> Result<usize>;
}

/// Measures both on the sessions of this store; `lists` is what our index found.
pub async fn measure(root: &Path, data_dir: &Path, sessions: u32, lists: &[Listed]) -> Result<Anchors> {
    let kept = kept::ready(root, data_dir, sessions).await?;
    let mut sqlite = sqlite::Sqlite::open(&kept.sqlite)?;
    let mut postgres = postgres::Client::connect(&kept.postgres).await?;
    let mut queries = Vec::new();
    for query in sql::queries(sessions as usize) {
        println!("beside it: {} ...", query.list);
        let ours = lists.iter().find(|listed| listed.name == query.list);
        let ours = ours.with_context(|| format!("our index was not asked for {}", query.list))?.total;
        let lite = fastest(&mut sqlite, &query.sqlite, ours).await.context("SQLite")?;
        let post = fastest(&mut postgres, &query.postgres, ours).await.context("PostgreSQL")?;
        queries.push(Anchor { list: query.list, total: ours, sqlite: lite, postgres: post });
    }
    let about = format!(
        "{}, {} MiB with its FTS5 trigram index, in process; {}, {} MiB with its pg_trgm index, on a Unix socket",
        sqlite::version(),
        sqlite.bytes()? >> 20,
        postgres.version().await?,
        postgres.bytes().await? >> 20,
    );
    Ok(Anchors { queries, about })
}

/// Tries each form, and measures the one that was fastest.
async fn fastest(database: &mut impl Database, forms: &[sql::Form], total: usize) -> Result<Timed> {
    let mut best: Option<(Duration, &sql::Form)> = None;
    for form in forms {
        // Once so that all of it is in memory, then so often that one of them is not disturbed.
        run(database, form, total).await?;
        let (began, mut least) = (Instant::now(), Duration::MAX);
        for _ in 0..TRIALS {
            least = least.min(run(database, form, total).await?);
            if began.elapsed() > TRIALS_TIME {
                break;
            }
        }
        if best.is_none_or(|(fastest, _)| least < fastest) {
            best = Some((least, form));
        }
    }
    let (_, form) = best.context("a query without a form")?;
    let (mut waits, mut pages) = (Vec::new(), Vec::new());
    let began = Instant::now();
    while waits.len() < RUNS && (waits.len() < 3 || began.elapsed() < RUNS_TIME) {
        let asked = Instant::now();
        database.page(&form.page).await?;
        pages.push(nanos(asked.elapsed()));
        database.count(&form.count).await?;
        waits.push(nanos(asked.elapsed()));
    }
    waits.sort_unstable();
    pages.sort_unstable();
    let us = |waits: &[u32], hundredths| percentile(waits, hundredths) / 1e3;
    Ok(Timed { form: form.name, p50_us: us(&waits, 50), p99_us: us(&waits, 99), page_us: us(&pages, 50) })
}

/// Asks once, and sees whether the answer is right.
async fn run(database: &mut impl Database, form: &sql::Form, total: usize) -> Result<Duration> {
    let asked = Instant::now();
    let rows = database.page(&form.page).await.with_context(|| form.page.clone())?;
    let found = database.count(&form.count).await.with_context(|| form.count.clone())?;
    let took = asked.elapsed();
    ensure!(found == total, "{}: {found} rows, where our index finds {total}: {}", form.name, form.count);
    ensure!(rows == total.min(sql::ROWS), "{}: a page of {rows} rows: {}", form.name, form.page);
    Ok(took)
}

fn nanos(time: Duration) -> u32 {
    // Beyond four seconds it is four seconds.
    u32::try_from(time.as_nanos()).unwrap_or(u32::MAX)
}
