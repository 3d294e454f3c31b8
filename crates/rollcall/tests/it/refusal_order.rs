//! Refusal order.
