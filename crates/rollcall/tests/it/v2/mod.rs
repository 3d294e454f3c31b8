//! API v2.

mod audit;
mod credentials;
mod history;
mod listing;
mod refusal_matrix;
mod stats;
mod users;
mod views;
