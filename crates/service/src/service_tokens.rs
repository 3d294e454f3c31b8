//! Service tokens: who manages them makes, rotates and revokes them; programs act by them, within their scopes.
//!
//! **Invariants:** a secret leaves the process once, in the answer that made it. A program has no rights but its scopes, and
//! is asked for no second factor, whoever made its token.

use crate::error::{NotWritten, ServiceTokenRefusal, SignInRefusal};
use crate::principal::ServicePrincipal;
use crate::{Principal, Refusal, Service};
use rollcall_auth::digest;
use rollcall_model::command::{Asker, NewServiceToken, Rotation};
use rollcall_model::{
    Command, Networks, Permission, Refused, Scopes, Seq, ServiceNo, ServiceSecret, Timestamp, TokenHash,
    limits,
};
use rollcall_store::{KeptServiceToken, NamedUser, StoreError};
use std::net::IpAddr;
use std::time::Duration;

/// A service token as it is asked for.
#[derive(Clone, Debug)]
pub struct ServiceTokenRequest {
    /// Its name.
    pub name: String,
    /// What it opens.
    pub scopes: Scopes,
    /// From where it is good; from anywhere when there are none.
    pub networks: Networks,
    /// How long it is good; for [`limits::SERVICE_LIFE`] when it is not said.
    pub expiry: Option<Expiry>,
}

/// Until when a token is to be good.
#[derive(Clone, Copy, Debug)]
pub enum Expiry {
    /// For so long.
    In(Duration),
    /// Until then.
    At(Timestamp),
}

/// A service token that is not revoked.
#[derive(Clone, Debug)]
pub struct StandingServiceToken {
    /// The token, and when it was last used.
    pub kept: KeptServiceToken,
    /// Who made it, deleted or not.
    pub made_by: Option<NamedUser>,
}

/// A token with a secret that nobody has seen.
pub struct Issued {
    /// The token.
    pub token: StandingServiceToken,
    /// Its secret.
    pub secret: ServiceSecret,
}

impl Service {
    /// The program whose secret is good, whoever sends it. It is looked for as users' tokens are.
    pub async fn authenticate_service(
        &self,
        secret: &TokenHash,
    ) -> Result<Option<ServicePrincipal>, Refusal> {
        let find = || {
            let token = self.standing.service(secret, self.clock.now())?;
            Some(ServicePrincipal { token, secret: *secret })
        };
        self.look_up(find).await
    }

    /// Whether a program may come from an address; takes note that its token was used if so.
    pub fn admit_service(&self, principal: &ServicePrincipal, ip: IpAddr) -> bool {
        let is_admitted = principal.token.networks.hold(ip);
        if is_admitted {
            self.standing.see_service(principal.no(), self.clock.now());
        }
        is_admitted
    }

    /// Whether the secret of a program that was authenticated a while ago is good still, and opens this.
    pub(crate) fn still_opens(&self, principal: &ServicePrincipal, permission: Permission) -> bool {
        let token = self.standing.service(&principal.secret, self.clock.now());
        token.is_some_and(|token| token.scopes.contains(permission))
    }

    /// Makes a service token.
    pub async fn make_service_token(
        &self,
        principal: &Principal,
        request: ServiceTokenRequest,
    ) -> Result<Issued, Refusal> {
        let ServiceTokenRequest { name, scopes, networks, expiry } = request;
        let secret = ServiceSecret::random(&*self.randomness);
        let new = NewServiceToken {
            by: asker(principal),
            secret: digest::token(secret.reveal()),
            name: named(&name)?,
            scopes: if scopes.is_empty() { Err(ServiceTokenRefusal::NoScope) } else { Ok(scopes) }?,
            networks,
            expires_at: self.until(expiry.unwrap_or(Expiry::In(limits::SERVICE_LIFE)))?,
        };
        let made = self.writer.run(Command::MakeServiceToken(Box::new(new))).await.map_err(not_written)?;
        let Seq(no) = made.last;
        Ok(Issued { token: self.service_token(ServiceNo(no)).await?, secret })
    }

    /// Gives a service token another secret; the one of before stays good for the overlap.
    pub async fn rotate_service_token(
        &self,
        principal: &Principal,
        no: ServiceNo,
        overlap: Option<Duration>,
        expiry: Option<Expiry>,
    ) -> Result<Issued, Refusal> {
        let overlap = overlap.unwrap_or(limits::SERVICE_OVERLAP);
        if overlap > limits::SERVICE_OVERLAP_MAX {
            return Err(ServiceTokenRefusal::OverlapTooLong.into());
        }
        let secret = ServiceSecret::random(&*self.randomness);
        let rotation = Rotation {
            no,
            by: asker(principal),
            secret: digest::token(secret.reveal()),
            overlap,
            expires_at: expiry.map(|expiry| self.until(expiry)).transpose()?,
        };
        self.writer.run(Command::RotateServiceToken(rotation)).await.map_err(not_written)?;
        Ok(Issued { token: self.service_token(no).await?, secret })
    }

    /// Ends a service token.
    pub async fn revoke_service_token(&self, principal: &Principal, no: ServiceNo) -> Result<(), Refusal> {
        let command = Command::RevokeServiceToken { no, by: principal.actor() };
        self.writer.run(command).await.map(drop).map_err(not_written)
    }

    /// The service tokens that are not revoked, in the order of their making.
    pub async fn service_tokens(&self) -> Result<Vec<StandingServiceToken>, Refusal> {
        let mut all = self.store.service_tokens().await?;
        all.retain(|kept| kept.revoked_at.is_none());
        let mut makers: Vec<_> = all.iter().map(|kept| kept.token.made_by).collect();
        makers.sort_unstable();
        makers.dedup();
        let names = self.store.names(makers, Vec::new()).await?;
        let standing = |mut kept: KeptServiceToken| {
            kept.last_used_at = kept.last_used_at.max(self.standing.service_used(kept.token.no));
            let made_by = names.users.iter().find(|user| user.no == kept.token.made_by).cloned();
            StandingServiceToken { kept, made_by }
        };
        Ok(all.into_iter().map(standing).collect())
    }

    /// Writes down when service tokens were last used.
    pub(crate) async fn note_service_use(&self) -> Result<(), StoreError> {
        let used = self.standing.take_used_services();
        if used.is_empty() {
            return Ok(());
        }
        let put_back = |_: &StoreError| used.iter().for_each(|(no, at)| self.standing.see_service(*no, *at));
        self.store.note_service_use(used.clone()).await.inspect_err(put_back)
    }

    async fn service_token(&self, no: ServiceNo) -> Result<StandingServiceToken, Refusal> {
        let mut all = self.service_tokens().await?.into_iter();
        // It may have been revoked since.
        all.find(|standing| standing.kept.token.no == no).ok_or(ServiceTokenRefusal::Unknown.into())
    }

    fn until(&self, expiry: Expiry) -> Result<Timestamp, Refusal> {
        let now = self.clock.now();
        let until = match expiry {
            Expiry::In(time) if time > limits::SERVICE_LIFE_MAX => {
                return Err(ServiceTokenRefusal::ExpiryTooFar.into());
            }
            Expiry::In(time) => now + time,
            Expiry::At(at) => at,
        };
        if until <= now {
            return Err(ServiceTokenRefusal::ExpiryPast.into());
        }
        if until > now + limits::SERVICE_LIFE_MAX {
            return Err(ServiceTokenRefusal::ExpiryTooFar.into());
        }
        Ok(until)
    }
}

fn asker(principal: &Principal) -> Asker {
    Asker { user: principal.user(), token: principal.token() }
}

/// A name is shown in lists and terminals: it says something, in characters that are seen.
fn named(name: &str) -> Result<String, ServiceTokenRefusal> {
    let name = name.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(ServiceTokenRefusal::NoName);
    }
    Ok(name.into())
}

fn not_written(error: NotWritten) -> Refusal {
    match error {
        NotWritten::Refused(Refused::ServiceNameInUse) => ServiceTokenRefusal::NameInUse.into(),
        NotWritten::Refused(Refused::TooManyServiceTokens) => ServiceTokenRefusal::TooMany.into(),
        NotWritten::Refused(Refused::NoSuchServiceToken) => ServiceTokenRefusal::Unknown.into(),
        NotWritten::Refused(Refused::ServiceTokenExpired) => ServiceTokenRefusal::Expired.into(),
        // Ended since the token that asks was looked at.
        NotWritten::Refused(Refused::SessionNotLive) => Refusal::SignIn(SignInRefusal::TokenNotLive),
        error => error.unforeseen(),
    }
}
