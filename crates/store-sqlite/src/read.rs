//! Reads: who a sign-in means, and the ledger itself. What the index starts from: `load.rs`.

use crate::rows::{credential, ledger_row, number, personal_token, time, unsigned};
use crate::write::head;
use crate::{rows, sql};
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::MailedCode;
use rollcall_model::ids::{Seq, UserNo};
use rollcall_model::user::{Email, NameKey};
use rollcall_model::{Permission, PersonalToken, RoleSet, Timestamp, User};
use rollcall_store::chain::{BEFORE_THE_FIRST, Verification};
use rollcall_store::{
    BadEvent, ChainEnd, Credential, LedgerRow, MailQueue, PermissionRow, UsersPage, UsersQuery, WhichUser,
    WorkspaceRow,
};
use rusqlite::{Connection, Error, OptionalExtension, params};
use std::collections::HashMap;

/// Events read at a time while verifying.
const VERIFIED_AT_ONCE: i64 = 10_000;

/// A user by any of its names.
pub fn user(connection: &Connection, which: &WhichUser) -> Result<Option<Credential>, Error> {
    let (sql, name) = match which {
        WhichUser::No(no) => return user_by_number(connection, number(no.0)),
        WhichUser::Id(id) => (sql::USER_OF_ID, id.as_str()),
        WhichUser::Username(name) => (sql::USER_OF_USERNAME, name.as_str()),
        WhichUser::Email(name) => (sql::USER_OF_EMAIL, name.as_str()),
    };
    let no = connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()?;
    no.map_or(Ok(None), |no| user_by_number(connection, no))
}

/// A hash of each kind and cost that is in use.
pub fn password_samples(connection: &Connection) -> Result<Vec<PasswordHash>, Error> {
    let mut statement = connection.prepare(sql::ALL_PASSWORDS)?;
    let mut rows = statement.query([])?;
    let mut samples = HashMap::<Box<str>, PasswordHash>::new();
    let mut last: Box<str> = "".into();
    while let Some(row) = rows.next()? {
        let hash = row.get_ref(0)?.as_str()?;
        let kind = kind_and_cost(hash);
        // Mostly they are all of one.
        if *kind != *last {
            last = kind.into();
            samples.entry(last.clone()).or_insert_with(|| PasswordHash(hash.into()));
        }
    }
    Ok(samples.into_values().collect())
}

/// What hashes of one kind and cost begin with: all but salt and hash.
fn kind_and_cost(hash: &str) -> &str {
    const OF_BCRYPT: usize = "$2b$12$".len();
    match hash.get(..OF_BCRYPT) {
        Some(bcrypt) if bcrypt.starts_with("$2") => bcrypt,
        _ => hash.rsplitn(3, '$').last().unwrap_or(hash),
    }
}

fn user_by_number(connection: &Connection, no: i64) -> Result<Option<Credential>, Error> {
    let found = connection.prepare_cached(sql::USER)?.query_row([no], credential).optional()?;
    let Some(mut found) = found else { return Ok(None) };
    found.user.emails = emails(connection, no)?;
    Ok(Some(found))
}

pub fn emails(connection: &Connection, no: i64) -> Result<Vec<Email>, Error> {
    connection
        .prepare_cached(sql::EMAILS)?
        .query_map([no], |row| Ok(Email { address: row.get(0)?, verified: row.get(1)? }))?
        .collect()
}

/// A user's personal tokens.
pub fn personal_tokens(connection: &Connection, user: UserNo) -> Result<Vec<PersonalToken>, Error> {
    connection.prepare_cached(sql::PERSONAL_TOKENS)?.query_map([number(user.0)], personal_token)?.collect()
}

/// A page of users.
pub fn users(connection: &mut Connection, query: &UsersQuery) -> Result<UsersPage, Error> {
    let snapshot = connection.transaction()?;
    let email = query.email.as_ref().map(NameKey::as_str);
    let total = snapshot.prepare_cached(sql::COUNT_USERS)?.query_row([email], |row| unsigned(row, 0))?;
    let bound = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let mut users: Vec<(User, Option<Timestamp>)> = snapshot
        .prepare(&sql::users_page(&query.sort))?
        .query_map(params![email, bound(query.count), bound(query.offset)], rows::user)?
        .collect::<Result<_, _>>()?;
    for (user, _) in &mut users {
        user.emails = emails(&snapshot, number(user.owner.no.0))?;
    }
    Ok(UsersPage { users, total })
}

/// The codes that were mailed to a user and not used.
pub fn mailed_codes(connection: &Connection, user: UserNo) -> Result<Vec<MailedCode>, Error> {
    connection.prepare_cached(sql::MAILED_CODES)?.query_map([number(user.0)], rows::mailed_code)?.collect()
}

/// How many mails wait.
pub fn count_mails(connection: &Connection) -> Result<u64, Error> {
    connection.prepare_cached(sql::COUNT_MAILS)?.query_row([], |row| unsigned(row, 0))
}

/// Mails that are due, and how many wait.
pub fn mails(connection: &mut Connection, now: Timestamp, limit: usize) -> Result<MailQueue, Error> {
    let snapshot = connection.transaction()?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let due = snapshot
        .prepare_cached(sql::DUE_MAILS)?
        .query_map([now.as_ms(), limit], rows::queued_mail)?
        .collect::<Result<_, _>>()?;
    Ok(MailQueue { due, waiting: count_mails(&snapshot)? })
}

/// Every permission. What this program does not know is passed over.
pub fn permissions(connection: &Connection) -> Result<Vec<PermissionRow>, Error> {
    let mut statement = connection.prepare_cached(sql::PERMISSIONS)?;
    let mut rows = statement.query([])?;
    let mut permissions = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(permission) = Permission::parse(row.get_ref(0)?.as_str()?) else { continue };
        let roles = RoleSet::from_bits(row.get(1)?);
        permissions.push(PermissionRow { permission, roles, updated_at: time(row, 2)? });
    }
    Ok(permissions)
}

/// The workspace's own row.
pub fn workspace(connection: &Connection) -> Result<Option<WorkspaceRow>, Error> {
    connection
        .prepare_cached(sql::WORKSPACE)?
        .query_row([], |row| {
            Ok(WorkspaceRow {
                test: row.get(0)?,
                had_administrator: row.get(1)?,
                had_users: row.get(2)?,
                key: rows::key(row)?,
            })
        })
        .optional()
}

/// A stretch of the ledger.
pub fn ledger(connection: &Connection, after: Seq, limit: usize) -> Result<Vec<LedgerRow>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.prepare_cached(sql::EVENTS_AFTER)?.query_map([number(after.0), limit], ledger_row)?.collect()
}

/// Where the chain stands at an event, as its row says.
pub fn end_at(connection: &Connection, seq: Seq) -> Result<Option<ChainEnd>, Error> {
    let Some(before) = seq.0.checked_sub(1) else { return Ok(Some(BEFORE_THE_FIRST)) };
    let row = ledger(connection, Seq(before), 1)?.pop().filter(|row| row.envelope.seq == seq);
    Ok(row.map(|row| ChainEnd { seq, hash: row.hash }))
}

/// Reads the chain from a place in it on, in stretches, so that no long read keeps the write-ahead log from
/// being reset; after each stretch, `seen` is told how far it came.
pub fn verify(
    connection: &Connection,
    from: ChainEnd,
    seen: &mut dyn FnMut(Seq),
) -> Result<Result<ChainEnd, BadEvent>, Error> {
    let (_, stored) = head(connection)?;
    let mut verification = Verification::new(from, stored);
    loop {
        let before = verification.end();
        if let Err(bad) = follow_stretch(connection, &mut verification)? {
            return Ok(Err(bad));
        }
        if verification.end() == before {
            break;
        }
        seen(verification.end().seq);
    }
    let (_, reached) = head(connection)?;
    Ok(verification.finish(reached))
}

/// Follows the chain over some events more.
fn follow_stretch(
    connection: &Connection,
    verification: &mut Verification,
) -> Result<Result<(), BadEvent>, Error> {
    let mut statement = connection.prepare_cached(sql::EVENTS_AFTER)?;
    let mut rows = statement.query([number(verification.end().seq.0), VERIFIED_AT_ONCE])?;
    while let Some(row) = rows.next()? {
        let row = ledger_row(row).map_err(|error| error.to_string());
        if let Err(bad) = verification.go_on(row.as_ref().map_err(Clone::clone)) {
            return Ok(Err(bad));
        }
    }
    Ok(Ok(()))
}

/// The users of whom an address is asked for.
pub fn users_of_emails(
    connection: &Connection,
    is_asked: &dyn Fn(&str) -> bool,
) -> Result<Vec<UserNo>, Error> {
    let mut statement = connection.prepare(sql::ALL_EMAILS)?;
    let (mut rows, mut users) = (statement.query([])?, Vec::new());
    while let Some(row) = rows.next()? {
        if is_asked(row.get_ref(1)?.as_str()?) {
            users.push(UserNo(unsigned(row, 0)?));
        }
    }
    Ok(users)
}
