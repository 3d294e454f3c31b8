//! A ledger edited by hand, as by somebody who can write the database's file: for tests of what finds it.

use crate::open;
use crate::read::{end_at, ledger};
use crate::rows::{number, unavailable};
use rollcall_model::Seq;
use rollcall_store::{StoreError, chain};
use rusqlite::{Connection, Error, params};
use std::path::Path;
use std::time::Duration;

/// What is done to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It gets another time.
    Time,
    /// It gets another detail.
    Detail,
    /// It gets another hash.
    Hash,
    /// It is deleted.
    Deleted,
    /// It and all after it are deleted, and the head is set back so that nothing is missed.
    CutOff,
    /// It gets another time, and the whole chain from there on is computed anew.
    Rewritten,
    /// Not the event: the store says to be of a schema that is newer than any.
    NewerSchema,
}

impl Edit {
    /// Does it to an event of the store in a directory, which no server needs to have left.
    pub fn make(self, directory: &Path, seq: Seq) -> Result<(), StoreError> {
        self.on(&open::writer(directory)?, seq).map_err(unavailable)
    }

    fn on(self, connection: &Connection, seq: Seq) -> Result<(), Error> {
        let event = number(seq.0);
        let run = |sql: &str| connection.execute(sql, [event]).map(|_| ());
        match self {
            Self::Time => run("UPDATE ledger SET at = at + 1 WHERE seq = ?1"),
            Self::Detail => run("UPDATE ledger_detail SET detail = zeroblob(20) WHERE seq = ?1"),
            Self::Hash => run("UPDATE ledger SET hash = zeroblob(32) WHERE seq = ?1"),
            Self::Deleted => run("DELETE FROM ledger WHERE seq = ?1"),
            Self::CutOff => {
                run("DELETE FROM ledger WHERE seq >= ?1")?;
                run("DELETE FROM ledger_detail WHERE seq >= ?1")?;
                run("UPDATE ledger_head SET (seq, at, live, hash) =
                    (SELECT seq, at, live, hash FROM ledger WHERE seq = ?1 - 1)")
            }
            Self::Rewritten => rewrite(connection, seq),
            Self::NewerSchema => connection.execute_batch("INSERT INTO migrations VALUES (1000000, x'00')"),
        }
    }
}

fn rewrite(connection: &Connection, seq: Seq) -> Result<(), Error> {
    let before = end_at(connection, Seq(seq.0 - 1))?.ok_or(Error::QueryReturnedNoRows)?;
    let mut hash = before.hash;
    for mut row in ledger(connection, before.seq, usize::MAX)? {
        if row.envelope.seq == seq {
            row.envelope.at = row.envelope.at + Duration::from_millis(1);
        }
        hash = chain::link(&hash, &row.envelope, &row.digest);
        connection.execute(
            "UPDATE ledger SET at = ?2, hash = ?3 WHERE seq = ?1",
            params![number(row.envelope.seq.0), row.envelope.at.as_ms(), hash],
        )?;
    }
    connection.execute("UPDATE ledger_head SET hash = ?1", [hash]).map(|_| ())
}
