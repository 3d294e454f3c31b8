//! Upkeep between commits, in small steps: ended sessions go to history, what is over is forgotten, and rows
//! learn when their sessions were last seen. It holds no lock of the ledger's: each step is one statement on rows of
//! its own.

use crate::connection::{Connection, all};
use crate::rows::number;
use crate::sql;
use rollcall_model::{Seq, SessionNo, Timestamp, limits};
use rollcall_store::{Settled, StoreError};

/// Lets the rows know when their sessions were last seen, wherever they stand by now.
pub async fn note_seen(connection: &Connection, seen: &[(SessionNo, Timestamp)]) -> Result<(), StoreError> {
    let (sessions, at): (Vec<i64>, Vec<i64>) = seen.iter().map(|(no, at)| (number(no.0), at.as_ms())).unzip();
    // A row that goes to history between the two is in history by the second.
    connection.run(sql::NOTE_SEEN, &[&sessions, &at]).await?;
    connection.run(sql::NOTE_SEEN_IN_HISTORY, &[&sessions, &at]).await?;
    Ok(())
}

/// Writes down what became of mails.
pub async fn settle_mails(connection: &Connection, settled: &[(Seq, Settled)]) -> Result<(), StoreError> {
    let settle = settled.iter().map(async |(no, settled)| {
        let no = number(no.0);
        match settled {
            Settled::Gone => connection.run(sql::DROP_MAIL, &[&no]).await,
            Settled::PutOff(due) => connection.run(sql::PUT_MAIL_OFF, &[&no, &due.as_ms()]).await,
        }
    });
    all(settle).await.map(drop)
}

/// Moves up to `limit` ended sessions, in order of their numbers, and answers how many.
pub async fn sweep(
    connection: &Connection,
    now: Timestamp,
    counters_since: Timestamp,
    limit: usize,
) -> Result<usize, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let moved = connection.run(sql::SWEEP, &[&limit]).await?;
    let now = now.as_ms();
    connection.run(sql::DROP_OVER_STEP_UPS, &[&now]).await?;
    connection.run(sql::DROP_OVER_MAILED_CODES, &[&now]).await?;
    let over = (Timestamp::from_ms(now) - limits::PREVIEW_REMEMBERED).as_ms();
    connection.run(sql::DROP_OVER_PREVIEWS, &[&over]).await?;
    connection.run(sql::DROP_STALE_FAILURES, &[&now, &counters_since.as_ms()]).await?;
    let bound = number(limits::UNKNOWN_NAME_COUNTERS as u64);
    connection.run(sql::DROP_OLDEST_UNKNOWN_NAMES, &[&bound]).await?;
    Ok(usize::try_from(moved).unwrap_or(usize::MAX))
}
