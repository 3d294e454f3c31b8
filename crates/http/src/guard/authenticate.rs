//! 401: the token must be live, and belong to the very user that is named beside it.

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

pub fn authenticate<E: Endpoint>(service: &Service, arrival: Arrival) -> Result<Authenticated<E>, Refusal> {
    let principal = match E::Caller::WHO {
        Who::Anyone => None,
        Who::Optional | Who::SignedIn => {
            arrival.credentials.as_ref().and_then(|credentials| principal(service, credentials))
        }
    };
    let caller = E::Caller::admit(principal).ok_or(Refusal::NotSignedIn)?;
    Ok(Authenticated { arrival, caller })
}

fn principal(service: &Service, credentials: &Credentials) -> Option<Principal> {
    let principal = service.authenticate(&digest::token(&credentials.token))?;
    (principal.user_id().as_str() == credentials.user_id).then_some(principal)
}
