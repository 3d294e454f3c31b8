//! API v2.

mod credentials;
mod export;
mod listing;
mod refusal_matrix;
mod revocations;
mod stream;
