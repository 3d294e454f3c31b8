//! Ends all that stands in a copy, before it is a store: nobody who holds a token of the source has one of the copy.

use super::{Destination, PERSONAL_TOKENS, Rows, SERVICE_TOKENS, SESSIONS, Step, Table, Told, Value};
use crate::{Committed, StoreError};
use rollcall_model::{
    Actor, Command, EndReason, Event, Happening, ServiceNo, SessionNo, Timestamp, TokenNo, UserNo, limits,
};
use std::slice::Chunks;

/// What was ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Sessions.
    pub sessions: u64,
    /// Personal access tokens.
    pub personal_tokens: u64,
    /// Service tokens.
    pub service_tokens: u64,
}

/// Ends every session that stands and every personal and service token, by the operator's hand, in steps.
pub async fn end_all(
    store: &mut dyn Destination,
    now: Timestamp,
    told: Told<'_>,
) -> Result<Ended, StoreError> {
    let (mut ended, of) = (Ended::default(), store.head().await?.0.live);
    let mut rows = store.rows(&SESSIONS, None).await?;
    while let Some(last) = rows.last() {
        let after = SESSIONS.key_of(last);
        for step in steps(&rows) {
            let sessions = step.iter().map(|row| number(row, 0).map(SessionNo));
            let commands = end_sessions(sessions.collect::<Result<_, _>>()?);
            ended.count(&store.commit(commands.into(), now).await?);
            told(Step::Ended, ended.sessions, of);
        }
        rows = store.rows(&SESSIONS, Some(after)).await?;
    }
    end_tokens(store, &PERSONAL_TOKENS, drop_token, now, &mut ended).await?;
    end_tokens(store, &SERVICE_TOKENS, revoke_token, now, &mut ended).await?;
    Ok(ended)
}

async fn end_tokens(
    store: &mut dyn Destination,
    table: &'static Table,
    end: fn(&[Value]) -> Result<Command, StoreError>,
    now: Timestamp,
    ended: &mut Ended,
) -> Result<(), StoreError> {
    let mut rows = store.rows(table, None).await?;
    while let Some(last) = rows.last() {
        let after = table.key_of(last);
        for step in steps(&rows) {
            let commands = step.iter().map(|row| end(row)).collect::<Result<_, _>>()?;
            ended.count(&store.commit(commands, now).await?);
        }
        rows = store.rows(table, Some(after)).await?;
    }
    Ok(())
}

fn steps(rows: &Rows) -> Chunks<'_, Box<[Value]>> {
    rows.chunks(limits::EXPIRED_AT_ONCE)
}

/// Those whose time is up are not live any more, and end by that; those that have ended stay as they are.
fn end_sessions(sessions: Vec<SessionNo>) -> Vec<Command> {
    let (reason, by) = (EndReason::SignedOutEverywhere, Actor::Operator);
    let each: Vec<_> =
        sessions.iter().map(|session| Command::EndSession { session: *session, reason, by }).collect();
    std::iter::once(Command::ExpireSessions { sessions, idle: None }).chain(each).collect()
}

fn drop_token(row: &[Value]) -> Result<Command, StoreError> {
    let (token, user) = (TokenNo(number(row, 0)?), UserNo(number(row, 1)?));
    let (reason, by) = (EndReason::SignedOutEverywhere, Actor::Operator);
    Ok(Command::RemovePersonalToken { user, token, reason, by })
}

/// One that was revoked before stays so.
fn revoke_token(row: &[Value]) -> Result<Command, StoreError> {
    Ok(Command::RevokeServiceToken { no: ServiceNo(number(row, 0)?), by: Actor::Operator })
}

fn number(row: &[Value], column: usize) -> Result<u64, StoreError> {
    match row.get(column) {
        Some(Value::Integer(number)) => u64::try_from(*number).ok(),
        _ => None,
    }
    .ok_or_else(|| StoreError::Corrupt("a number in a row is none".into()))
}

impl Ended {
    fn count(&mut self, committed: &Committed) {
        let count = |of: fn(&Happening) -> bool| {
            committed.events.iter().filter(|Event { happening, .. }| of(happening)).count() as u64
        };
        self.sessions += count(|happening| matches!(happening, Happening::SessionEnded { .. }));
        self.personal_tokens +=
            count(|happening| matches!(happening, Happening::PersonalTokenRemoved { .. }));
        self.service_tokens += count(|happening| matches!(happening, Happening::ServiceTokenRevoked { .. }));
    }
}
