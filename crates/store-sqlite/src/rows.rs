//! Between rows and the model, both ways; and between SQLite's errors and the contract's.

use rollcall_model::address::{ip_from_bits, ip_to_bits};
use rollcall_model::event::{Actor, Envelope, PasswordHash};
use rollcall_model::factor::{Authenticator, KeyFingerprint, MailedCode, MailedHash, SealedSeed, Step};
use rollcall_model::facts::{Addresses, UserFact};
use rollcall_model::failure::Failure;
use rollcall_model::ids::{Seq, SessionNo, UserNo};
use rollcall_model::mail::SealedMail;
use rollcall_model::step_up::{AgentDigest, Window};
use rollcall_model::user::{Profile, UserKind};
use rollcall_model::{Owner, PersonalToken, RoleSet, Timestamp, TokenHash, TokenNo, User};
use rollcall_store::{Credential, LedgerRow, QueuedMail, StoreError};
use rusqlite::types::Type;
use rusqlite::{Error, Row, ffi};
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

/// The contract's word for an error of SQLite.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
pub fn unavailable(error: Error) -> StoreError {
    use rusqlite::ErrorCode::{ConstraintViolation, DatabaseCorrupt, DiskFull, NotADatabase, TooBig};
    let code = error.sqlite_error().map(|error| (error.code, error.extended_code));
    match code {
        Some((DatabaseCorrupt | NotADatabase, _)) => StoreError::Corrupt(error.to_string()),
        // The memory that connections share is a file too.
        Some((DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE)) => StoreError::DiskFull,
        Some((_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)) => {
            StoreError::SyncFailed(error.to_string())
        }
        Some((ConstraintViolation | TooBig, _)) => StoreError::Rejected(error.to_string()),
        None if matches!(error, Error::FromSqlConversionFailure(..) | Error::InvalidColumnType(..)) => {
            StoreError::Corrupt(error.to_string())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// A ledger's number as SQLite keeps it.
#[expect(clippy::cast_possible_wrap, reason = "the ledger would have to grow for ages to reach the sign bit")]
pub const fn number(no: u64) -> i64 {
    no as i64
}

pub fn unsigned(row: &Row<'_>, column: usize) -> Result<u64, Error> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|error| conversion(column, error))
}

pub fn optional(row: &Row<'_>, column: usize) -> Result<Option<u64>, Error> {
    let number: Option<i64> = row.get(column)?;
    number.map(u64::try_from).transpose().map_err(|error| conversion(column, error))
}

pub fn time(row: &Row<'_>, column: usize) -> Result<Timestamp, Error> {
    row.get(column).map(Timestamp::from_ms)
}

pub fn optional_time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, Error> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_ms))
}

pub fn ip_bytes(ip: IpAddr) -> [u8; 16] {
    ip_to_bits(ip).to_be_bytes()
}

pub fn ip(row: &Row<'_>, column: usize) -> Result<IpAddr, Error> {
    row.get(column).map(|bytes: [u8; 16]| ip_from_bits(u128::from_be_bytes(bytes)))
}

pub fn id<T: FromStr>(row: &Row<'_>, column: usize) -> Result<T, Error> {
    row.get_ref(column)?.as_str()?.parse().map_err(|_| conversion(column, "not an id"))
}

/// The columns of `ALL_OWNERS`, the first of whatever reads a user.
pub fn owner(row: &Row<'_>) -> Result<Owner, Error> {
    Ok(Owner {
        no: UserNo(unsigned(row, 0)?),
        id: id(row, 1)?,
        username: row.get(2)?,
        name: row.get(3)?,
        roles: RoleSet::from_bits(row.get(4)?),
    })
}

/// The columns of `OWNER`.
pub fn user_fact(row: &Row<'_>) -> Result<UserFact, Error> {
    Ok(UserFact {
        owner: Arc::new(owner(row)?),
        active: row.get(5)?,
        authenticator: authenticator(row, 6)?,
        wants_mail: row.get(8)?,
        addresses: Addresses { any_verified: row.get(9)?, any_unverified: row.get(10)? },
    })
}

/// Two columns of an authenticator: the event that began it, and its last step.
fn authenticator(row: &Row<'_>, column: usize) -> Result<Option<Authenticator>, Error> {
    let last_step = optional(row, column + 1)?.map(Step);
    Ok(optional(row, column)?.map(|begun| Authenticator { begun: Seq(begun), last_step }))
}

/// The columns of `users_page`, the first of `USER`; addresses are of a table of their own.
pub fn user(row: &Row<'_>) -> Result<(User, Option<Timestamp>), Error> {
    let kind: String = row.get(6)?;
    let user = User {
        owner: owner(row)?,
        emails: Vec::new(),
        active: row.get(5)?,
        kind: UserKind::parse(&kind).ok_or_else(|| conversion(6, "not a kind of user"))?,
        created_at: time(row, 7)?,
        updated_at: time(row, 8)?,
        profile: Profile {
            bio: row.get(9)?,
            nickname: row.get(10)?,
            status_text: row.get(11)?,
            require_password_change: row.get(12)?,
            custom_fields: row.get(13)?,
        },
    };
    Ok((user, optional_time(row, 14)?))
}

/// The columns of `USER`.
pub fn credential(row: &Row<'_>) -> Result<Credential, Error> {
    let (user, last_login_at) = user(row)?;
    let seed: Option<Vec<u8>> = row.get(18)?;
    Ok(Credential {
        user,
        password: PasswordHash(row.get(15)?),
        authenticator: authenticator(row, 16)?.zip(seed.map(SealedSeed)),
        recovery_left: row.get(19)?,
        wants_mail: row.get(20)?,
        last_login_at,
    })
}

/// The last column of `WORKSPACE`.
pub fn key(row: &Row<'_>) -> Result<Option<KeyFingerprint>, Error> {
    let key: Option<[u8; 32]> = row.get(3)?;
    Ok(key.map(KeyFingerprint))
}

/// The columns of `FAILURE`.
pub fn failure(row: &Row<'_>) -> Result<Failure, Error> {
    Ok(Failure { count: row.get(0)?, first_at: time(row, 1)?, blocked_until: time(row, 2)? })
}

/// The columns of `STEP_UPS`.
pub fn window(row: &Row<'_>) -> Result<Window, Error> {
    Ok(Window {
        token: TokenNo(unsigned(row, 0)?),
        agent: AgentDigest(row.get(1)?),
        ip: ip(row, 2)?,
        until: time(row, 3)?,
    })
}

/// The columns of `PERSONAL_TOKENS`.
pub fn personal_token(row: &Row<'_>) -> Result<PersonalToken, Error> {
    Ok(PersonalToken {
        owner: Arc::new(owner(row)?),
        no: TokenNo(unsigned(row, 5)?),
        token: TokenHash(row.get(6)?),
        name: row.get(7)?,
        last_part: row.get(8)?,
        bypasses_step_up: row.get(9)?,
        made_at: time(row, 10)?,
    })
}

/// The columns of `MAILED_CODES`.
pub fn mailed_code(row: &Row<'_>) -> Result<MailedCode, Error> {
    Ok(MailedCode { hash: MailedHash(row.get(0)?), until: time(row, 1)? })
}

/// The columns of `DUE_MAILS`.
pub fn queued_mail(row: &Row<'_>) -> Result<QueuedMail, Error> {
    Ok(QueuedMail {
        no: Seq(unsigned(row, 0)?),
        about: row.get(1)?,
        queued_at: time(row, 2)?,
        until: time(row, 3)?,
        attempts: row.get(4)?,
        sealed: SealedMail(row.get(5)?),
    })
}

/// The columns of `EVENTS_AFTER`.
pub fn ledger_row(row: &Row<'_>) -> Result<LedgerRow, Error> {
    let envelope = Envelope {
        seq: Seq(unsigned(row, 0)?),
        at: time(row, 1)?,
        kind: row.get(2)?,
        outcome: row.get(3)?,
        actor: Actor::from_number(row.get(4)?),
        subject: optional(row, 5)?.map(UserNo),
        session: optional(row, 6)?.map(SessionNo),
        live: unsigned(row, 7)?,
    };
    Ok(LedgerRow { envelope, digest: row.get(8)?, hash: row.get(9)?, detail: row.get(10)? })
}

pub fn conversion(column: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::FromSqlConversionFailure(column, Type::Null, error.into())
}
