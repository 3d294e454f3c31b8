//! The invented people at work: they sign in, and their sessions are ended, by themselves or by the administrator.
//!
//! Whoever signs in is whose session was ended, as long as there is one: so nobody has more sessions than before,
//! and none is evicted. Sessions end in the order in which they were opened, those of the store first, shuffled.

use crate::arrivals::{Source, lock};
use crate::caller::{ADMIN, Caller, PASSWORD};
use crate::in_process::shuffled;
use rollcall_index::Loaded;
use serde_json::{Value, json};
use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// Everybody, and what they have.
pub struct People {
    address: SocketAddr,
    admin: Caller,
    /// Sessions, the next to be ended first.
    sessions: VecDeque<Held>,
    /// Whoever may sign in, the next first.
    away: VecDeque<Arc<Person>>,
    /// Who signs in once more while nobody is away.
    here: VecDeque<Arc<Person>>,
}

/// A person, and the device that is used.
pub struct Person {
    username: String,
    agent: Arc<str>,
}

/// A session.
struct Held {
    person: Arc<Person>,
    how: How,
}

/// How a session can be ended.
enum How {
    /// By the administrator, who knows its id.
    ById(String),
    /// By its own token: the head's lines with the credentials.
    ByToken(String),
}

/// Those who sign in.
pub struct SignIns(pub Arc<Mutex<People>>);
/// Those who leave.
pub struct Endings(pub Arc<Mutex<People>>);

impl People {
    /// The people of a store's sessions; the administrator's own are left alone.
    pub fn new(address: SocketAddr, admin: Caller, loaded: Vec<Loaded>) -> Arc<Mutex<Self>> {
        let mut sessions = VecDeque::with_capacity(loaded.len());
        let (mut here, mut known) = (VecDeque::new(), HashSet::new());
        for Loaded { session, .. } in shuffled(loaded) {
            let username = session.owner.username.clone();
            if username == ADMIN {
                continue;
            }
            let person = Arc::new(Person { username, agent: session.agent });
            if known.insert(session.owner.no) {
                here.push_back(person.clone());
            }
            sessions.push_back(Held { person, how: How::ById(session.id.as_str().into()) });
        }
        Arc::new(Mutex::new(Self { address, admin, sessions, away: VecDeque::new(), here }))
    }
}

impl Source for SignIns {
    type About = Arc<Person>;

    fn next(&mut self) -> Option<(Vec<u8>, Arc<Person>)> {
        let mut people = lock(&self.0);
        let person = people.away.pop_front().or_else(|| {
            let next = people.here.pop_front()?;
            people.here.push_back(next.clone());
            Some(next)
        })?;
        let address = people.address;
        let body = json!({ "user": person.username, "password": PASSWORD }).to_string();
        let (agent, length) = (&person.agent, body.len());
        let request = format!(
            "POST /api/v1/login HTTP/1.1\r\nhost: {address}\r\nuser-agent: {agent}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        Some((request.into_bytes(), person))
    }

    fn take(&mut self, person: Arc<Person>, body: &[u8]) {
        let answer = serde_json::from_slice::<Value>(body).unwrap_or_default();
        let [user, token] =
            ["userId", "authToken"].map(|name| answer["data"][name].as_str().unwrap_or_default());
        let how = How::ByToken(format!("x-user-id: {user}\r\nx-auth-token: {token}\r\n"));
        lock(&self.0).sessions.push_back(Held { person, how });
    }
}

impl Source for Endings {
    type About = ();

    fn next(&mut self) -> Option<(Vec<u8>, ())> {
        let mut people = lock(&self.0);
        let Held { person, how } = people.sessions.pop_front()?;
        people.away.push_back(person);
        let address = people.address;
        let request = match how {
            How::ById(id) => {
                people.admin.request("POST", "/api/v1/sessions/logout", &json!({ "sessionId": id }))
            }
            How::ByToken(credentials) => format!(
                "POST /api/v1/logout HTTP/1.1\r\nhost: {address}\r\n{credentials}content-length: 0\r\n\r\n"
            )
            .into_bytes(),
        };
        Some((request, ()))
    }

    fn take(&mut self, (): (), _body: &[u8]) {}
}
