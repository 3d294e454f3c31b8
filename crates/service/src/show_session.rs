//! One session, live or ended, and what happened to it.

use crate::audit::AuditEvent;
use crate::{Refusal, Service};
use rollcall_index::Row;
use rollcall_model::factor::Factors;
use rollcall_model::{Device, SessionId, SessionNo, limits};
use rollcall_store::reading::EndedSession;

/// A session that has ended, as it is told.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The session.
    pub session: EndedSession,
    /// Its device.
    pub device: Device,
    /// The factors that its user has now.
    pub factors: Factors,
}

impl Service {
    /// A session, live or ended, and its events. `live` reads one that is live, `ended` one that is not.
    pub async fn session_with_history<R>(
        &self,
        id: &str,
        live: impl FnOnce(&Row<'_>) -> R,
        ended: impl FnOnce(&Ended) -> R,
    ) -> Result<(R, Vec<AuditEvent>), Refusal> {
        let id: SessionId = id.parse().map_err(|_| Refusal::SessionNotFound)?;
        let found = self.standing.session(&id, self.now(), |row| row.map(|row| (live(&row), row.no())));
        let (read, no, end) = if let Some((read, no)) = found {
            (read, no, None)
        } else {
            let session = self.store.ended_session(id).await?.ok_or(Refusal::SessionNotFound)?;
            let (no, end) = (session.no, session.ended_seq);
            let device = rollcall_user_agent::device(Some(&session.agent));
            let factors = self.standing.factors(session.owner.no);
            (ended(&Ended { session, device, factors }), no, Some(end))
        };
        Ok((read, self.events_of(no, end).await?))
    }

    async fn events_of(
        &self,
        session: SessionNo,
        end: Option<rollcall_model::Seq>,
    ) -> Result<Vec<AuditEvent>, Refusal> {
        let rows = self.store.session_events(session, end, limits::SESSION_EVENTS).await?;
        self.named_events(&rows).await
    }
}
