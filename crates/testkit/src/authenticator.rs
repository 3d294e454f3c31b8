//! An authenticator in a test's hand, and how a user enrols it.

use crate::client::{Answer, Caller};
use crate::server::TestServer;
use data_encoding::BASE32_NOPAD;
use rollcall_auth::totp::{Seed, step_at};
use rollcall_model::factor::Step;
use rollcall_model::{Clock, Timestamp};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// An authenticator that holds a seed.
#[derive(Clone, Debug)]
pub struct Authenticator {
    seed: Seed,
    /// The recovery codes that came with it.
    pub recovery: Vec<String>,
}

impl Authenticator {
    /// One that was given this secret.
    pub fn new(secret: &str) -> Self {
        let bytes = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
        Self { seed: Seed::from_bytes(Zeroizing::new(bytes)), recovery: Vec::new() }
    }

    /// What it shows now, or some steps of 30 seconds later or earlier.
    pub fn code(&self, server: &TestServer, steps: i64) -> String {
        self.code_at(server.clock.now(), steps)
    }

    /// What it shows some steps later or earlier than at an instant.
    pub fn code_at(&self, now: Timestamp, steps: i64) -> String {
        let step = step_at(now).0.checked_add_signed(steps).unwrap();
        self.seed.code(Step(step))
    }

    /// A code that is wrong now.
    pub fn wrong_code(&self, server: &TestServer) -> String {
        self.wrong_code_at(server.clock.now())
    }

    /// A code that is wrong at an instant, and for some minutes.
    pub fn wrong_code_at(&self, now: Timestamp) -> String {
        let right: Vec<_> = (-1..=10).map(|steps| self.code_at(now, steps)).collect();
        (0..100).map(|number| format!("{number:06}")).find(|code| !right.contains(code)).unwrap()
    }
}

impl Caller {
    /// Calls a method of the socket protocol: the outer answer, and the message in it.
    pub async fn call(&self, method: &str, params: &[Value]) -> (Answer, Value) {
        let message = json!({ "msg": "method", "id": "1", "method": method, "params": params }).to_string();
        let answer = self.post(&format!("method.call/{method}"), &json!({ "message": message })).await;
        let message = answer.body["message"].as_str().and_then(|text| serde_json::from_str(text).ok());
        (answer, message.unwrap_or(Value::Null))
    }

    /// Begins an authenticator and enrols it by the code that it shows.
    pub async fn enrol(&self, server: &TestServer) -> Authenticator {
        self.enrol_at(&*server.clock).await
    }

    /// The same at a server with this clock.
    pub async fn enrol_at(&self, clock: &dyn Clock) -> Authenticator {
        let (_, begun) = self.call("2fa:enable", &[]).await;
        let mut authenticator = Authenticator::new(begun["result"]["secret"].as_str().unwrap());
        let code = authenticator.code_at(clock.now(), 0);
        let (answer, enrolled) = self.call("2fa:validateTempToken", &[json!(code)]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let codes = enrolled["result"]["codes"].as_array().unwrap();
        authenticator.recovery = codes.iter().map(|code| code.as_str().unwrap().into()).collect();
        authenticator
    }

    /// The same with this code of an authenticator.
    #[must_use]
    pub fn with_totp(&self, code: &str) -> Self {
        self.with("x-2fa-method", "totp").with("x-2fa-code", code)
    }
}
