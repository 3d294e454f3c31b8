//! Previews, the sets that they froze, and what became of them.

use crate::rows::{conversion, id, number, optional, time, unsigned};
use crate::sql;
use rollcall_model::revocation::{
    Begun, Closing, Finished, FrozenSet, NodeLag, Preview, Progress, Revocation, SetDigest,
};
use rollcall_model::{Actor, Event, Happening, RevocationId, Seq, SessionNo};
use rollcall_store::KeptRevocation;
use rusqlite::{Connection, Error, OptionalExtension, Row, TransactionBehavior, params};

/// Keeps a preview in the place of its maker's oldest ones.
pub fn keep_preview(
    connection: &mut Connection,
    preview: &Preview,
    sessions: &FrozenSet,
    most: usize,
) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let maker = preview.maker.to_number();
    transaction.prepare_cached(sql::INSERT_PREVIEW)?.execute(params![
        preview.id.as_str(),
        maker,
        preview.caller.map(|session| number(session.0)),
        preview.made_at.as_ms(),
        preview.expires_at.as_ms(),
        number(preview.after.0),
        preview.filter,
        preview.digest.0,
        number(preview.count),
    ])?;
    transaction
        .prepare_cached(sql::INSERT_FROZEN_SET)?
        .execute(params![preview.id.as_str(), sessions.as_bytes()])?;
    transaction.prepare_cached(sql::DROP_OLDEST_PREVIEWS)?.execute([maker, number(most as u64)])?;
    transaction.prepare_cached(sql::DROP_SETS_OF_NONE)?.execute([])?;
    transaction.commit()
}

/// One by its id.
pub fn revocation(connection: &Connection, id: RevocationId) -> Result<Option<KeptRevocation>, Error> {
    connection.prepare_cached(sql::REVOCATION)?.query_row([id.as_str()], kept).optional()
}

/// The sessions that a preview froze.
pub fn frozen_set(connection: &Connection, id: RevocationId) -> Result<Option<FrozenSet>, Error> {
    let mut statement = connection.prepare_cached(sql::FROZEN_SET)?;
    statement.query_row([id.as_str()], |row| row.get(0).map(FrozenSet::of_bytes)).optional()
}

/// Those that are begun and not finished.
pub fn under_way(connection: &Connection) -> Result<Vec<RevocationId>, Error> {
    connection.prepare_cached(sql::REVOCATIONS_UNDER_WAY)?.query_map([], |row| id(row, 0))?.collect()
}

/// The rows of what happened to one.
pub fn change_rows(transaction: &Connection, event: &Event) -> Result<(), Error> {
    let (seq, at) = (number(event.seq.0), event.at.as_ms());
    match &event.happening {
        Happening::RevocationBegun { id, reason, .. } => {
            let begun = params![id.as_str(), seq, at, reason];
            transaction.prepare_cached(sql::BEGIN_REVOCATION)?.execute(begun)?;
        }
        Happening::RevocationFinished { id, closing, .. } => {
            let lags = NodeLag::all_to_text(&closing.lags);
            let finished = params![id.as_str(), seq, at, closing.newer.map(number), lags];
            transaction.prepare_cached(sql::FINISH_REVOCATION)?.execute(finished)?;
            transaction.prepare_cached(sql::DROP_FROZEN_SET)?.execute([id.as_str()])?;
        }
        _ => {}
    }
    Ok(())
}

fn kept(row: &Row<'_>) -> Result<KeptRevocation, Error> {
    let preview = Preview {
        id: id(row, 0)?,
        maker: Actor::from_number(row.get(1)?),
        caller: optional(row, 2)?.map(SessionNo),
        made_at: time(row, 3)?,
        expires_at: time(row, 4)?,
        after: Seq(unsigned(row, 5)?),
        filter: row.get(6)?,
        digest: SetDigest(row.get(7)?),
        count: unsigned(row, 8)?,
    };
    let begun = match optional(row, 9)?.map(Seq) {
        Some(seq) => Some(Begun { seq, at: time(row, 10)?, reason: row.get(11)? }),
        None => None,
    };
    let progress = Progress { gone_through: unsigned(row, 12)?, ended: unsigned(row, 13)? };
    let finished = match optional(row, 14)?.map(Seq) {
        Some(seq) => {
            let lags = NodeLag::all_of_text(row.get_ref(17)?.as_str()?);
            let lags = lags.ok_or_else(|| conversion(17, "not a list of lags"))?;
            let closing = Closing { newer: optional(row, 16)?, lags };
            Some(Finished { seq, at: time(row, 15)?, closing })
        }
        None => None,
    };
    Ok(KeptRevocation { revocation: Revocation { preview, begun, progress, finished }, head: row.get(18)? })
}
