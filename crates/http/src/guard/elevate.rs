//! 400: the second factor, where the endpoint asks for one or the caller must have one. Fails shut.

use super::admit::Admitted;
use super::{Arrival, Call, Passed};
use crate::endpoint::{Caller, Endpoint, StepUp, WithoutFactor};
use crate::refusal::Refusal;
use rollcall_service::{AnyPrincipal, Principal, Service};
use std::sync::Arc;

pub async fn elevate<E: Endpoint>(service: &Arc<Service>, from: Admitted<E>) -> Result<Call<E>, Refusal> {
    let arrival = from.arrival;
    match from.caller.principal() {
        None if !E::POLICY.step_up.asks_first() => {}
        None => return Err(Refusal::NotSignedIn),
        Some(AnyPrincipal::User(principal)) => prove::<E>(service, &arrival, &principal).await?,
        // Its scopes are all that is asked of a program: there is nobody who could prove anything.
        Some(AnyPrincipal::Service(_)) => {}
    }
    Ok(Call {
        service: service.clone(),
        caller: from.caller,
        client: arrival.client,
        page: arrival.page,
        code: arrival.code,
        credentials: arrival.credentials,
        path: arrival.path,
        last_event_id: arrival.last_event_id,
        query: from.query,
        body: from.body,
        _passed: Passed,
    })
}

async fn prove<E: Endpoint>(
    service: &Arc<Service>,
    arrival: &Arrival,
    principal: &Principal,
) -> Result<(), Refusal> {
    if E::POLICY.without_factor == WithoutFactor::Refused {
        service.has_required_factor(principal)?;
    }
    match E::POLICY.step_up {
        StepUp::No | StepUp::Within => {}
        StepUp::Required => service.step_up(principal, &arrival.client, &arrival.code).await?,
        StepUp::Always => service.step_up_anew(principal, &arrival.client, &arrival.code).await?,
    }
    Ok(())
}
