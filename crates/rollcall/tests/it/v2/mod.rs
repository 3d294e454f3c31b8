//! API v2.

mod as_of;
mod as_of_replay;
mod audit;
mod credentials;
mod export;
mod history;
mod listing;
mod refusal_matrix;
mod revocations;
mod stats;
mod stream;
mod users;
mod views;
