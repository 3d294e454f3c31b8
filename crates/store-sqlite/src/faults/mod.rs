//! The store on a disk that fails. What happens to the disk is `rollcall-faulty-vfs`; here is what has to be true of
//! the store all the same.

mod engine;
mod full;
mod load;
mod log;
mod power_cut;
mod schema;

use crate::SqliteStore;
use crate::rows::unsigned;
use crate::tests::Zeros;
use crate::write_back::Pages;
use rollcall_model::{RoleSet, Seq, SessionNo};
use rollcall_store::suite::Fixture;
use rollcall_store::{ChainEnd, Store, StoreError, UsersQuery};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// So few that the log is written back all the time, and begins anew often.
const FEW: Pages = Pages { at_once: 6, most: 24 };
/// So many that all stays in the log.
const MANY: Pages = Pages { at_once: i32::MAX, most: i32::MAX };

fn open(directory: &Path, pages: Pages) -> Result<Arc<SqliteStore>, StoreError> {
    SqliteStore::open_with(directory, pages, Arc::new(Zeros)).map(Arc::new)
}

/// How many seeds a test with a disk's many futures takes: `ROLLCALL_TEST_CUTS`, or few.
fn seeds(few: u64) -> u64 {
    std::env::var("ROLLCALL_TEST_CUTS").map_or(few, |seeds| seeds.parse().unwrap())
}

/// What a store has to show where a commit ended.
#[derive(Clone, Debug, PartialEq)]
struct Expected {
    end: ChainEnd,
    live: BTreeSet<SessionNo>,
    /// Sessions that were ever opened.
    opened: u64,
    /// By its number, a user's name and roles.
    users: BTreeMap<u64, (String, RoleSet)>,
}

/// What the store in a directory shows: of its rows, where its ledger ends; or what is wrong with it.
async fn shown(store: &Arc<SqliteStore>) -> Result<Expected, String> {
    let said = |error: StoreError| error.to_string();
    let end = store.verify().await.map_err(said)?.map_err(|bad| format!("the chain is broken: {bad:?}"))?;
    if store.end().await.map_err(said)? != end {
        return Err("the head is not the chain's end".into());
    }
    let fixture = Fixture::new(store.clone());
    let live: BTreeSet<_> = fixture.loaded_sessions().await.into_iter().collect();
    let all = UsersQuery { email: None, sort: Vec::new(), offset: 0, count: 1_000 };
    let users = store.users(all).await.map_err(said)?.users.into_iter().map(|(user, _)| {
        let owner = user.owner;
        (owner.no.0, (owner.username, owner.roles))
    });
    let users = users.collect();
    let sql = "SELECT (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM session_history),
        (SELECT COUNT(*) FROM ended_sessions) + (SELECT COUNT(*) FROM session_history)";
    let counted = store
        .read(|connection| connection.query_row(sql, [], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?))));
    let (opened, ended) = counted.await.map_err(said)?;
    if opened != live.len() as u64 + ended {
        return Err(format!("{opened} sessions were opened and {ended} ended, and {} are live", live.len()));
    }
    Ok(Expected { end, live, opened, users })
}

/// Whether the ledger still has the event that it ended with.
async fn has(store: &SqliteStore, end: ChainEnd) -> bool {
    let before = Seq(end.seq.0.saturating_sub(1));
    let found = store.ledger(before, 1).await.unwrap().pop();
    end.seq.0 == 0 || found.is_some_and(|row| row.envelope.seq == end.seq && row.hash == end.hash)
}

/// A user is made and signed in: the store goes on.
async fn goes_on(store: &Arc<SqliteStore>) -> Result<(), String> {
    let fixture = Fixture::new(store.clone());
    fixture.set_now(9_000_000);
    let end = store.end().await.map_err(|error| error.to_string())?.seq;
    fixture.draw_from(1_000_000 + end.0 * 100);
    let name = format!("later-{end}");
    let made = fixture.try_commit(vec![fixture.creation(&name, &[])]).await;
    let user =
        made.map_err(|error| error.to_string())?.answers.remove(0).map_err(|why| format!("{why:?}"))?;
    let session = fixture.open(rollcall_model::UserNo(user.last.0)).await;
    let now = shown(store).await?;
    if now.live.contains(&session) { Ok(()) } else { Err("a session that was opened is not there".into()) }
}
