//! The administrator who asks: signed in over the wire, with a second factor that is remembered.

use crate::client::Connection;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::SocketAddr;

/// The administrator's name.
pub const ADMIN: &str = "bench.admin";
/// Everybody's password in the invented store, which listens on this machine only.
pub const PASSWORD: &str = "one password for an invented store";

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/125.0.0.0 Safari/537.36";

/// Somebody with credentials.
#[derive(Clone)]
pub struct Caller {
    address: SocketAddr,
    credentials: String,
}

impl Caller {
    /// Signs the administrator in.
    pub async fn sign_in(address: SocketAddr) -> Result<Self> {
        Self::sign_in_as(address, ADMIN, PASSWORD).await
    }

    /// Signs somebody in.
    pub async fn sign_in_as(address: SocketAddr, username: &str, password: &str) -> Result<Self> {
        let body = json!({ "user": username, "password": password }).to_string();
        let head = format!(
            "POST /api/v1/login HTTP/1.1\r\nhost: {address}\r\nuser-agent: {AGENT}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let answer = Self::read(address, (head + &body).as_bytes()).await?;
        let text =
            |name: &str| answer["data"][name].as_str().context("an answer to a sign-in without credentials");
        let credentials =
            format!("x-user-id: {}\r\nx-auth-token: {}\r\n", text("userId")?, text("authToken")?);
        Ok(Self { address, credentials })
    }

    /// A request for this path, ready to be written.
    pub fn get(&self, path: &str) -> Vec<u8> {
        self.get_with(path, "")
    }

    /// Proves the administrator's second factor, unless it is remembered.
    pub async fn prove(&self) -> Result<()> {
        self.prove_with(PASSWORD).await
    }

    /// Proves the second factor of whoever has this password, unless it is remembered.
    pub async fn prove_with(&self, password: &str) -> Result<()> {
        let request = self.get_with("/api/v1/sessions/list.all?count=1", &code(password));
        Self::read(self.address, &request).await.map(|_| ())
    }

    /// What is answered to a request, and the length of its body.
    pub async fn sample(&self, request: &[u8]) -> Result<(Value, usize)> {
        let mut connection = Connection::open(self.address).await?;
        let answer = connection.exchange(request).await?;
        if !answer.ok {
            bail!("{}\n{}", String::from_utf8_lossy(answer.head), String::from_utf8_lossy(answer.body));
        }
        Ok((serde_json::from_slice(answer.body)?, answer.body.len()))
    }

    /// A request with a JSON body, ready to be written.
    pub fn request(&self, method: &str, path: &str, body: &Value) -> Vec<u8> {
        self.request_with(method, path, body, "")
    }

    fn request_with(&self, method: &str, path: &str, body: &Value, headers: &str) -> Vec<u8> {
        let (address, credentials, body) = (self.address, &self.credentials, body.to_string());
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nuser-agent: {AGENT}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n{credentials}{headers}\r\n{body}"
        )
        .into_bytes()
    }

    /// Asks for a change.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        Self::read(self.address, &self.request("POST", path, body)).await
    }

    /// The same of the administrator, with a code for this act alone.
    pub async fn post_with_code(&self, path: &str, body: &Value) -> Result<Value> {
        Self::read(self.address, &self.request_with("POST", path, body, &code(PASSWORD))).await
    }

    /// Ends what a run before this one left when it was broken off.
    pub async fn end_others(&self) -> Result<()> {
        self.post("/api/v1/users.logoutOtherClients", &json!({})).await.map(|_| ())
    }

    /// Signs out, so that the store has the same sessions for the next run.
    pub async fn sign_out(self) -> Result<()> {
        let request = format!(
            "POST /api/v1/logout HTTP/1.1\r\nhost: {}\r\nuser-agent: {AGENT}\r\n{}content-length: 0\r\n\r\n",
            self.address, self.credentials
        );
        Self::read(self.address, request.as_bytes()).await.map(|_| ())
    }

    fn get_with(&self, path: &str, headers: &str) -> Vec<u8> {
        let Self { address, credentials } = self;
        format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nuser-agent: {AGENT}\r\naccept: */*\r\n\
             {credentials}{headers}\r\n"
        )
        .into_bytes()
    }

    async fn read(address: SocketAddr, request: &[u8]) -> Result<Value> {
        let mut connection = Connection::open(address).await?;
        let answer = connection.exchange(request).await?;
        if !answer.ok {
            bail!("{}\n{}", String::from_utf8_lossy(answer.head), String::from_utf8_lossy(answer.body));
        }
        Ok(serde_json::from_slice(answer.body)?)
    }
}

/// The headers of a password as second factor: the hex of its SHA-256; a token's digest is the same function.
fn code(password: &str) -> String {
    let digest = rollcall_auth::digest::token(password).0;
    let code = digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("x-2fa-method: password\r\nx-2fa-code: {code}\r\n")
}
