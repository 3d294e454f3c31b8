//! 401: the token must be live, and belong to the very user that is named beside it, where one is.

use super::{Arrival, Credentials};
use crate::endpoint::{Caller, Endpoint, Who};
use crate::refusal::Refusal;
use rollcall_auth::digest;
use rollcall_service::{Principal, Service};

pub struct Authenticated<E: Endpoint> {
    pub(super) arrival: Arrival,
    pub(super) caller: E::Caller,
}

impl<E: Endpoint> Authenticated<E> {
    pub fn caller(&self) -> &E::Caller {
        &self.caller
    }
}

pub async fn authenticate<E: Endpoint>(
    service: &Service,
    arrival: Arrival,
) -> Result<Authenticated<E>, Refusal> {
    let principal = match E::Caller::WHO {
        Who::Anyone => None,
        Who::Optional | Who::SignedIn => match &arrival.credentials {
            Some(credentials) => principal(service, credentials).await?,
            None => None,
        },
    };
    let caller = E::Caller::admit(principal).ok_or(Refusal::NotSignedIn)?;
    Ok(Authenticated { arrival, caller })
}

async fn principal(service: &Service, credentials: &Credentials) -> Result<Option<Principal>, Refusal> {
    let principal = service.authenticate(&digest::token(&credentials.token)).await?;
    let named = credentials.user_id.as_deref();
    Ok(principal.filter(|principal| named.is_none_or(|id| id == principal.user_id().as_str())))
}
