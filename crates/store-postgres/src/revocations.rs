//! Previews, the sets that they froze, and what became of them.

use crate::connection::Connection;
use crate::rows::{bytes, get, id, number, optional, time, unsigned};
use crate::sql;
use rollcall_model::revocation::{
    Begun, Closing, Finished, FrozenSet, NodeLag, Preview, Progress, Revocation, SetDigest,
};
use rollcall_model::{Actor, RevocationId, Seq, SessionNo};
use rollcall_store::{KeptRevocation, StoreError};
use std::collections::HashMap;
use tokio_postgres::Row;

/// Keeps a preview in the place of its maker's oldest ones.
pub async fn keep_preview(
    connection: &Connection,
    preview: &Preview,
    sessions: &FrozenSet,
    most: usize,
) -> Result<(), StoreError> {
    let (maker, most) = (preview.maker.to_number(), number(most as u64));
    let caller = preview.caller.map(|session| number(session.0));
    connection
        .run(
            sql::INSERT_PREVIEW,
            &[
                &preview.id.as_str(),
                &maker,
                &caller,
                &preview.made_at.as_ms(),
                &preview.expires_at.as_ms(),
                &number(preview.after.0),
                &preview.filter,
                &&preview.digest.0[..],
                &number(preview.count),
                &sessions.as_bytes(),
            ],
        )
        .await?;
    connection.run(sql::DROP_OLDEST_PREVIEWS, &[&maker, &most]).await.map(drop)
}

/// One by its id.
pub async fn revocation(
    connection: &Connection,
    id: RevocationId,
) -> Result<Option<KeptRevocation>, StoreError> {
    let Some(row) = connection.row(sql::REVOCATION, &[&id.as_str()]).await? else { return Ok(None) };
    let finished: Option<i64> = get(&row, 14)?;
    let head = finished.map(|_| bytes(&row, 18)).transpose()?;
    Ok(Some(KeptRevocation { revocation: of_row(&row)?, head }))
}

/// Those that commands are decided on; nobody drops them meanwhile.
pub async fn facts(
    connection: &Connection,
    ids: &[RevocationId],
) -> Result<HashMap<RevocationId, Revocation>, StoreError> {
    let ids: Vec<&str> = ids.iter().map(RevocationId::as_str).collect();
    let rows = connection.rows(sql::REVOCATION_FACTS, &[&ids]).await?;
    rows.iter().map(|row| of_row(row).map(|found| (found.preview.id, found))).collect()
}

/// The sessions that a preview froze.
pub async fn frozen_set(connection: &Connection, id: RevocationId) -> Result<Option<FrozenSet>, StoreError> {
    let row = connection.row(sql::FROZEN_SET, &[&id.as_str()]).await?;
    row.map(|row| get(&row, 0).map(FrozenSet::of_bytes)).transpose()
}

/// Those that are begun and not finished.
pub async fn under_way(connection: &Connection) -> Result<Vec<RevocationId>, StoreError> {
    let rows = connection.rows(sql::REVOCATIONS_UNDER_WAY, &[]).await?;
    rows.iter().map(|row| id(row, 0)).collect()
}

fn of_row(row: &Row) -> Result<Revocation, StoreError> {
    let preview = Preview {
        id: id(row, 0)?,
        maker: Actor::from_number(get(row, 1)?),
        caller: optional(row, 2)?.map(SessionNo),
        made_at: time(row, 3)?,
        expires_at: time(row, 4)?,
        after: Seq(unsigned(row, 5)?),
        filter: get(row, 6)?,
        digest: SetDigest(bytes(row, 7)?),
        count: unsigned(row, 8)?,
    };
    let begun = match optional(row, 9)?.map(Seq) {
        Some(seq) => Some(Begun { seq, at: time(row, 10)?, reason: get(row, 11)? }),
        None => None,
    };
    let progress = Progress { gone_through: unsigned(row, 12)?, ended: unsigned(row, 13)? };
    let finished = match optional(row, 14)?.map(Seq) {
        Some(seq) => {
            let lags = NodeLag::all_of_text(get(row, 17)?);
            let lags = lags.ok_or_else(|| StoreError::Corrupt("not a list of lags".into()))?;
            let closing = Closing { newer: optional(row, 16)?, lags };
            Some(Finished { seq, at: time(row, 15)?, closing })
        }
        None => None,
    };
    Ok(Revocation { preview, begun, progress, finished })
}
