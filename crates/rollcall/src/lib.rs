//! The program: command line, configuration, and the wiring of one process. A library too, so that tests
//! and benchmarks run the product's own wiring.

pub mod checkpoint_file;
pub mod clean;
pub mod cli;
pub mod commands;
pub mod config;
pub mod descriptors;
pub mod docs;
pub mod logging;
pub mod memory;
pub mod output;
pub mod progress;
pub mod remote;
pub mod store;
pub mod table;
pub mod when;
pub mod wiring;
