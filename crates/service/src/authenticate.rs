//! From a token to a principal.

use crate::error::SignInRefusal;
use crate::{AnyPrincipal, Principal, Refusal, Service, Watch};
use rollcall_model::{Owner, Permission, SessionId, SessionNo, Timestamp, TokenHash};
use std::sync::Arc;

impl Service {
    /// The principal of a token that is live, whoever sends it, and takes note that it was seen. On one of several
    /// nodes, the store is asked of a token that the index does not know, and when the index may be too old; refuses
    /// when there is no answer.
    pub async fn authenticate(&self, token: &TokenHash) -> Result<Option<Principal>, Refusal> {
        self.look_up(|| self.standing.bearer(token, self.clock.now()).map(Principal)).await
    }

    /// What is found in an index that is current, or that has all that is committed at this moment.
    pub(crate) async fn look_up<T>(&self, find: impl Fn() -> Option<T>) -> Result<Option<T>, Refusal> {
        self.be_current().await?;
        if let Some(found) = find() {
            return Ok(Some(found));
        }
        self.catch_up().await?;
        Ok(find())
    }

    /// Waits for the end of the principal's session, where it has one. It may have ended since it was
    /// authenticated: whoever waits authenticates once more.
    pub fn watch(&self, principal: &Principal) -> Option<Watch> {
        let session = principal.session()?;
        Some(self.endings.watch(session, self.standing.session_id(session)?))
    }

    /// Whether the principal's roles hold the permission, at this instant.
    pub fn permits(&self, principal: &Principal, permission: Permission) -> bool {
        self.standing.permits(principal.roles(), permission)
    }

    /// The same of whoever asks: a program holds its scopes.
    pub fn permits_any(&self, principal: &AnyPrincipal, permission: Permission) -> bool {
        match principal {
            AnyPrincipal::User(principal) => self.permits(principal, permission),
            AnyPrincipal::Service(principal) => principal.token.scopes.contains(permission),
        }
    }

    /// A live session's id on the wire.
    pub fn session_id(&self, session: SessionNo) -> Option<SessionId> {
        self.standing.session_id(session)
    }

    /// The principal's user with its names.
    pub fn owner(&self, principal: &Principal) -> Result<Arc<Owner>, Refusal> {
        // Its token was live a moment ago, and is no more.
        self.standing.owner(principal.user()).ok_or(Refusal::SignIn(SignInRefusal::TokenNotLive))
    }

    /// The same of a principal that was authenticated a while ago: its token may have ended, and its roles changed.
    pub fn still_permits(&self, principal: &AnyPrincipal, permission: Permission) -> bool {
        let principal = match principal {
            AnyPrincipal::User(principal) => principal,
            AnyPrincipal::Service(principal) => return self.still_opens(principal, permission),
        };
        let owner = self.standing.owner(principal.user());
        let lives = principal.session().is_none_or(|session| self.standing.session_id(session).is_some());
        lives && owner.is_some_and(|owner| self.standing.permits(owner.roles, permission))
    }

    /// When the principal's session ends by itself; a personal token has none.
    pub fn expires_at(&self, principal: &Principal) -> Option<Timestamp> {
        self.standing.expires_at(principal.session()?)
    }

    /// Refuses everything until the index stands and after the process began to end.
    pub fn ready(&self) -> Result<(), Refusal> {
        if self.phase().is_ready() { Ok(()) } else { Err(Refusal::Unavailable) }
    }
}
