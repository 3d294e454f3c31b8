//! What is asked outside commits.

use crate::connection::Connection;
use crate::damaged;
use crate::rows::{self, get, number, unsigned, user_no};
use crate::sql;
use crate::time::DatabaseTime;
use futures_util::TryStreamExt;
use rollcall_model::clock::running;
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::MailedCode;
use rollcall_model::facts::Head;
use rollcall_model::failure::{Failure, FailureKey};
use rollcall_model::ids::{Seq, UserNo};
use rollcall_model::user::{Email, NameKey};
use rollcall_model::{PersonalToken, Timestamp};
use rollcall_store::chain::{BEFORE_THE_FIRST, Verification};
use rollcall_store::{
    BadEvent, ChainEnd, Credential, LedgerRow, MailQueue, PermissionRow, StoreError, UsersPage, UsersQuery,
    WhichUser, WorkspaceRow,
};
use std::collections::HashMap;

/// Events that are verified at a time.
const VERIFIED_AT_ONCE: i64 = 20_000;

/// The ledger's end.
pub async fn head(connection: &Connection) -> Result<(Head, ChainEnd), StoreError> {
    let row = connection.row(sql::HEAD, &[]).await?;
    row.as_ref().map_or_else(|| Err(damaged("there is no head of the ledger")), rows::head)
}

/// The ledger's end; the database's clock is told of, too.
pub async fn head_and_time(connection: &Connection, time: &DatabaseTime) -> Result<ChainEnd, StoreError> {
    let asked_at = running();
    let row = connection.row(sql::HEAD_AND_TIME, &[]).await?;
    let row = row.ok_or_else(|| damaged("there is no head of the ledger"))?;
    time.note(asked_at, rows::time(&row, 5)?, running());
    rows::head(&row).map(|(_, end)| end)
}

/// A user with its password's hash and factors.
pub async fn user(connection: &Connection, which: &WhichUser) -> Result<Option<Credential>, StoreError> {
    let found = match which {
        WhichUser::No(no) => return Ok(users_of(connection, &[*no]).await?.pop()),
        WhichUser::Id(id) => connection.row(sql::USER_OF_ID, &[&id.as_str()]).await?,
        WhichUser::Username(name) => connection.row(sql::USER_OF_USERNAME, &[&name.as_str()]).await?,
        WhichUser::Email(name) => connection.row(sql::USER_OF_EMAIL, &[&name.as_str()]).await?,
    };
    match found {
        Some(row) => Ok(users_of(connection, &[user_no(&row, 0)?]).await?.pop()),
        None => Ok(None),
    }
}

/// Users by number, with their addresses.
pub async fn users_of(connection: &Connection, users: &[UserNo]) -> Result<Vec<Credential>, StoreError> {
    let numbers: Vec<i64> = users.iter().map(|user| number(user.0)).collect();
    let (found, mut emails) =
        futures_util::future::join(connection.rows(sql::USERS, &[&numbers]), emails(connection, &numbers))
            .await;
    let with_addresses = |row| {
        let mut found = rows::credential(row)?;
        found.user.emails =
            emails.as_mut().ok().and_then(|of| of.remove(&found.user.owner.no)).unwrap_or_default();
        Ok(found)
    };
    let found = found?.iter().map(with_addresses).collect();
    emails?;
    found
}

pub async fn emails(
    connection: &Connection,
    users: &[i64],
) -> Result<HashMap<UserNo, Vec<Email>>, StoreError> {
    let mut emails = HashMap::<UserNo, Vec<Email>>::new();
    for row in connection.rows(sql::EMAILS, &[&users]).await? {
        let email = Email { address: get(&row, 1)?, verified: get(&row, 2)? };
        emails.entry(user_no(&row, 0)?).or_default().push(email);
    }
    Ok(emails)
}

/// A page of users, out of one snapshot.
pub async fn users(connection: &Connection, query: &UsersQuery) -> Result<UsersPage, StoreError> {
    let email = query.email.as_ref().map(NameKey::as_str);
    let bound = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    connection.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let total = connection.row(sql::COUNT_USERS, &[&email]).await?;
    let page = connection
        .rows_of_text(&sql::users_page(&query.sort), &[&email, &bound(query.count), &bound(query.offset)])
        .await?;
    let mut users: Vec<_> = page.iter().map(rows::user).collect::<Result<_, _>>()?;
    let numbers: Vec<i64> = users.iter().map(|(user, _)| number(user.owner.no.0)).collect();
    let mut emails = emails(connection, &numbers).await?;
    connection.command("COMMIT").await?;
    for (user, _) in &mut users {
        user.emails = emails.remove(&user.owner.no).unwrap_or_default();
    }
    Ok(UsersPage { users, total: total.map_or(Ok(0), |row| unsigned(&row, 0))? })
}

/// Those of the counters that stand.
pub async fn failures(
    connection: &Connection,
    keys: Vec<FailureKey>,
) -> Result<HashMap<FailureKey, Failure>, StoreError> {
    let by_bytes: HashMap<Vec<u8>, FailureKey> = keys.into_iter().map(|key| (key.to_bytes(), key)).collect();
    let asked: Vec<&[u8]> = by_bytes.keys().map(Vec::as_slice).collect();
    let mut failures = HashMap::new();
    for row in connection.rows(sql::FAILURES, &[&asked]).await? {
        if let Some(key) = by_bytes.get(get::<&[u8]>(&row, 0)?) {
            failures.insert(*key, rows::failure(&row)?);
        }
    }
    Ok(failures)
}

/// The codes that were mailed to users and not used.
pub async fn mailed_codes(
    connection: &Connection,
    users: &[UserNo],
) -> Result<HashMap<UserNo, Vec<MailedCode>>, StoreError> {
    let numbers: Vec<i64> = users.iter().map(|user| number(user.0)).collect();
    let mut codes: HashMap<UserNo, Vec<MailedCode>> = users.iter().map(|user| (*user, Vec::new())).collect();
    for row in connection.rows(sql::MAILED_CODES, &[&numbers]).await? {
        let (user, code) = rows::mailed_code(&row)?;
        codes.entry(user).or_default().push(code);
    }
    Ok(codes)
}

/// A user's personal tokens.
pub async fn personal_tokens(
    connection: &Connection,
    user: UserNo,
) -> Result<Vec<PersonalToken>, StoreError> {
    let rows = connection.rows(sql::PERSONAL_TOKENS, &[&number(user.0)]).await?;
    rows.iter().map(rows::personal_token).collect()
}

/// A hash of each kind and cost that is in use.
pub async fn password_samples(connection: &Connection) -> Result<Vec<PasswordHash>, StoreError> {
    let rows = connection.rows(sql::PASSWORD_SAMPLES, &[]).await?;
    rows.iter().map(|row| get(row, 0).map(PasswordHash)).collect()
}

/// How many mails wait.
pub async fn count_mails(connection: &Connection) -> Result<u64, StoreError> {
    connection.row(sql::COUNT_MAILS, &[]).await?.map_or(Ok(0), |row| unsigned(&row, 0))
}

/// Mails that are due, and how many wait.
pub async fn mails(connection: &Connection, now: Timestamp, limit: usize) -> Result<MailQueue, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let due = connection.rows(sql::DUE_MAILS, &[&now.as_ms(), &limit]).await?;
    let due = due.iter().map(rows::queued_mail).collect::<Result<_, _>>()?;
    Ok(MailQueue { due, waiting: count_mails(connection).await? })
}

/// Every permission. What this program does not know is passed over.
pub async fn permissions(connection: &Connection) -> Result<Vec<PermissionRow>, StoreError> {
    let rows = connection.rows(sql::PERMISSIONS, &[]).await?;
    Ok(rows.iter().map(rows::permission).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The workspace's own row.
pub async fn workspace(connection: &Connection) -> Result<Option<WorkspaceRow>, StoreError> {
    connection.row(sql::WORKSPACE, &[]).await?.as_ref().map(rows::workspace).transpose()
}

/// A stretch of the ledger.
pub async fn ledger(connection: &Connection, after: Seq, limit: usize) -> Result<Vec<LedgerRow>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = connection.rows(sql::EVENTS_AFTER, &[&number(after.0), &limit]).await?;
    rows.iter().map(rows::ledger_row).collect()
}

/// Where the chain stands at an event, as its row says; `None` when there is no such event.
pub async fn end_at(connection: &Connection, seq: Seq) -> Result<Option<ChainEnd>, StoreError> {
    let Some(before) = seq.0.checked_sub(1) else { return Ok(Some(BEFORE_THE_FIRST)) };
    let row = ledger(connection, Seq(before), 1).await?.pop().filter(|row| row.envelope.seq == seq);
    Ok(row.map(|row| ChainEnd { seq, hash: row.hash }))
}

/// Reads the chain from a place in it on, in stretches; after each, `seen` is told how far it came.
pub async fn verify(
    connection: &Connection,
    from: ChainEnd,
    seen: &mut (dyn FnMut(Seq) + Send),
) -> Result<Result<ChainEnd, BadEvent>, StoreError> {
    let (_, stored) = head(connection).await?;
    let mut verification = Verification::new(from, stored);
    loop {
        let after = number(verification.end().seq.0);
        let rows = connection.rows(sql::EVENTS_AFTER, &[&after, &VERIFIED_AT_ONCE]).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let row = rows::ledger_row(row).map_err(|error| error.to_string());
            if let Err(bad) = verification.go_on(row.as_ref().map_err(Clone::clone)) {
                return Ok(Err(bad));
            }
        }
        seen(verification.end().seq);
    }
    let (_, reached) = head(connection).await?;
    Ok(verification.finish(reached))
}

/// The users of whom an address is asked for.
pub async fn users_of_emails(
    connection: &Connection,
    is_asked: &(dyn Fn(&str) -> bool + Send + Sync),
) -> Result<Vec<UserNo>, StoreError> {
    let mut rows = std::pin::pin!(connection.stream(sql::ALL_EMAILS, &[-1]).await?);
    let mut users = Vec::new();
    while let Some(row) = connection.answer(rows.try_next()).await? {
        if is_asked(get(&row, 1)?) {
            users.push(user_no(&row, 0)?);
        }
    }
    Ok(users)
}
