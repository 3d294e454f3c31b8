//! What is read of the past: the ledger backwards, ended sessions, sign-ins, what was live at an instant; and what numbers
//! in it stand for.

use crate::connection::Connection;
use crate::damaged;
use crate::read::emails;
use crate::rows::{self, get, id, ip, ledger_row, number, owner, session_no, time, unsigned, user_no};
use crate::sql;
use rollcall_model::text::folded;
use rollcall_model::user::NameKey;
use rollcall_model::{EndReason, Owner, Seq, SessionId, SessionNo, Timestamp, UserNo};
use rollcall_store::reading::{
    EndedSession, FoundUsers, Moment, Names, SignInRow, Stood, StoodSession, UsersSearch,
};
use rollcall_store::{LedgerRow, NamedUser, StoreError};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio_postgres::Row;

/// A stretch of the ledger, the newest event first.
pub async fn ledger_before(
    connection: &Connection,
    before: Seq,
    limit: usize,
) -> Result<Vec<LedgerRow>, StoreError> {
    let rows = connection.rows(sql::EVENTS_BEFORE, &[&number(before.0), &bound(limit)]).await?;
    rows.iter().map(ledger_row).collect()
}

/// Times of events.
pub async fn moments(connection: &Connection, events: &[Seq]) -> Result<Vec<Moment>, StoreError> {
    let events: Vec<i64> = events.iter().map(|seq| number(seq.0)).collect();
    let moment =
        |row: &Row| Ok(Moment { seq: Seq(unsigned(row, 0)?), at: time(row, 1)?, live: unsigned(row, 2)? });
    connection.rows(sql::MOMENTS, &[&events]).await?.iter().map(moment).collect()
}

/// What numbers stand for.
pub async fn names(
    connection: &Connection,
    users: &[UserNo],
    sessions: &[SessionNo],
) -> Result<Names, StoreError> {
    let users: Vec<i64> = users.iter().map(|user| number(user.0)).collect();
    let sessions: Vec<i64> = sessions.iter().map(|session| number(session.0)).collect();
    let users = connection.rows(sql::NAMES_OF_USERS, &[&users]).await?;
    let sessions = connection.rows(sql::IDS_OF_SESSIONS, &[&sessions]).await?;
    Ok(Names {
        users: users.iter().map(named_user).collect::<Result<_, _>>()?,
        sessions: (sessions.iter())
            .map(|row| Ok((session_no(row, 0)?, id(row, 1)?)))
            .collect::<Result<_, StoreError>>()?,
    })
}

fn named_user(row: &Row) -> Result<NamedUser, StoreError> {
    Ok(NamedUser { no: user_no(row, 0)?, id: id(row, 1)?, username: get(row, 2)?, is_deleted: get(row, 3)? })
}

/// A session that has ended.
pub async fn ended_session(
    connection: &Connection,
    id: &SessionId,
) -> Result<Option<EndedSession>, StoreError> {
    connection.row(sql::ENDED_SESSION, &[&id.as_str()]).await?.as_ref().map(ended).transpose()
}

fn ended(row: &Row) -> Result<EndedSession, StoreError> {
    let text = |column| get::<Option<&str>>(row, column).map(|text| text.unwrap_or_default().into());
    let reason: i16 = get(row, 15)?;
    let is_it = |known: &EndReason| i16::from(*known as u8) == reason;
    Ok(EndedSession {
        owner: owner(row)?,
        no: session_no(row, 5)?,
        id: id(row, 6)?,
        opened_at: time(row, 7)?,
        expires_at: time(row, 8)?,
        seen_at: time(row, 9)?,
        ip: ip(row, 10)?,
        agent: text(11)?,
        host: text(12)?,
        ended_seq: Seq(unsigned(row, 13)?),
        ended_at: time(row, 14)?,
        reason: (EndReason::ALL.into_iter().find(is_it))
            .ok_or_else(|| damaged("column reason: it is no reason to end"))?,
    })
}

/// A session's events.
pub async fn session_events(
    connection: &Connection,
    session: SessionNo,
    ended: Option<Seq>,
    limit: usize,
) -> Result<Vec<LedgerRow>, StoreError> {
    let ended = ended.map(|seq| number(seq.0));
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&number(session.0), &ended, &bound(limit)];
    connection.rows(sql::EVENTS_OF_SESSION, &values).await?.iter().map(ledger_row).collect()
}

/// Sign-ins, the newest first.
pub async fn sign_ins_before(
    connection: &Connection,
    before: SessionNo,
    limit: usize,
) -> Result<Vec<SignInRow>, StoreError> {
    let sign_in = |row: &Row| {
        let agent: Option<&str> = get(row, 3)?;
        Ok(SignInRow {
            no: session_no(row, 0)?,
            at: time(row, 1)?,
            ip: ip(row, 2)?,
            agent: agent.unwrap_or_default().into(),
        })
    };
    let rows = connection.rows(sql::SIGN_INS_BEFORE, &[&number(before.0), &bound(limit)]).await?;
    rows.iter().map(sign_in).collect()
}

/// Sessions that had not ended by an event.
pub async fn stood(
    connection: &Connection,
    then: Seq,
    after: SessionNo,
    limit: usize,
) -> Result<Stood, StoreError> {
    let (after, then) = (number(after.0), number(then.0));
    let up_to = connection.row(sql::STOOD_UP_TO, &[&after, &then, &bound(limit)]).await?;
    let up_to = up_to.map_or(Ok(None), |row| rows::optional(&row, 0))?.map(SessionNo);
    let Some(last) = up_to else { return Ok(Stood { sessions: Vec::new(), up_to }) };
    let rows = connection.rows(sql::STOOD, &[&after, &number(last.0), &then]).await?;
    let mut asked = HashSet::new();
    for row in &rows {
        asked.extend([get::<i64>(row, 7)?, get(row, 8)?]);
    }
    let texts = texts(connection, asked).await?;
    let sessions = rows.iter().map(|row| stood_session(row, &texts)).collect::<Result<_, _>>()?;
    Ok(Stood { sessions, up_to })
}

/// An erased one's id is empty.
fn stood_session(row: &Row, texts: &Texts) -> Result<StoodSession, StoreError> {
    let text = |column| get::<i64>(row, column).map(|no| texts.get(&no).cloned().unwrap_or_default());
    let is_erased = get::<&str>(row, 1)?.is_empty();
    let ended_at: Option<i64> = get(row, 5)?;
    Ok(StoodSession {
        no: session_no(row, 0)?,
        id: if is_erased { None } else { Some(id(row, 1)?) },
        user: user_no(row, 2)?,
        opened_at: time(row, 3)?,
        expires_at: time(row, 4)?,
        ended_at: ended_at.map(Timestamp::from_ms),
        ip: ip(row, 6)?,
        agent: text(7)?,
        host: text(8)?,
    })
}

/// Texts by their numbers.
type Texts = HashMap<i64, Arc<str>>;

async fn texts(connection: &Connection, asked: HashSet<i64>) -> Result<Texts, StoreError> {
    let asked: Vec<i64> = asked.into_iter().collect();
    let rows = connection.rows(sql::TEXTS, &[&asked]).await?;
    rows.iter().map(|row| Ok((get(row, 0)?, get::<&str>(row, 1)?.into()))).collect()
}

/// Users as they are now.
pub async fn owners(connection: &Connection, users: &[UserNo]) -> Result<Vec<Owner>, StoreError> {
    let users: Vec<i64> = users.iter().map(|user| number(user.0)).collect();
    connection.rows(sql::OWNERS_EVER, &[&users]).await?.iter().map(owner).collect()
}

/// Users that a text finds.
pub async fn find_users(connection: &Connection, search: &UsersSearch) -> Result<FoundUsers, StoreError> {
    let after = search.after.as_ref().map_or("", NameKey::as_str);
    let (text, name) = (NameKey::of(&search.text), folded(&search.text));
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&after, &text.as_str(), &name, &bound(search.limit)];
    let rows = connection.rows(sql::FIND_USERS, &values).await?;
    let mut users: FoundUsers = rows.iter().map(rows::user).collect::<Result<_, _>>()?;
    let numbers: Vec<i64> = users.iter().map(|(user, _)| number(user.owner.no.0)).collect();
    let mut emails = emails(connection, &numbers).await?;
    for (user, _) in &mut users {
        user.emails = emails.remove(&user.owner.no).unwrap_or_default();
    }
    Ok(users)
}

fn bound(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
