//! Whether a token is good, and whose it is: for programs that let people in by the tokens that they show.

use crate::{Refusal, Service};
use rollcall_auth::digest;
use rollcall_model::{Owner, SessionId, Timestamp};
use std::sync::Arc;

/// A token that is good.
#[derive(Clone, Debug)]
pub struct GoodToken {
    /// Whose it is.
    pub owner: Arc<Owner>,
    /// Its session; a personal token has none.
    pub session: Option<SessionId>,
    /// When the session ends by itself.
    pub expires_at: Option<Timestamp>,
}

impl Service {
    /// A user's token, if it is good. Somebody showed it: that counts as a use of it.
    pub async fn introspect(&self, token: &str) -> Result<Option<GoodToken>, Refusal> {
        let Some(principal) = self.authenticate(&digest::token(token)).await? else { return Ok(None) };
        // It may have ended since.
        let Ok(owner) = self.owner(&principal) else { return Ok(None) };
        let session = principal.session().and_then(|session| self.session_id(session));
        Ok(Some(GoodToken { owner, session, expires_at: self.expires_at(&principal) }))
    }
}
