//! The parameters of figures over time: `from`, `to`, `step`; each an age or, but for the step, an instant.

use crate::input::{Field, Input, Kind, Unknown, Values, optional};
use crate::refusal::Refusal;
use crate::v2::fields;
use rollcall_model::{Timestamp, limits};
use rollcall_service::index::filter::{Age, When};
use std::time::Duration;

const TEXT: Kind = Kind::Text(limits::TEXT_CHARS);
const FROM: Refusal =
    Refusal::Range("`from` and `to` are instants such as 2026-11-01T08:15Z or ages such as 7d.");
const ORDER: Refusal = Refusal::Range("`from` lies behind `to`.");

/// The parameters, as they were given.
pub struct SpanQuery {
    from: Option<String>,
    to: Option<String>,
}

impl Input for SpanQuery {
    const FIELDS: &'static [Field] = &[fields::FROM, fields::TO];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self { from: values.text("from"), to: values.text("to") }
    }
}

impl SpanQuery {
    /// From when to when: up to now, and for so long before, when it is not said.
    pub fn span(&self, now: Timestamp, by_default: Duration) -> Result<(Timestamp, Timestamp), Refusal> {
        let instant = |text: &String| match When::parse(text) {
            Some(When::At(at)) => Ok(at),
            Some(When::Age(age)) => Ok(age.before(now)),
            None => Err(FROM),
        };
        let to = self.to.as_ref().map_or(Ok(now), instant)?;
        let from = self.from.as_ref().map_or(Ok(to - by_default), instant)?;
        if from <= to { Ok((from, to)) } else { Err(ORDER) }
    }
}

/// The same with a step.
pub struct StepsQuery {
    span: SpanQuery,
    step: Option<String>,
}

impl Input for StepsQuery {
    const FIELDS: &'static [Field] = &[
        fields::FROM,
        fields::TO,
        optional("step", TEXT).meaning("The time between two points, such as `1h`."),
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        let step = values.text("step");
        Self { span: SpanQuery::read(values), step }
    }
}

impl StepsQuery {
    /// The instants: from the first on, a step after the other, up to the last.
    pub fn instants(&self, now: Timestamp) -> Result<Vec<Timestamp>, Refusal> {
        const DAY: Duration = Duration::from_hours(24);
        const HOUR: Duration = Duration::from_hours(1);
        let (from, to) = self.span.span(now, DAY)?;
        let step = match &self.step {
            None => HOUR,
            // An age is that much of a time.
            Some(text) => Age::parse(text).map_or(Duration::ZERO, Age::time),
        };
        if step.is_zero() {
            return Err(Refusal::Range("`step` is a time such as 5m, 1h or 1d."));
        }
        let count = to.since(from).as_millis() / step.as_millis() + 1;
        if count > limits::CURVE_POINTS as u128 {
            return Err(Refusal::Range("There are more than 1000 steps: take longer ones."));
        }
        let instants = std::iter::successors(Some(from), |at| Some(*at + step));
        Ok(instants.take_while(|at| *at <= to).collect())
    }
}
