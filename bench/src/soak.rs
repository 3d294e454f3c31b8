//! `cargo xtask bench soak`: people sign in and leave at the same rate while lists are asked, for as long as one
//! likes. Memory and times at the end beside those at the beginning, and every list beside a naive oracle.

use crate::arrivals::{Answered, Arrivals, InTurn};
use crate::caller::Caller;
use crate::cases;
use crate::child::Server;
use crate::data::{self, Data, HASH_KIB};
use crate::drive::count;
use crate::figures::Spread;
use crate::in_process::not_asked_lately;
use crate::mixed::CONNECTIONS;
use crate::oracle::{Oracle, Row};
use crate::people::{Endings, People, SignIns};
use crate::table::{Table, figure};
use anyhow::{Context, Result, ensure};
use rollcall_index::SortKey;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Lists asked in a second.
const LISTS: f64 = 400.0;
/// One list in so many is a filter's first use.
const FIRST_USES: usize = 20;
/// Pieces of the time at the least, each of which is told in a line.
const PIECES: u32 = 5;
/// Rows of a page that is compared: the most that are given.
const ROWS: usize = rollcall_model::limits::PAGE_ROWS_MAX;
/// Flat is what grows by no more than this from the first fifth to the last.
const FLAT_MEMORY: f64 = 1.05;
const FLAT_TIME: f64 = 1.5;

const KEYS: [(&str, SortKey); 6] = [
    ("loginAt", SortKey::LoginAt),
    ("device.name", SortKey::DeviceName),
    ("device.os.name", SortKey::OsName),
    ("device.os.version", SortKey::OsVersion),
    ("_user.name", SortKey::Name),
    ("_user.username", SortKey::Username),
];
const FILTERS: [&str; 6] = ["chrome", "zoe", r"^10\.1\.", r"\.7$", "^127", "nothing-like-this"];

/// A piece of the time.
struct Piece {
    resident: u64,
    lists: Answered,
    sign_ins: Answered,
    endings: Answered,
}

/// Soaks for so long, with so many sign-ins and endings a second each.
pub async fn measure(root: &Path, data: &Data, time: Duration, per_s: f64) -> Result<()> {
    let directory = root.join("data-changed");
    data::copy(&data.directory, &directory)?;
    let loaded = data::sessions(&directory).await?;
    let live = loaded.len();
    let server = Server::start_with(&directory, None, HASH_KIB).await?;
    let caller = Caller::sign_in(server.address).await?;
    caller.prove().await?;
    let people = People::new(server.address, caller.clone(), loaded);
    let sign_ins = Arrivals::open(server.address, SignIns(people.clone()), per_s, CONNECTIONS).await?;
    let endings = Arrivals::open(server.address, Endings(people), per_s, CONNECTIONS).await?;
    let lists = InTurn::new(requests(&caller, live));
    let lists = Arrivals::open(server.address, lists, LISTS, CONNECTIONS).await?;
    let piece = Duration::from_mins(1).min(time / PIECES);
    println!(
        "{live} sessions, {per_s} sign-ins and as many endings a second, {LISTS} lists a second; p50 and p99 in ms\n\n\
         {:>7}  {:>9}  {:>15}  {:>15}  {:>15}  {:>10}  {:>7}",
        "seconds", "resident", "lists", "sign-ins", "endings", "sign-ins/s", "refused"
    );
    let mut pieces = Vec::new();
    let mut passed = Duration::ZERO;
    while passed < time {
        let (lists, sign_ins, endings) =
            tokio::try_join!(lists.offer(piece), sign_ins.offer(piece), endings.offer(piece))?;
        passed += piece;
        let (resident, _) = server.resident()?;
        let piece = Piece { resident, lists, sign_ins, endings };
        println!("{}", piece.line(passed));
        pieces.push(piece);
    }
    for piece in &pieces {
        piece.lists.expect_answers("lists")?;
        piece.sign_ins.expect_answers("sign-ins")?;
    }
    println!("\n{}", flat(&pieces));
    let changed: usize =
        pieces.iter().map(|piece| piece.endings.waits_ns.len() - piece.endings.refused).sum();
    println!("each session was replaced {} times", figure(count(changed) / count(live)));
    let asked = ask_everything(&caller).await?;
    // Not signed out, so that the store says what the lists said.
    server.stop()?;
    let oracle = Oracle::new(data::sessions(&directory).await?);
    let (lists, rows) = compare(&oracle, &asked)?;
    println!("{lists} lists, {rows} rows of them, are what a naive oracle makes of the store");
    fs::remove_dir_all(&directory).context("cannot remove the copy")
}

/// What is asked while people come and go.
fn requests(caller: &Caller, live: usize) -> Vec<Vec<u8>> {
    let by_name = cases::sort("_user.name", 1);
    let mut paths = Vec::new();
    for nth in 0..cases::TEXTS {
        for turn in 0..FIRST_USES {
            let first_use = cases::filter(&not_asked_lately("zoe", nth));
            paths.push(match turn {
                0 => cases::list(&first_use, 0),
                turn if turn % 4 == 0 => cases::list(&cases::filter("chrome"), 0),
                turn if turn % 4 == 1 => cases::list(&by_name, live / 2),
                turn if turn % 4 == 2 => cases::list("", live / FIRST_USES * turn),
                _ => cases::list("", 0),
            });
        }
    }
    paths.iter().map(|path| caller.get(path)).collect()
}

impl Piece {
    fn line(&self, passed: Duration) -> String {
        let times =
            |answered: &Answered| format!("{} / {}", figure(answered.ms(50)), figure(answered.ms(99)));
        format!(
            "{:>7}  {:>5} MiB  {:>15}  {:>15}  {:>15}  {:>10}  {:>7}",
            passed.as_secs(),
            self.resident >> 20,
            times(&self.lists),
            times(&self.sign_ins),
            times(&self.endings),
            figure(self.sign_ins.per_s()),
            self.lists.refused + self.sign_ins.refused + self.endings.refused,
        )
    }
}

/// The last fifth of the time beside the first.
fn flat(pieces: &[Piece]) -> Table {
    let fifth = pieces.len().div_ceil(5);
    let mut table = Table::new(&["", "first fifth", "last fifth", "ratio", "flat"]);
    let mut row = |what: &str, bound: f64, figure_of: &dyn Fn(&Piece) -> f64| {
        let median = |pieces: &[Piece]| Spread::of(pieces.iter().map(figure_of)).median;
        let (first, last) = (median(&pieces[..fifth]), median(&pieces[pieces.len() - fifth..]));
        let word = if last / first <= bound { "yes" } else { "NO" };
        table.row([what.into(), figure(first), figure(last), figure(last / first), word.into()]);
    };
    row("resident MiB", FLAT_MEMORY, &|piece| {
        f64::from(u32::try_from(piece.resident >> 10).unwrap_or(u32::MAX)) / 1024.0
    });
    row("lists, p50 ms", FLAT_TIME, &|piece| piece.lists.ms(50));
    row("lists, p99 ms", FLAT_TIME, &|piece| piece.lists.ms(99));
    row("sign-ins, p50 ms", FLAT_TIME, &|piece| piece.sign_ins.ms(50));
    row("sign-ins, p99 ms", FLAT_TIME, &|piece| piece.sign_ins.ms(99));
    row("endings, p50 ms", FLAT_TIME, &|piece| piece.endings.ms(50));
    row("endings, p99 ms", FLAT_TIME, &|piece| piece.endings.ms(99));
    table
}

/// A page that was asked, and what was answered.
struct Asked {
    filter: Option<&'static str>,
    sort: Option<(SortKey, bool)>,
    offset: usize,
    answer: Value,
}

/// Every page of everything, and a beginning, a middle and an end by every filter and every key.
async fn ask_everything(caller: &Caller) -> Result<Vec<Asked>> {
    let mut asked = Vec::new();
    let total = cases::total(caller).await?;
    for offset in (0..total).step_by(ROWS) {
        asked.push(ask(caller, None, None, offset).await?);
    }
    let keys = KEYS.iter().flat_map(|key| [Some((key, true)), Some((key, false))]);
    for (filter, sort) in keys.map(|key| (None, key)).chain(FILTERS.iter().flat_map(|filter| {
        [None, Some((&KEYS[4], true)), Some((&KEYS[2], false))].map(|key| (Some(*filter), key))
    })) {
        let first = ask(caller, filter, sort, 0).await?;
        let total = usize::try_from(first.answer["total"].as_u64().context("a list without a total")?)?;
        asked.push(first);
        for offset in [total / 2, total.saturating_sub(ROWS)] {
            asked.push(ask(caller, filter, sort, offset).await?);
        }
    }
    Ok(asked)
}

async fn ask(
    caller: &Caller,
    filter: Option<&'static str>,
    sort: Option<(&(&str, SortKey), bool)>,
    offset: usize,
) -> Result<Asked> {
    let mut more = filter.map(cases::filter).unwrap_or_default();
    if let Some(((name, _), ascending)) = sort {
        more += &cases::sort(name, if ascending { 1 } else { -1 });
    }
    let path = cases::page(&more, offset, ROWS);
    let (answer, _) = caller.sample(&caller.get(&path)).await.with_context(|| path.clone())?;
    Ok(Asked { filter, sort: sort.map(|((_, key), ascending)| (*key, ascending)), offset, answer })
}

/// Compares all answers, and gives how many lists and rows that were.
fn compare(oracle: &Oracle, asked: &[Asked]) -> Result<(usize, usize)> {
    let mut rows = 0;
    // Pages of one list lie side by side.
    for pages in asked.chunk_by(|a, b| (a.filter, a.sort) == (b.filter, b.sort)) {
        let Some(first) = pages.first() else { continue };
        let list = oracle.list(first.filter, first.sort)?;
        for page in pages {
            let said = page.answer["sessions"].as_array().context("a page without rows")?;
            let due = list.iter().skip(page.offset).take(ROWS);
            let name = || format!("filter {:?}, sort {:?}, offset {}", page.filter, page.sort, page.offset);
            ensure!(
                page.answer["total"] == list.len(),
                "{}: total {}, not {}",
                name(),
                page.answer["total"],
                list.len()
            );
            ensure!(said.len() == due.len(), "{}: {} rows, not {}", name(), said.len(), due.len());
            for (said, row) in said.iter().zip(due) {
                ensure!(is_of(said, row), "{}: {said}, not {:?}", name(), row.session);
                rows += 1;
            }
        }
    }
    let lists = asked.chunk_by(|a, b| (a.filter, a.sort) == (b.filter, b.sort)).count();
    Ok((lists, rows))
}

fn is_of(said: &Value, row: &Row) -> bool {
    let session = &row.session;
    said["sessionId"] == session.id.as_str()
        && said["userId"] == session.owner.id.as_str()
        && said["_user"]["username"] == *session.owner.username
        && said["_user"]["name"].as_str() == session.owner.name.as_deref()
        && said["ip"] == session.ip.to_string()
        && said["host"] == *session.host
        && said["loginAt"] == session.opened_at.to_string()
}
