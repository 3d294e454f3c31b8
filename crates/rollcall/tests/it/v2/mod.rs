//! API v2.

mod as_of;
mod as_of_replay;
mod audit;
mod credentials;
mod export;
mod history;
mod listing;
mod openapi;
mod own_account;
mod own_factors;
mod refusal_matrix;
mod revocations;
mod scope_matrix;
mod service_tokens;
mod session;
mod stats;
mod stream;
mod users;
mod views;
