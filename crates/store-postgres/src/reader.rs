//! The store opened to be read and nothing else, beside the nodes. It changes no schema and writes no row; a schema that
//! it does not know it refuses.

use crate::connection::Connection;
use crate::database::Reach;
use crate::{migrate, read};
use rollcall_model::{Seq, Timestamp};
use rollcall_store::chain::BEFORE_THE_FIRST;
use rollcall_store::{BadEvent, ChainEnd, StoreError, WorkspaceRow};

/// The store in a database, to be read.
pub struct PostgresReader {
    connection: Connection,
    schema: usize,
}

impl PostgresReader {
    /// Opens the store that is in a database.
    pub async fn open(reach: &Reach) -> Result<Self, StoreError> {
        if !migrate::exists(reach).await? {
            return Err(StoreError::NotOurs("there is no store in the database".into()));
        }
        let schema = migrate::version(reach).await?;
        Ok(Self { connection: Connection::open(reach).await?, schema })
    }

    /// The version of its schema.
    pub const fn schema(&self) -> usize {
        self.schema
    }

    /// Where the ledger ends.
    pub async fn end(&self) -> Result<ChainEnd, StoreError> {
        read::head(&self.connection).await.map(|(_, end)| end)
    }

    /// When the last event was committed; `None` before the first.
    pub async fn last_event_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let (head, _) = read::head(&self.connection).await?;
        Ok((head.seq > Seq(0)).then_some(head.at))
    }

    /// Where the chain stands at an event, as its row says; `None` when there is no such event.
    pub async fn end_at(&self, seq: Seq) -> Result<Option<ChainEnd>, StoreError> {
        read::end_at(&self.connection, seq).await
    }

    /// The workspace itself: `None` before its ledger has begun.
    pub async fn workspace(&self) -> Result<Option<WorkspaceRow>, StoreError> {
        read::workspace(&self.connection).await
    }

    /// As [`Store::verify`](rollcall_store::Store::verify); `seen` is told how far it came, now and then.
    pub async fn verify(
        &self,
        seen: &mut (dyn FnMut(Seq) + Send),
    ) -> Result<Result<ChainEnd, BadEvent>, StoreError> {
        read::verify(&self.connection, BEFORE_THE_FIRST, seen).await
    }

    /// The same for the last `events` only: what stands before them is taken as it is.
    pub async fn verify_last(&self, events: u64) -> Result<Result<ChainEnd, BadEvent>, StoreError> {
        let from = Seq(self.end().await?.seq.0.saturating_sub(events));
        let Some(from) = self.end_at(from).await? else {
            return Ok(Err(BadEvent { seq: from, what: "it is missing".into() }));
        };
        read::verify(&self.connection, from, &mut |_| ()).await
    }
}
