//! A stream of server-sent events, read one by one.

use crate::client::Caller;
use crate::waits::HANGS;
use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

/// A stream under way.
#[derive(Debug)]
pub struct EventStream {
    response: Response,
    text: String,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its id, where it has one.
    pub id: Option<u64>,
    /// Its name.
    pub name: String,
    /// What it says.
    pub data: Value,
}

impl Caller {
    /// Follows a path of API v2.
    pub async fn stream(&self, path: &str) -> EventStream {
        let response = self.request("GET", &format!("/api/v2/{path}")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{:?}", response.text().await);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        EventStream { response, text: String::new() }
    }
}

impl EventStream {
    /// The next event that tells something; `None` at the end.
    pub async fn next(&mut self) -> Option<Sent> {
        loop {
            let sent = self.next_of_any_kind().await?;
            if sent.name != "alive" {
                return Some(sent);
            }
        }
    }

    /// The next event; `None` at the end.
    pub async fn next_of_any_kind(&mut self) -> Option<Sent> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let sent = event(frame);
                self.text = rest.into();
                return Some(sent);
            }
            let piece = timeout(HANGS, self.response.chunk()).await.unwrap().unwrap()?;
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// The next event, which has this name.
    pub async fn expect(&mut self, name: &str) -> Sent {
        let sent = self.next().await.unwrap_or_else(|| panic!("it ended, and {name} was expected"));
        assert_eq!(sent.name, name, "{sent:?}");
        sent
    }
}

fn event(frame: &str) -> Sent {
    let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    let id = field("id").map(|id| id.parse().unwrap());
    let data = serde_json::from_str(field("data").unwrap()).unwrap();
    Sent { id, name: field("event").unwrap().into(), data }
}
