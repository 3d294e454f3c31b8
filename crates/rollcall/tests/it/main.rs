//! What a client meets at a real port: the product's own wiring, behaviour by behaviour.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod smoke;
