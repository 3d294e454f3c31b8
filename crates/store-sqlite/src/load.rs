//! What the index starts from: everything, or what came after an event.

use crate::rows::{id, ip, number, personal_token, time, unsigned, window};
use crate::service_tokens::service_tokens;
use crate::write::{head, session_no};
use crate::{rows, sql};
use rollcall_model::factor::Factors;
use rollcall_model::ids::{Seq, UserNo};
use rollcall_model::{AddressKey, Owner, Session, Timestamp, TokenHash};
use rollcall_store::{ChainEnd, KeptServiceToken, Loading};
use rusqlite::{Connection, Error, Row, Statement};
use std::collections::HashMap;
use std::sync::Arc;

/// Sessions handed over at a time while loading.
const LOADED_AT_ONCE: usize = 4_096;

/// Everything that the index starts from, out of one snapshot.
pub fn load(
    connection: &mut Connection,
    since: Timestamp,
    visit: &mut dyn FnMut(Loading),
) -> Result<ChainEnd, Error> {
    let snapshot = connection.transaction()?;
    let (_, end) = head(&snapshot)?;
    load_sessions(&snapshot, visit)?;
    let first = first_event_since(&snapshot, end.seq, since)?;
    load_addresses(&snapshot, first, visit)?;
    load_rest(&snapshot, visit)?;
    Ok(end)
}

/// The rest of it for an index that has all sessions up to an event, out of one snapshot.
pub fn catch_up(
    connection: &mut Connection,
    after: Seq,
    seen_since: Option<Timestamp>,
    visit: &mut dyn FnMut(Loading),
) -> Result<ChainEnd, Error> {
    let snapshot = connection.transaction()?;
    let (_, end) = head(&snapshot)?;
    load_rest(&snapshot, visit)?;
    let after_no = [number(after.0)];
    in_pieces(
        &mut snapshot.prepare(sql::ENDED_AFTER)?,
        after_no,
        |row| session_no(row, 0),
        |piece| {
            visit(Loading::Ended(piece));
        },
    )?;
    in_pieces(&mut snapshot.prepare(sql::SESSIONS_AFTER)?, after_no, session_of_owner, |piece| {
        visit(Loading::Sessions(piece));
    })?;
    load_addresses(&snapshot, after.next(), visit)?;
    let mut owners = snapshot.prepare(sql::OWNERS_CHANGED_AFTER)?;
    let mut rows = owners.query(after_no)?;
    while let Some(row) = rows.next()? {
        visit(Loading::Owner(rows::owner(row)?));
    }
    let mut erased = snapshot.prepare(sql::ERASED_AFTER)?;
    for user in erased.query_map(after_no, |row| unsigned(row, 0).map(UserNo))? {
        visit(Loading::Erased(user?));
    }
    if let Some(since) = seen_since {
        let seen = |row: &Row<'_>| Ok((session_no(row, 0)?, time(row, 1)?));
        in_pieces(&mut snapshot.prepare(sql::SEEN_SINCE)?, [since.as_ms()], seen, |piece| {
            visit(Loading::Seen(piece));
        })?;
    }
    Ok(end)
}

/// Gives the rows of a query, some at a time.
fn in_pieces<T>(
    statement: &mut Statement<'_>,
    values: [i64; 1],
    read: impl Fn(&Row<'_>) -> Result<T, Error>,
    mut visit: impl FnMut(Vec<T>),
) -> Result<(), Error> {
    let mut rows = statement.query(values)?;
    let mut piece = Vec::new();
    while let Some(row) = rows.next()? {
        piece.push(read(row)?);
        if piece.len() == LOADED_AT_ONCE {
            visit(std::mem::take(&mut piece));
        }
    }
    visit(piece);
    Ok(())
}

/// Addresses of sessions that have ended, from an opening on.
fn load_addresses(snapshot: &Connection, from: Seq, visit: &mut dyn FnMut(Loading)) -> Result<(), Error> {
    let mut addresses = snapshot.prepare(sql::ENDED_ADDRESSES)?;
    let mut rows = addresses.query([number(from.0)])?;
    while let Some(row) = rows.next()? {
        let (user, from) = (UserNo(unsigned(row, 0)?), AddressKey::of(ip(row, 1)?));
        visit(Loading::Address { user, from, opened_at: time(row, 2)? });
    }
    Ok(())
}

/// What is loaded as a whole at every start: it is little.
fn load_rest(snapshot: &Connection, visit: &mut dyn FnMut(Loading)) -> Result<(), Error> {
    let mut factors = snapshot.prepare(sql::FACTORS)?;
    let mut rows = factors.query([])?;
    while let Some(row) = rows.next()? {
        let factors = Factors { authenticator: row.get(1)?, mail: row.get(2)? };
        visit(Loading::Factors(UserNo(unsigned(row, 0)?), factors));
    }
    let mut personal = snapshot.prepare(sql::ALL_PERSONAL_TOKENS)?;
    let mut rows = personal.query([])?;
    while let Some(row) = rows.next()? {
        visit(Loading::Personal(personal_token(row)?));
    }
    visit(Loading::ServiceTokens(KeptServiceToken::standing(service_tokens(snapshot)?)));
    let mut windows = snapshot.prepare(sql::STEP_UPS)?;
    let mut rows = windows.query([])?;
    while let Some(row) = rows.next()? {
        visit(Loading::Window(window(row)?));
    }
    Ok(())
}

fn load_sessions(snapshot: &Connection, visit: &mut dyn FnMut(Loading)) -> Result<(), Error> {
    let texts: HashMap<i64, Arc<str>> = snapshot
        .prepare(sql::ALL_TEXTS)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let owners: HashMap<UserNo, Arc<Owner>> = snapshot
        .prepare(sql::ALL_OWNERS)?
        .query_map([], |row| rows::owner(row).map(|owner| (owner.no, Arc::new(owner))))?
        .collect::<Result<_, _>>()?;
    let mut statement = snapshot.prepare(sql::STANDING_SESSIONS)?;
    let mut rows = statement.query([])?;
    let mut chunk = Vec::with_capacity(LOADED_AT_ONCE);
    while let Some(row) = rows.next()? {
        chunk.extend(session(row, &owners, &texts)?);
        if chunk.len() == LOADED_AT_ONCE {
            visit(Loading::Sessions(std::mem::take(&mut chunk)));
        }
    }
    visit(Loading::Sessions(chunk));
    Ok(())
}

/// The columns of `STANDING_SESSIONS`. A session of nobody is none.
fn session(
    row: &Row<'_>,
    owners: &HashMap<UserNo, Arc<Owner>>,
    texts: &HashMap<i64, Arc<str>>,
) -> Result<Option<(Session, Timestamp)>, Error> {
    let Some(owner) = owners.get(&UserNo(unsigned(row, 2)?)) else { return Ok(None) };
    let text = |column| -> Result<Arc<str>, Error> {
        let no: i64 = row.get(column)?;
        Ok(texts.get(&no).cloned().unwrap_or_default())
    };
    let session = Session {
        no: session_no(row, 0)?,
        id: id(row, 1)?,
        owner: owner.clone(),
        token: TokenHash(row.get(3)?),
        opened_at: time(row, 4)?,
        expires_at: time(row, 5)?,
        ip: ip(row, 7)?,
        agent: text(8)?,
        host: text(9)?,
    };
    Ok(Some((session, time(row, 6)?)))
}

/// The columns of `SESSIONS_AFTER`.
fn session_of_owner(row: &Row<'_>) -> Result<(Session, Timestamp), Error> {
    let text = |column| -> Result<Arc<str>, Error> {
        let text: Option<Arc<str>> = row.get(column)?;
        Ok(text.unwrap_or_default())
    };
    let session = Session {
        no: session_no(row, 5)?,
        id: id(row, 6)?,
        owner: Arc::new(rows::owner(row)?),
        token: TokenHash(row.get(7)?),
        opened_at: time(row, 8)?,
        expires_at: time(row, 9)?,
        ip: ip(row, 11)?,
        agent: text(12)?,
        host: text(13)?,
    };
    Ok((session, time(row, 10)?))
}

/// The first event at or after an instant, by bisection: times never fall along the ledger.
fn first_event_since(connection: &Connection, last: Seq, since: Timestamp) -> Result<Seq, Error> {
    let mut time_of = connection.prepare_cached(sql::TIME_OF_EVENT)?;
    let (mut low, mut high) = (1, last.0 + 1);
    while low < high {
        let middle = low.midpoint(high);
        let at = time_of.query_row([number(middle)], |row| time(row, 0))?;
        if at < since { low = middle + 1 } else { high = middle }
    }
    Ok(Seq(low))
}
