//! API v2.

mod audit;
mod credentials;
mod export;
mod history;
mod listing;
mod openapi;
mod refusal_matrix;
mod revocations;
mod stats;
mod stream;
mod users;
mod views;
