//! 400: the second factor, where the endpoint asks for one or the caller must have one. Fails shut.

use super::admit::Admitted;
use super::{Call, Passed};
use crate::endpoint::{Caller, Endpoint, StepUp, WithoutFactor};
use crate::refusal::Refusal;
use rollcall_service::Service;
use std::sync::Arc;

pub async fn elevate<E: Endpoint>(service: &Arc<Service>, from: Admitted<E>) -> Result<Call<E>, Refusal> {
    let arrival = from.arrival;
    if E::POLICY.without_factor == WithoutFactor::Refused
        && let Some(principal) = from.caller.principal()
    {
        service.has_required_factor(principal)?;
    }
    match E::POLICY.step_up {
        StepUp::No => {}
        StepUp::Required => {
            let principal = from.caller.principal().ok_or(Refusal::NotSignedIn)?;
            service.step_up(principal, &arrival.client, &arrival.code).await?;
        }
        StepUp::Always => {
            let principal = from.caller.principal().ok_or(Refusal::NotSignedIn)?;
            service.step_up_anew(principal, &arrival.client, &arrival.code).await?;
        }
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
