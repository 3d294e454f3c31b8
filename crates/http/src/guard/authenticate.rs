//! 401: the token must be live, and belong to the very user that is named beside it, where one is.

use super::{Arrival, Credentials, Way};
use crate::endpoint::{Caller, Endpoint, Who};
use crate::refusal::Refusal;
use rollcall_auth::digest;
use rollcall_model::service_token::SECRET_PREFIX;
use rollcall_service::{AnyPrincipal, Principal, Service};
use std::marker::PhantomData;

pub struct Authenticated<E: Endpoint> {
    pub(super) arrival: Arrival,
    /// Who it is, whether the endpoint answers it or not.
    pub(super) principal: Option<AnyPrincipal>,
    _endpoint: PhantomData<E>,
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
    if principal.is_none() && E::Caller::WHO == Who::SignedIn {
        return Err(Refusal::NotSignedIn);
    }
    Ok(Authenticated { arrival, principal, _endpoint: PhantomData })
}

/// A bearer token says by how it begins whether it is a program's; each is looked for where its kind is, and nowhere
/// else.
async fn principal(service: &Service, credentials: &Credentials) -> Result<Option<AnyPrincipal>, Refusal> {
    let token = digest::token(&credentials.token);
    if credentials.way == Way::Bearer && credentials.token.starts_with(SECRET_PREFIX) {
        return Ok(service.authenticate_service(&token).await?.map(AnyPrincipal::Service));
    }
    let principal = service.authenticate(&token).await?;
    let named = credentials.user_id.as_deref();
    let is_named = |principal: &Principal| named.is_none_or(|id| id == principal.user_id().as_str());
    Ok(principal.filter(is_named).map(AnyPrincipal::User))
}
