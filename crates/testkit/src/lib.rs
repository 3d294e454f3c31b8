//! What behaviour tests stand on: the product's own wiring in the test's process, on a real port, with a
//! clock that only moves by hand and a store in a directory of its own.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that cannot go on panics")]

mod authenticator;
mod client;
mod clock;
mod conformance;
mod connection;
mod mail_server;
mod page;
mod postgres;
mod proxy;
mod server;

mod socket;
mod sse;
mod waits;

pub use authenticator::Authenticator;
pub use client::{Answer, Caller, sha256};
pub use clock::TestClock;
pub use connection::Connection;
pub use mail_server::{Behaviour, Encryption, MailServer, Received};
pub use postgres::{Database, Postgres, WithTls};
pub use proxy::{Proxy, Way};
pub use server::{ADMIN, PASSWORD, TestServer, code_in};
pub use socket::{Heard, Socket};
pub use sse::{EventStream, Sent};
pub use waits::{HANGS, in_time};
