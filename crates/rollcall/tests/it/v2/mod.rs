//! API v2.

mod audit;
mod credentials;
mod export;
mod history;
mod listing;
mod openapi;
mod refusal_matrix;
mod revocations;
mod scope_matrix;
mod service_tokens;
mod stats;
mod stream;
mod users;
mod views;
