//! What is read of the past: the ledger backwards, ended sessions, sign-ins, what was live at an instant; and what numbers
//! in it stand for.

use crate::read::emails;
use crate::rows::{self, id, ip, ledger_row, number, owner, time, unsigned};
use crate::sql;
use rollcall_model::text::folded;
use rollcall_model::user::NameKey;
use rollcall_model::{EndReason, Owner, Seq, SessionId, SessionNo, Timestamp, UserNo};
use rollcall_store::reading::{
    EndedSession, FoundUsers, Moment, Names, SignInRow, Stood, StoodSession, UsersSearch,
};
use rollcall_store::{LedgerRow, NamedUser};
use rusqlite::{Connection, Error, OptionalExtension, Row, params};
use std::collections::HashMap;
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

/// Sessions that had not ended by an event.
pub fn stood(connection: &Connection, then: Seq, after: SessionNo, limit: usize) -> Result<Stood, Error> {
    let (after, then) = (number(after.0), number(then.0));
    let up_to: Option<i64> = connection
        .prepare_cached(sql::STOOD_UP_TO)?
        .query_row([after, then, bound(limit)], |row| row.get(0))?;
    let Some(last) = up_to else { return Ok(Stood { sessions: Vec::new(), up_to: None }) };
    let mut texts = Texts::new(connection);
    let mut statement = connection.prepare_cached(sql::STOOD)?;
    let sessions = statement.query_map([after, last, then], |row| stood_session(row, &mut texts))?;
    Ok(Stood { sessions: sessions.collect::<Result<_, _>>()?, up_to: Some(SessionNo(last.unsigned_abs())) })
}

/// An erased one's id is empty.
fn stood_session(row: &Row<'_>, texts: &mut Texts<'_>) -> Result<StoodSession, Error> {
    let is_erased = row.get_ref(1)?.as_str()?.is_empty();
    let ended_at: Option<i64> = row.get(5)?;
    Ok(StoodSession {
        no: SessionNo(unsigned(row, 0)?),
        id: if is_erased { None } else { Some(id(row, 1)?) },
        user: UserNo(unsigned(row, 2)?),
        opened_at: time(row, 3)?,
        expires_at: time(row, 4)?,
        ended_at: ended_at.map(Timestamp::from_ms),
        ip: ip(row, 6)?,
        agent: texts.get(row.get(7)?)?,
        host: texts.get(row.get(8)?)?,
    })
}

/// Texts by their numbers, each looked up once: the sessions of a stretch share most of theirs.
struct Texts<'a> {
    connection: &'a Connection,
    known: HashMap<i64, Arc<str>>,
}

impl<'a> Texts<'a> {
    fn new(connection: &'a Connection) -> Self {
        Self { connection, known: HashMap::new() }
    }

    fn get(&mut self, no: i64) -> Result<Arc<str>, Error> {
        if let Some(known) = self.known.get(&no) {
            return Ok(known.clone());
        }
        let found: Option<Arc<str>> =
            self.connection.prepare_cached(sql::TEXT)?.query_row([no], |row| row.get(0)).optional()?;
        Ok(self.known.entry(no).or_insert(found.unwrap_or_default()).clone())
    }
}

/// Users as they are now.
pub fn owners(connection: &Connection, users: &[UserNo]) -> Result<Vec<Owner>, Error> {
    let mut statement = connection.prepare_cached(sql::OWNER_EVER)?;
    let found = users.iter().map(|user| statement.query_row([number(user.0)], owner).optional());
    found.filter_map(Result::transpose).collect()
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
