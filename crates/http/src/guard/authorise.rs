//! 403: the permission that the endpoint asks of every caller.

use super::Arrival;
use super::authenticate::Authenticated;
use crate::endpoint::{Caller, Endpoint};
use crate::refusal::Refusal;
use rollcall_service::Service;

pub struct Authorised<E: Endpoint> {
    pub(super) arrival: Arrival,
    pub(super) caller: E::Caller,
}

pub fn authorise<E: Endpoint>(service: &Service, from: Authenticated<E>) -> Result<Authorised<E>, Refusal> {
    if let Some((permissions, denied)) = E::POLICY.needs.permissions() {
        let principal = from.caller.principal();
        let holds =
            |permission: &_| principal.is_some_and(|principal| service.permits(principal, *permission));
        if !permissions.iter().any(holds) {
            return Err(Refusal::Denied(denied));
        }
    }
    Ok(Authorised { arrival: from.arrival, caller: from.caller })
}
