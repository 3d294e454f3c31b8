//! API v2.

mod credentials;
mod listing;
mod refusal_matrix;
mod revocations;
