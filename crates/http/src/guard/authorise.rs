//! 403: from where a program may come, whom the endpoint answers, and the permission that is asked of every caller.

use super::Arrival;
use super::authenticate::Authenticated;
use crate::endpoint::{Caller, Endpoint};
use crate::refusal::Refusal;
use rollcall_service::{AnyPrincipal, Service};

pub struct Authorised<E: Endpoint> {
    pub(super) arrival: Arrival,
    pub(super) caller: E::Caller,
}

pub fn authorise<E: Endpoint>(service: &Service, from: Authenticated<E>) -> Result<Authorised<E>, Refusal> {
    let Authenticated { arrival, principal, .. } = from;
    if let Some(AnyPrincipal::Service(program)) = &principal {
        let ip = arrival.client.ip;
        if !service.admit_service(program, ip) {
            return Err(Refusal::NetworkNotAllowed { ip });
        }
        // What nothing is asked for is users' own.
        if E::POLICY.needs.permissions().is_none() {
            return Err(Refusal::NotForServices);
        }
    }
    let caller = E::Caller::admit(principal)?;
    if let Some((permissions, denied)) = E::POLICY.needs.permissions() {
        let principal = caller.principal();
        let holds = |permission: &_| {
            principal.as_ref().is_some_and(|principal| service.permits_any(principal, *permission))
        };
        if !permissions.iter().any(holds) {
            return Err(Refusal::Denied(denied));
        }
    }
    Ok(Authorised { arrival, caller })
}
