//! Between rows and the model, both ways; and between PostgreSQL's errors and the contract's.

use crate::migrate;
use rollcall_model::address::{ip_from_bits, ip_to_bits};
use rollcall_model::event::{Actor, Envelope, PasswordHash};
use rollcall_model::factor::{Authenticator, KeyFingerprint, MailedCode, MailedHash, SealedSeed, Step};
use rollcall_model::facts::{Addresses, Head, SessionFact, UserFact};
use rollcall_model::failure::Failure;
use rollcall_model::ids::{Seq, SessionNo, UserNo};
use rollcall_model::mail::SealedMail;
use rollcall_model::step_up::{AgentDigest, Window};
use rollcall_model::user::{Profile, UserKind};
use rollcall_model::{
    Networks, Owner, Permission, PersonalToken, RoleSet, Timestamp, TokenHash, TokenNo, User,
};
use rollcall_store::{
    ChainEnd, Credential, LedgerRow, NodeReport, PermissionRow, QueuedMail, StoreError, WorkspaceRow,
};
use std::error::Error;
use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::FromSql;

/// Classes of errors that what was given is the cause of: data, integrity, and what is too large.
const OF_WHAT_WAS_GIVEN: [&str; 3] = ["22", "23", "54"];

/// The contract's word for an error of PostgreSQL or of the way to it.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
pub fn unavailable(error: tokio_postgres::Error) -> StoreError {
    let Some(said) = error.as_db_error() else { return StoreError::Unavailable(with_causes(&error)) };
    let (code, what) = (said.code().code(), format!("{} ({})", said.message(), said.code().code()));
    if *said.code() == SqlState::DISK_FULL {
        StoreError::DiskFull
    } else if OF_WHAT_WAS_GIVEN.iter().any(|class| code.starts_with(class)) {
        StoreError::Rejected(what)
    } else {
        StoreError::Unavailable(what)
    }
}

/// What an error says, and what those say that caused it.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A ledger's number as PostgreSQL keeps it.
#[expect(clippy::cast_possible_wrap, reason = "the ledger would have to grow for ages to reach the sign bit")]
pub const fn number(no: u64) -> i64 {
    no as i64
}

/// A column's value.
pub fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, StoreError> {
    row.try_get(column).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub fn unsigned(row: &Row, column: usize) -> Result<u64, StoreError> {
    read(row, column, get::<i64>(row, column)?)
}

/// The columns of `REPORTS`.
pub fn node_report(row: &Row) -> Result<NodeReport, StoreError> {
    // The number that a node drew takes all bits.
    let node = get::<i64>(row, 0)?.cast_unsigned();
    Ok(NodeReport { node, followed: Seq(unsigned(row, 1)?), lag: Duration::from_micros(unsigned(row, 2)?) })
}

pub fn optional(row: &Row, column: usize) -> Result<Option<u64>, StoreError> {
    get::<Option<i64>>(row, column)?.map(|number| read(row, column, number)).transpose()
}

/// A number of a narrower kind.
fn read<T: TryFrom<i64>>(row: &Row, column: usize, number: i64) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| damaged(row, column, format_args!("it cannot be {number}")))
}

fn narrow<T: TryFrom<i64>>(row: &Row, column: usize) -> Result<T, StoreError> {
    read(row, column, get(row, column)?)
}

fn damaged(row: &Row, column: usize, what: impl Display) -> StoreError {
    let name = row.columns().get(column).map_or("?", |column| column.name());
    StoreError::Corrupt(format!("column {name}: {what}"))
}

pub fn time(row: &Row, column: usize) -> Result<Timestamp, StoreError> {
    get(row, column).map(Timestamp::from_ms)
}

pub fn optional_time(row: &Row, column: usize) -> Result<Option<Timestamp>, StoreError> {
    Ok(get::<Option<i64>>(row, column)?.map(Timestamp::from_ms))
}

pub fn networks(row: &Row, column: usize) -> Result<Networks, StoreError> {
    get::<&str>(row, column)?.parse().map_err(|error| damaged(row, column, error))
}

/// Bytes of a length that is known.
pub fn bytes<const N: usize>(row: &Row, column: usize) -> Result<[u8; N], StoreError> {
    get::<&[u8]>(row, column)?
        .try_into()
        .map_err(|_| damaged(row, column, format_args!("it has not {N} bytes")))
}

pub fn ip_bytes(ip: IpAddr) -> Vec<u8> {
    ip_to_bits(ip).to_be_bytes().into()
}

pub fn ip(row: &Row, column: usize) -> Result<IpAddr, StoreError> {
    bytes(row, column).map(|bytes| ip_from_bits(u128::from_be_bytes(bytes)))
}

pub fn id<T: FromStr>(row: &Row, column: usize) -> Result<T, StoreError> {
    get::<&str>(row, column)?.parse().map_err(|_| damaged(row, column, "it is no id"))
}

pub fn session_no(row: &Row, column: usize) -> Result<SessionNo, StoreError> {
    unsigned(row, column).map(SessionNo)
}

pub fn user_no(row: &Row, column: usize) -> Result<UserNo, StoreError> {
    unsigned(row, column).map(UserNo)
}

pub fn token_hash(row: &Row, column: usize) -> Result<TokenHash, StoreError> {
    bytes(row, column).map(TokenHash)
}

/// The columns of `HEAD`.
pub fn head(row: &Row) -> Result<(Head, ChainEnd), StoreError> {
    migrate::may_go_on(unsigned(row, 4)?)?;
    let head = Head { seq: Seq(unsigned(row, 0)?), at: time(row, 1)?, live: unsigned(row, 2)? };
    Ok((head, ChainEnd { seq: head.seq, hash: bytes(row, 3)? }))
}

/// The columns of `WORKSPACE`.
pub fn workspace(row: &Row) -> Result<WorkspaceRow, StoreError> {
    let key: Option<&[u8]> = get(row, 3)?;
    Ok(WorkspaceRow {
        test: get(row, 0)?,
        had_administrator: get(row, 1)?,
        had_users: get(row, 2)?,
        key: key.map(|_| bytes(row, 3).map(KeyFingerprint)).transpose()?,
    })
}

/// The columns of `ALL_OWNERS`, the first of whatever reads a user.
pub fn owner(row: &Row) -> Result<Owner, StoreError> {
    Ok(Owner {
        no: user_no(row, 0)?,
        id: id(row, 1)?,
        username: get(row, 2)?,
        name: get(row, 3)?,
        roles: RoleSet::from_bits(narrow(row, 4)?),
    })
}

/// The columns of `OWNERS`.
pub fn user_fact(row: &Row) -> Result<UserFact, StoreError> {
    Ok(UserFact {
        owner: Arc::new(owner(row)?),
        active: get(row, 5)?,
        authenticator: authenticator(row, 6)?,
        wants_mail: get(row, 8)?,
        addresses: Addresses { any_verified: get(row, 9)?, any_unverified: get(row, 10)? },
    })
}

/// The columns of `SESSION_FACTS`.
pub fn session_fact(row: &Row) -> Result<(SessionNo, SessionFact), StoreError> {
    let fact = SessionFact {
        id: id(row, 1)?,
        user: user_no(row, 2)?,
        expires_at: time(row, 3)?,
        seen_at: time(row, 4)?,
    };
    Ok((session_no(row, 0)?, fact))
}

/// Two columns of an authenticator: the event that began it, and its last step.
fn authenticator(row: &Row, column: usize) -> Result<Option<Authenticator>, StoreError> {
    let last_step = optional(row, column + 1)?.map(Step);
    Ok(optional(row, column)?.map(|begun| Authenticator { begun: Seq(begun), last_step }))
}

/// The columns of `users_page`, the first of `USERS`; addresses are of a table of their own.
pub fn user(row: &Row) -> Result<(User, Option<Timestamp>), StoreError> {
    let user = User {
        owner: owner(row)?,
        emails: Vec::new(),
        active: get(row, 5)?,
        kind: UserKind::parse(get(row, 6)?).ok_or_else(|| damaged(row, 6, "it is no kind of user"))?,
        created_at: time(row, 7)?,
        updated_at: time(row, 8)?,
        profile: Profile {
            bio: get(row, 9)?,
            nickname: get(row, 10)?,
            status_text: get(row, 11)?,
            require_password_change: get(row, 12)?,
            custom_fields: get(row, 13)?,
        },
    };
    Ok((user, get::<Option<i64>>(row, 14)?.map(Timestamp::from_ms)))
}

/// The columns of `USERS`.
pub fn credential(row: &Row) -> Result<Credential, StoreError> {
    let (user, last_login_at) = user(row)?;
    let seed: Option<Vec<u8>> = get(row, 18)?;
    Ok(Credential {
        user,
        password: PasswordHash(get(row, 15)?),
        authenticator: authenticator(row, 16)?.zip(seed.map(SealedSeed)),
        recovery_left: narrow(row, 19)?,
        wants_mail: get(row, 20)?,
        last_login_at,
    })
}

/// The columns of `FAILURES` after the key.
pub fn failure(row: &Row) -> Result<Failure, StoreError> {
    Ok(Failure { count: narrow(row, 1)?, first_at: time(row, 2)?, blocked_until: time(row, 3)? })
}

/// The columns of `STEP_UPS`.
pub fn window(row: &Row) -> Result<Window, StoreError> {
    Ok(Window {
        token: TokenNo(unsigned(row, 0)?),
        agent: AgentDigest(bytes(row, 1)?),
        ip: ip(row, 2)?,
        until: time(row, 3)?,
    })
}

/// The columns of `PERSONAL_TOKENS`.
/// The columns of `PERMISSIONS`; `None` for a permission of another version.
pub fn permission(row: &Row) -> Result<Option<PermissionRow>, StoreError> {
    let Some(permission) = Permission::parse(get(row, 0)?) else { return Ok(None) };
    let roles = RoleSet::from_bits(narrow(row, 1)?);
    Ok(Some(PermissionRow { permission, roles, updated_at: time(row, 2)? }))
}

pub fn personal_token(row: &Row) -> Result<PersonalToken, StoreError> {
    Ok(PersonalToken {
        owner: Arc::new(owner(row)?),
        no: TokenNo(unsigned(row, 5)?),
        token: token_hash(row, 6)?,
        name: get(row, 7)?,
        last_part: get(row, 8)?,
        bypasses_step_up: get(row, 9)?,
        made_at: time(row, 10)?,
    })
}

/// The columns of `MAILED_CODES`.
pub fn mailed_code(row: &Row) -> Result<(UserNo, MailedCode), StoreError> {
    Ok((user_no(row, 0)?, MailedCode { hash: MailedHash(bytes(row, 1)?), until: time(row, 2)? }))
}

/// The columns of `DUE_MAILS`.
pub fn queued_mail(row: &Row) -> Result<QueuedMail, StoreError> {
    Ok(QueuedMail {
        no: Seq(unsigned(row, 0)?),
        about: get(row, 1)?,
        queued_at: time(row, 2)?,
        until: time(row, 3)?,
        attempts: narrow(row, 4)?,
        sealed: SealedMail(get(row, 5)?),
    })
}

/// The columns of `EVENTS_AFTER`.
pub fn ledger_row(row: &Row) -> Result<LedgerRow, StoreError> {
    let small = |column| read(row, column, i64::from(get::<i16>(row, column)?));
    let envelope = Envelope {
        seq: Seq(unsigned(row, 0)?),
        at: time(row, 1)?,
        kind: read(row, 2, i64::from(get::<i16>(row, 2)?))?,
        outcome: small(3)?,
        actor: Actor::from_number(get(row, 4)?),
        subject: optional(row, 5)?.map(UserNo),
        session: optional(row, 6)?.map(SessionNo),
        live: unsigned(row, 7)?,
    };
    Ok(LedgerRow { envelope, digest: bytes(row, 8)?, hash: bytes(row, 9)?, detail: get(row, 10)? })
}
