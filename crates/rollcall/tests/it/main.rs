//! What a client meets at a real port: the product's own wiring, behaviour by behaviour.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod commits_ahead;
mod compression;
mod console;
mod cors;
mod delivery;
mod disk_faults;
mod ending;
mod factors;
mod idle;
mod last_seen;
mod limits;
mod listing;
mod mail_factor;
mod malformed;
mod metrics;
mod network_faults;
mod nodes;
mod personal_tokens;
mod refusal_matrix;
mod refusals_on_sockets;
mod roles;
mod sign_in;
mod sockets;
mod step_up;
mod update;
mod users;
mod v2;
mod wire;
mod wire_on_sockets;
