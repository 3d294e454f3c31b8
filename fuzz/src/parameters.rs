//! Queries and bodies, decoded by every endpoint's declaration: what is taken and what is refused is what the
//! plain reading says, and a refusal is of a bounded size.

use crate::oracle;
use bytes::Bytes;
use rollcall_http::declarations;
use rollcall_http::endpoint::Declaration;
use rollcall_http::input::{Body, Raw, Unknown};
use rollcall_http::refusal::{Place, Refusal};
use rollcall_model::limits;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::sync::OnceLock;

/// Reads a query string as every endpoint's.
pub fn query_string(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    for endpoint in endpoints() {
        let decoded = (endpoint.decode)(Raw::Query(&query));
        let wanted = if is_looked_at(endpoint.query, endpoint.query_unknown) {
            oracle::faults(&query, endpoint.query, endpoint.query_unknown)
        } else {
            Vec::new()
        };
        let wanted = if wanted.is_empty() { Ok(()) } else { Err(Refusal::Schema(Place::Query, wanted)) };
        assert_eq!(decoded, wanted, "{:?} of {query:?}", endpoint.routes);
    }
}

/// Reads a body as a sign-in's, and as every other endpoint's.
pub fn login_body(data: &[u8]) {
    let body = match data {
        [] => Body::Empty,
        _ => Body::Json(Bytes::copy_from_slice(data)),
    };
    // Numbers out of range and nesting may be refused; what any reader takes must be taken.
    let is_json = data.is_empty() || serde_json::from_slice::<Value>(data).is_ok();
    let may_be_json = data.is_empty() || serde_json::from_slice::<IgnoredAny>(data).is_ok();
    for endpoint in endpoints() {
        let looked_at = is_looked_at(endpoint.body, endpoint.body_unknown);
        match (endpoint.decode)(Raw::Body(&body)) {
            Ok(()) => assert!(may_be_json || !looked_at, "{:?} takes what is no JSON", endpoint.routes),
            Err(Refusal::NotJson) => assert!(!is_json && looked_at, "{:?} refuses JSON", endpoint.routes),
            Err(Refusal::Schema(Place::Body, faults)) => {
                assert!(may_be_json && endpoint.body_unknown != Unknown::IgnoredWithFaults);
                assert!((1..=limits::FAULTS).contains(&faults.len()), "{} faults", faults.len());
            }
            Err(other) => panic!("{other:?} of {:?}", endpoint.routes),
        }
        let form = Body::Form(Bytes::copy_from_slice(data));
        match (endpoint.decode)(Raw::Body(&form)) {
            Ok(()) => {}
            Err(Refusal::Schema(Place::Body, faults)) => {
                let text = String::from_utf8_lossy(data);
                // Escapes are bytes of their own: only of a text can it be told what they make.
                if std::str::from_utf8(data).is_ok() {
                    assert_eq!(faults, oracle::faults(&text, endpoint.body, endpoint.body_unknown));
                }
                assert!(endpoint.body_unknown != Unknown::IgnoredWithFaults);
            }
            Err(other) => panic!("{other:?} of a form for {:?}", endpoint.routes),
        }
    }
}

fn endpoints() -> &'static [Declaration] {
    static ENDPOINTS: OnceLock<Vec<Declaration>> = OnceLock::new();
    ENDPOINTS.get_or_init(declarations)
}

/// Without names of its own and without refusing others, it is not looked at.
fn is_looked_at(fields: &[rollcall_http::input::Field], unknown: Unknown) -> bool {
    !fields.is_empty() || unknown == Unknown::Refused
}
