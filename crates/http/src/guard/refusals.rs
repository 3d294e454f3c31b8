//! What the guard may refuse a call of an endpoint with, for whoever describes it.

use crate::endpoint::{Declaration, Rate, Version, Who, WithoutFactor};
use crate::input::{Field, Unknown};
use crate::refusal::{Place, Refusal};
use rollcall_model::Timestamp;
use rollcall_service::{MailedCodes, Refusal as Outcome, StepUpKind, StepUpMethod, StepUpRefusal, Wait};
use std::net::Ipv4Addr;
use std::time::Duration;

/// A wait, for whoever describes one.
pub const WAIT: Wait = Wait { until: Timestamp::from_ms(0), left: Duration::from_secs(42) };

/// One of each, in the guard's order.
pub fn refusals(of: &Declaration) -> Vec<Refusal> {
    let looked_at = |fields: &[Field], unknown| !fields.is_empty() && unknown != Unknown::IgnoredWithFaults;
    let schema = |place| Refusal::Schema(place, Vec::new());
    let mut all = Vec::new();
    all.extend((of.who == Who::SignedIn).then_some(Refusal::NotSignedIn));
    if of.version() == Version::V2 && of.who == Who::SignedIn {
        all.push(Refusal::NetworkNotAllowed { ip: Ipv4Addr::UNSPECIFIED.into() });
        all.extend(of.scopes().is_empty().then_some(Refusal::NotForServices));
    }
    all.extend(of.needs.permissions().map(|(_, denied)| Refusal::Denied(denied)));
    all.extend(looked_at(of.query, of.query_unknown).then(|| schema(Place::Query)));
    all.extend(looked_at(of.body, of.body_unknown).then(|| schema(Place::Body)));
    all.extend(of.of_target.iter().map(|(_, _, denied)| Refusal::Denied(*denied)));
    let counted = of.rate != Rate::Uncounted;
    all.extend(counted.then_some(Refusal::TooMany { wait: WAIT }));
    if of.step_up.asks_first() {
        let kinds = [StepUpKind::Required, StepUpKind::Invalid, StepUpKind::MaxAttempts(WAIT)];
        all.extend(kinds.map(second_factor));
    } else if of.without_factor == WithoutFactor::Refused {
        all.push(second_factor(StepUpKind::Required));
    }
    all.push(Refusal::Outcome(Outcome::Unavailable));
    all
}

/// A second factor that is asked for.
pub fn second_factor(kind: StepUpKind) -> Refusal {
    let (method, available, username) = (StepUpMethod::Password, Vec::new(), "ann".into());
    let mailed = MailedCodes::default();
    Refusal::Outcome(Outcome::StepUp(StepUpRefusal { kind, method, available, username, mailed }))
}
