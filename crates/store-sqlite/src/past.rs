//! What is read of the past: the ledger backwards, ended sessions, sign-ins; and what numbers in it stand for.

use crate::read::emails;
use crate::rows::{self, id, ip, ledger_row, number, owner, time, unsigned};
use crate::sql;
use rollcall_model::text::folded;
use rollcall_model::user::NameKey;
use rollcall_model::{EndReason, Seq, SessionId, SessionNo, UserNo};
use rollcall_store::reading::{EndedSession, FoundUsers, Moment, Names, SignInRow, UsersSearch};
use rollcall_store::{LedgerRow, NamedUser};
use rusqlite::{Connection, Error, OptionalExtension, Row, params};
use std::sync::Arc;

/// A stretch of the ledger, the newest event first.
pub fn ledger_before(connection: &Connection, before: Seq, limit: usize) -> Result<Vec<LedgerRow>, Error> {
    connection
        .prepare_cached(sql::EVENTS_BEFORE)?
        .query_map([number(before.0), bound(limit)], ledger_row)?
        .collect()
}

/// Times of events.
pub fn moments(connection: &Connection, events: &[Seq]) -> Result<Vec<Moment>, Error> {
    let mut statement = connection.prepare_cached(sql::MOMENT)?;
    let moment = |row: &Row<'_>| {
        Ok(Moment { seq: Seq(unsigned(row, 0)?), at: time(row, 1)?, live: unsigned(row, 2)? })
    };
    let found = events.iter().map(|seq| statement.query_row([number(seq.0)], moment).optional());
    found.filter_map(Result::transpose).collect()
}

/// What numbers stand for.
pub fn names(connection: &Connection, users: &[UserNo], sessions: &[SessionNo]) -> Result<Names, Error> {
    let mut names = Names::default();
    let mut of_user = connection.prepare_cached(sql::NAME_OF_USER)?;
    for user in users {
        names.users.extend(of_user.query_row([number(user.0)], named_user).optional()?);
    }
    let mut of_session = connection.prepare_cached(sql::ID_OF_SESSION)?;
    for no in sessions {
        let found: Option<SessionId> = of_session.query_row([number(no.0)], |row| id(row, 0)).optional()?;
        names.sessions.extend(found.map(|id| (*no, id)));
    }
    Ok(names)
}

fn named_user(row: &Row<'_>) -> Result<NamedUser, Error> {
    Ok(NamedUser {
        no: UserNo(unsigned(row, 0)?),
        id: id(row, 1)?,
        username: row.get(2)?,
        is_deleted: row.get(3)?,
    })
}

/// A session that has ended.
pub fn ended_session(connection: &Connection, id: &SessionId) -> Result<Option<EndedSession>, Error> {
    connection.prepare_cached(sql::ENDED_SESSION)?.query_row([id.as_str()], ended).optional()
}

fn ended(row: &Row<'_>) -> Result<EndedSession, Error> {
    let text = |column| row.get::<_, Option<String>>(column).map(|text| Arc::from(text.unwrap_or_default()));
    let reason: u8 = row.get(15)?;
    let is_it = |known: &EndReason| *known as u8 == reason;
    Ok(EndedSession {
        owner: owner(row)?,
        no: SessionNo(unsigned(row, 5)?),
        id: id(row, 6)?,
        opened_at: time(row, 7)?,
        expires_at: time(row, 8)?,
        seen_at: time(row, 9)?,
        ip: ip(row, 10)?,
        agent: text(11)?,
        host: text(12)?,
        ended_seq: Seq(unsigned(row, 13)?),
        ended_at: time(row, 14)?,
        reason: EndReason::ALL
            .into_iter()
            .find(is_it)
            .ok_or_else(|| rows::conversion(15, "not a reason to end"))?,
    })
}

/// A session's events.
pub fn session_events(
    connection: &Connection,
    session: SessionNo,
    ended: Option<Seq>,
    limit: usize,
) -> Result<Vec<LedgerRow>, Error> {
    let ended = ended.map(|seq| number(seq.0));
    connection
        .prepare_cached(sql::EVENTS_OF_SESSION)?
        .query_map(params![number(session.0), ended, bound(limit)], ledger_row)?
        .collect()
}

/// Sign-ins, the newest first.
pub fn sign_ins_before(
    connection: &Connection,
    before: SessionNo,
    limit: usize,
) -> Result<Vec<SignInRow>, Error> {
    let sign_in = |row: &Row<'_>| {
        let agent: Option<String> = row.get(3)?;
        Ok(SignInRow {
            no: SessionNo(unsigned(row, 0)?),
            at: time(row, 1)?,
            ip: ip(row, 2)?,
            agent: agent.unwrap_or_default().into(),
        })
    };
    connection
        .prepare_cached(sql::SIGN_INS_BEFORE)?
        .query_map([number(before.0), bound(limit)], sign_in)?
        .collect()
}

/// Users that a text finds.
pub fn find_users(connection: &mut Connection, search: &UsersSearch) -> Result<FoundUsers, Error> {
    let snapshot = connection.transaction()?;
    let after = search.after.as_ref().map_or("", NameKey::as_str);
    let (text, name) = (NameKey::of(&search.text), folded(&search.text));
    let mut users: FoundUsers = snapshot
        .prepare_cached(sql::FIND_USERS)?
        .query_map(params![after, text.as_str(), name, bound(search.limit)], rows::user)?
        .collect::<Result<_, _>>()?;
    for (user, _) in &mut users {
        user.emails = emails(&snapshot, number(user.owner.no.0))?;
    }
    Ok(users)
}

fn bound(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
