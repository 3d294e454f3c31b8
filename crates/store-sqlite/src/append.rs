//! Appending to the ledger: each event is chained to the one before.

use crate::rows::number;
use crate::sql;
use rollcall_model::Event;
use rollcall_store::ChainEnd;
use rollcall_store::chain;
use rusqlite::{CachedStatement, Connection, params};

/// The statements that append, and where the ledger ends with what they did.
pub struct Append<'a> {
    event: CachedStatement<'a>,
    detail: CachedStatement<'a>,
    pub end: ChainEnd,
}

impl<'a> Append<'a> {
    pub fn to(transaction: &'a Connection, end: ChainEnd) -> Result<Self, rusqlite::Error> {
        let event = transaction.prepare_cached(sql::APPEND_EVENT)?;
        let detail = transaction.prepare_cached(sql::APPEND_DETAIL)?;
        Ok(Self { event, detail, end })
    }

    pub fn event(&mut self, event: &Event, salt: &[u8]) -> Result<(), rusqlite::Error> {
        let detail = [salt, event.detail().as_bytes()].concat();
        let envelope = event.envelope();
        let digest = chain::digest(&detail);
        let hash = chain::link(&self.end.hash, &envelope, &digest);
        self.event.execute(params![
            number(envelope.seq.0),
            envelope.at.as_ms(),
            envelope.kind,
            envelope.outcome,
            envelope.actor.to_number(),
            envelope.subject.map(|user| number(user.0)),
            envelope.session.map(|session| number(session.0)),
            number(envelope.live),
            digest,
            hash
        ])?;
        self.detail.execute(params![number(event.seq.0), detail])?;
        self.end = ChainEnd { seq: event.seq, hash };
        Ok(())
    }
}
