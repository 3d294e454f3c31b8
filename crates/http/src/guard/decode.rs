//! 400: parameters are of the declared names and types.

use super::Arrival;
use super::authorise::Authorised;
use crate::endpoint::Endpoint;
use crate::input::{Input, Raw};
use crate::refusal::Refusal;

pub struct Decoded<E: Endpoint> {
    pub(super) arrival: Arrival,
    pub(super) caller: E::Caller,
    pub(super) query: E::Query,
    pub(super) body: E::Body,
}

pub fn decode<E: Endpoint>(from: Authorised<E>) -> Result<Decoded<E>, Refusal> {
    let query = E::Query::decode(Raw::Query(&from.arrival.query))?;
    let body = E::Body::decode(Raw::Body(&from.arrival.body))?;
    Ok(Decoded { arrival: from.arrival, caller: from.caller, query, body })
}
