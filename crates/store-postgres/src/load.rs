//! What the index starts from: everything, or what came after an event.

use crate::connection::Connection;
use crate::rows::{self, get, id, ip, number, session_no, time, token_hash, user_no};
use crate::service_tokens::service_tokens;
use crate::{read, sql};
use futures_util::TryStreamExt;
use rollcall_model::factor::Factors;
use rollcall_model::ids::{Seq, UserNo};
use rollcall_model::{AddressKey, Owner, Session, Timestamp};
use rollcall_store::{ChainEnd, KeptServiceToken, Loading, StoreError};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_postgres::Row;

/// Sessions handed over at a time while loading.
const LOADED_AT_ONCE: usize = 4_096;
/// All of it is out of one snapshot, and takes as long as it takes: no statement's time is for so much.
pub const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
     SET LOCAL statement_timeout = 0;
     SET LOCAL idle_in_transaction_session_timeout = 0";

type Visit<'a> = &'a mut (dyn FnMut(Loading) + Send);

/// Everything that the index starts from.
pub async fn load(
    connection: &Connection,
    since: Timestamp,
    visit: Visit<'_>,
) -> Result<ChainEnd, StoreError> {
    connection.command(SNAPSHOT).await?;
    let (_, end) = read::head(connection).await?;
    load_sessions(connection, visit).await?;
    let first = first_event_since(connection, end.seq, since).await?;
    load_addresses(connection, first, visit).await?;
    load_rest(connection, visit).await?;
    connection.command("COMMIT").await?;
    Ok(end)
}

/// The rest of it for an index that has all sessions up to an event.
pub async fn catch_up(
    connection: &Connection,
    after: Seq,
    seen_since: Option<Timestamp>,
    visit: Visit<'_>,
) -> Result<ChainEnd, StoreError> {
    connection.command(SNAPSHOT).await?;
    let (_, end) = read::head(connection).await?;
    load_rest(connection, visit).await?;
    let after_no = number(after.0);
    in_pieces(
        connection,
        sql::ENDED_AFTER,
        after_no,
        |row| session_no(row, 0).map(Some),
        |piece| {
            visit(Loading::Ended(piece));
        },
    )
    .await?;
    in_pieces(
        connection,
        sql::SESSIONS_AFTER,
        after_no,
        |row| session_of_owner(row).map(Some),
        |piece| {
            visit(Loading::Sessions(piece));
        },
    )
    .await?;
    load_addresses(connection, after.next(), visit).await?;
    for row in connection.rows(sql::OWNERS_CHANGED_AFTER, &[&after_no]).await? {
        visit(Loading::Owner(rows::owner(&row)?));
    }
    for row in connection.rows(sql::ERASED_AFTER, &[&after_no]).await? {
        visit(Loading::Erased(user_no(&row, 0)?));
    }
    if let Some(since) = seen_since {
        let seen = |row: &Row| Ok(Some((session_no(row, 0)?, time(row, 1)?)));
        in_pieces(connection, sql::SEEN_SINCE, since.as_ms(), seen, |piece| visit(Loading::Seen(piece)))
            .await?;
    }
    connection.command("COMMIT").await?;
    Ok(end)
}

/// Gives the rows of a statement with one value, some at a time.
async fn in_pieces<T>(
    connection: &Connection,
    sql: &'static str,
    value: i64,
    read: impl Fn(&Row) -> Result<Option<T>, StoreError>,
    mut visit: impl FnMut(Vec<T>),
) -> Result<(), StoreError> {
    let rows = connection.stream(sql, &[value]).await?;
    give_in_pieces(connection, rows, read, &mut visit).await
}

async fn give_in_pieces<T>(
    connection: &Connection,
    rows: tokio_postgres::RowStream,
    read: impl Fn(&Row) -> Result<Option<T>, StoreError>,
    visit: &mut impl FnMut(Vec<T>),
) -> Result<(), StoreError> {
    let mut rows = std::pin::pin!(rows);
    let mut piece = Vec::new();
    while let Some(row) = connection.answer(rows.try_next()).await? {
        piece.extend(read(&row)?);
        if piece.len() == LOADED_AT_ONCE {
            visit(std::mem::take(&mut piece));
        }
    }
    visit(piece);
    Ok(())
}

/// Addresses of sessions that have ended, from an opening on.
async fn load_addresses(connection: &Connection, from: Seq, visit: Visit<'_>) -> Result<(), StoreError> {
    let address = |row: &Row| Ok(Some((user_no(row, 0)?, AddressKey::of(ip(row, 1)?), time(row, 2)?)));
    in_pieces(connection, sql::ENDED_ADDRESSES, number(from.0), address, |piece| {
        for (user, from, opened_at) in piece {
            visit(Loading::Address { user, from, opened_at });
        }
    })
    .await
}

/// What is loaded as a whole at every start: it is little.
async fn load_rest(connection: &Connection, visit: Visit<'_>) -> Result<(), StoreError> {
    for row in connection.rows(sql::FACTORS, &[]).await? {
        let factors = Factors { authenticator: get(&row, 1)?, mail: get(&row, 2)? };
        visit(Loading::Factors(user_no(&row, 0)?, factors));
    }
    for row in connection.rows(sql::ALL_PERSONAL_TOKENS, &[]).await? {
        visit(Loading::Personal(rows::personal_token(&row)?));
    }
    visit(Loading::ServiceTokens(KeptServiceToken::standing(service_tokens(connection).await?)));
    for row in connection.rows(sql::STEP_UPS, &[]).await? {
        visit(Loading::Window(rows::window(&row)?));
    }
    Ok(())
}

async fn load_sessions(connection: &Connection, visit: Visit<'_>) -> Result<(), StoreError> {
    let mut texts = HashMap::<i64, Arc<str>>::new();
    for row in connection.rows(sql::ALL_TEXTS, &[]).await? {
        texts.insert(get(&row, 0)?, get::<&str>(&row, 1)?.into());
    }
    let mut owners = HashMap::<UserNo, Arc<Owner>>::new();
    let rows = connection.stream(sql::ALL_OWNERS, &[]).await?;
    let mut keep = |piece: Vec<Owner>| {
        owners.extend(piece.into_iter().map(|owner| (owner.no, Arc::new(owner))));
    };
    give_in_pieces(connection, rows, |row| rows::owner(row).map(Some), &mut keep).await?;
    let rows = connection.stream(sql::STANDING_SESSIONS, &[]).await?;
    let mut visit = |piece| visit(Loading::Sessions(piece));
    give_in_pieces(connection, rows, |row| session(row, &owners, &texts), &mut visit).await
}

/// The columns of `STANDING_SESSIONS`. A session of nobody is none.
fn session(
    row: &Row,
    owners: &HashMap<UserNo, Arc<Owner>>,
    texts: &HashMap<i64, Arc<str>>,
) -> Result<Option<(Session, Timestamp)>, StoreError> {
    let Some(owner) = owners.get(&user_no(row, 2)?) else { return Ok(None) };
    let text = |column| get::<i64>(row, column).map(|no| texts.get(&no).cloned().unwrap_or_default());
    let session = Session {
        no: session_no(row, 0)?,
        id: id(row, 1)?,
        owner: owner.clone(),
        token: token_hash(row, 3)?,
        opened_at: time(row, 4)?,
        expires_at: time(row, 5)?,
        ip: ip(row, 7)?,
        agent: text(8)?,
        host: text(9)?,
    };
    Ok(Some((session, time(row, 6)?)))
}

/// The columns of `SESSIONS_AFTER`.
pub fn session_of_owner(row: &Row) -> Result<(Session, Timestamp), StoreError> {
    let text = |column| get::<Option<&str>>(row, column).map(|text| text.unwrap_or_default().into());
    let session = Session {
        no: session_no(row, 5)?,
        id: id(row, 6)?,
        owner: Arc::new(rows::owner(row)?),
        token: token_hash(row, 7)?,
        opened_at: time(row, 8)?,
        expires_at: time(row, 9)?,
        ip: ip(row, 11)?,
        agent: text(12)?,
        host: text(13)?,
    };
    Ok((session, time(row, 10)?))
}

/// The first event at or after an instant, by bisection: times never fall along the ledger.
async fn first_event_since(connection: &Connection, last: Seq, since: Timestamp) -> Result<Seq, StoreError> {
    let (mut low, mut high) = (1, last.0 + 1);
    while low < high {
        let middle = low.midpoint(high);
        let row = connection.row(sql::TIME_OF_EVENT, &[&number(middle)]).await?;
        let at = row.as_ref().map_or(Ok(since), |row| time(row, 0))?;
        if at < since { low = middle + 1 } else { high = middle }
    }
    Ok(Seq(low))
}
