//! Who stands outside the server and writes down each answer as it arrives.
//!
//! **Invariants:** a note is made before a request leaves and changed when its answer is there, so that
//! what a kill cuts off stands as unknown. What a restart shows of the unknown is written down too: from
//! then on it is as certain as an answer.

use crate::process::Process;
use reqwest::RequestBuilder;
use rollcall_testkit::{Caller, PASSWORD};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

/// Live sessions at which a user ends one at every turn: well below the cap, which ends them unasked.
const MANY: usize = 30;

/// What is known of one session.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    Live,
    /// An ending was asked for and not answered.
    EndingUnknown,
    Ended,
}

/// A sign-in that was answered.
#[derive(Clone, Debug)]
struct SignIn {
    user: usize,
    token: String,
    /// Unknown when the kill came before the server was asked for it.
    session: Option<String>,
    known: Known,
}

#[derive(Default)]
struct Notes {
    sign_ins: Vec<SignIn>,
    /// Sign-ins of each user on their way: after a kill, those that may or may not have happened.
    asked: Vec<usize>,
    /// Sessions of sign-ins whose answer was lost, and their owners: nobody has their tokens.
    ownerless: HashMap<String, usize>,
}

/// What the observer has seen, in figures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub sign_ins: usize,
    pub endings: usize,
    pub unknown_sign_ins: usize,
    pub unknown_endings: usize,
}

/// The users it acts as, and its notes.
pub struct Observer {
    users: Vec<(String, String)>,
    /// The administrator's own session and those of users that change, with their owners: live all the time.
    lasting: Vec<(String, String)>,
    notes: Mutex<Notes>,
}

/// The ways to end a session.
const WAYS: usize = 3;

impl Observer {
    /// Makes the users through the administrator. There are no sessions but its own and these.
    pub async fn with_users(admin: &Caller, count: usize, others: Vec<(String, String)>) -> Self {
        let mut users = Vec::new();
        for n in 0..count {
            let name = format!("user-{n}");
            let email = format!("{name}@example.test");
            let body = json!({ "username": name, "name": name, "email": email, "password": PASSWORD });
            let made = admin.post("users.create", &body).await;
            assert_eq!(made.status, 200, "{made:?}");
            users.push((name, made.body["user"]["_id"].as_str().unwrap().to_owned()));
        }
        let notes = Notes { asked: vec![0; count], ..Notes::default() };
        let lasting = [vec![(admin.session_id().await, admin.user_id.clone())], others].concat();
        Self { users, lasting, notes: Mutex::new(notes) }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap()
    }

    /// Signs in as one user after another and ends two sessions of three, until the server is gone.
    pub async fn load(&self, anyone: Caller, admin: Caller, first: usize) {
        for turn in first.. {
            if self.turn(&anyone, &admin, turn).await.is_none() {
                return;
            }
        }
    }

    /// One sign-in, and what follows; `None` when the server is gone.
    async fn turn(&self, anyone: &Caller, admin: &Caller, turn: usize) -> Option<()> {
        let user = turn % self.users.len();
        self.notes().asked[user] += 1;
        let body = json!({ "user": self.users[user].0, "password": PASSWORD });
        let answer = match ask(anyone.request("POST", "/api/v1/login").json(&body)).await {
            Ok(answer) => answer,
            Err(lost) => {
                // A connection that never was carried no request.
                self.notes().asked[user] -= usize::from(lost == Lost::NeverAsked);
                return None;
            }
        };
        let token = answer["data"]["authToken"].as_str().unwrap().to_owned();
        let at = {
            let mut notes = self.notes();
            notes.asked[user] -= 1;
            notes.sign_ins.push(SignIn { user, token: token.clone(), session: None, known: Known::Live });
            notes.sign_ins.len() - 1
        };
        let session = self.session_of(anyone, user, &token).await?;
        let live = {
            let mut notes = self.notes();
            notes.sign_ins[at].session = Some(session.clone());
            notes.sign_ins.iter().filter(|known| known.user == user && known.known != Known::Ended).count()
        };
        if turn.is_multiple_of(3) && live < MANY {
            return Some(());
        }
        self.notes().sign_ins[at].known = Known::EndingUnknown;
        let id = json!({ "sessionId": session });
        let ending = match turn / 3 % WAYS {
            0 => self.as_user(anyone, "POST", "logout", user, &token),
            1 => self.as_user(anyone, "POST", "sessions/logout.me", user, &token).json(&id),
            _ => admin.request("POST", "/api/v1/sessions/logout").json(&id),
        };
        let answer = ask(ending).await;
        self.notes().sign_ins[at].known = match answer {
            Ok(_) => Known::Ended,
            Err(Lost::NeverAsked) => Known::Live,
            Err(Lost::NoAnswer) => Known::EndingUnknown,
        };
        answer.ok().map(|_| ())
    }

    /// A request on the caller's own connections with somebody's credentials.
    fn as_user(&self, anyone: &Caller, method: &str, path: &str, user: usize, token: &str) -> RequestBuilder {
        let request = anyone.request(method, &format!("/api/v1/{path}"));
        request.header("x-user-id", &self.users[user].1).header("x-auth-token", token)
    }

    /// The id of a token's session; `None` when the server is gone.
    async fn session_of(&self, anyone: &Caller, user: usize, token: &str) -> Option<String> {
        let page = ask(self.as_user(anyone, "GET", "sessions/list?count=100", user, token)).await.ok()?;
        let rows = page["sessions"].as_array().unwrap();
        let current = rows.iter().find(|row| row["current"] == true);
        Some(current.unwrap()["sessionId"].as_str().unwrap().to_owned())
    }

    /// Lets the observer claim that a live session was ended: a server that keeps its promises is then
    /// found to have broken one.
    pub fn invent_an_ending(&self) {
        let mut notes = self.notes();
        notes.sign_ins.iter_mut().find(|sign_in| sign_in.known == Known::Live).unwrap().known = Known::Ended;
    }

    /// What was asked so far.
    pub fn figures(&self) -> Figures {
        let notes = self.notes();
        let count = |known| notes.sign_ins.iter().filter(|sign_in| sign_in.known == known).count();
        Figures {
            sign_ins: notes.sign_ins.len(),
            endings: count(Known::Ended),
            unknown_sign_ins: notes.asked.iter().sum(),
            unknown_endings: count(Known::EndingUnknown),
        }
    }

    /// Holds a server that has just started against the notes. Gives each promise that it broke, and
    /// what had become of the unknown: sign-ins and endings that had taken place. The index has exactly what the store
    /// had before the start.
    pub async fn compare(
        &self,
        server: &Process,
        admin: &Caller,
        stored: &HashSet<String>,
    ) -> (Vec<String>, Figures) {
        let anyone = server.caller();
        let (mut broken, mut done) = (Vec::new(), Figures::default());
        let mut rows = rows(admin, &mut broken).await;
        let listed: HashSet<String> = rows.keys().cloned().collect();
        broken.extend(listed.symmetric_difference(stored).map(|session| {
            format!(
                "{session} is in the store: {}, in the index: {}",
                stored.contains(session),
                listed.contains(session)
            )
        }));
        for (session, owner) in &self.lasting {
            if rows.remove(session).as_ref() != Some(owner) {
                broken.push(format!("a session that lasts is not listed: {session}"));
            }
        }
        let sign_ins = self.notes().sign_ins.clone();
        for (at, mut sign_in) in sign_ins.into_iter().enumerate() {
            let me = self.as_user(&anyone, "GET", "me", sign_in.user, &sign_in.token);
            let works = match anyone.send(me).await.status {
                200 => true,
                401 => false,
                status => panic!("`me` was answered with {status}"),
            };
            if works && sign_in.session.is_none() {
                sign_in.session = self.session_of(&anyone, sign_in.user, &sign_in.token).await;
            }
            let owner = sign_in.session.as_ref().and_then(|session| rows.remove(session));
            if owner.as_ref().is_some_and(|owner| *owner != self.users[sign_in.user].1) {
                broken.push(format!("the session is somebody else's: {sign_in:?}"));
            }
            match (sign_in.known, works, owner.is_some()) {
                (Known::Live, true, true) | (Known::Ended, false, false) => {}
                (Known::EndingUnknown, true, true) => sign_in.known = Known::Live,
                (Known::EndingUnknown, false, false) => {
                    sign_in.known = Known::Ended;
                    done.unknown_endings += 1;
                }
                (_, works, listed) => {
                    broken.push(format!("token works: {works}, listed: {listed}, against {sign_in:?}"));
                }
            }
            self.notes().sign_ins[at] = sign_in;
        }
        done.unknown_sign_ins = self.explain_the_rest(rows, &mut broken);
        (broken, done)
    }

    /// Rows whose token nobody has: those of earlier restarts, all of them, and at most one more for each
    /// sign-in that was cut off. What has not happened by now never will.
    fn explain_the_rest(&self, rows: HashMap<String, String>, broken: &mut Vec<String>) -> usize {
        let mut notes = self.notes();
        let listed: HashSet<String> = rows.keys().cloned().collect();
        let gone = notes.ownerless.keys().filter(|session| !listed.contains(*session));
        broken.extend(gone.map(|session| format!("{session} was listed after an earlier restart")));
        let mut new = 0;
        for (session, owner) in rows {
            let Some(user) = self.users.iter().position(|(_, id)| *id == owner) else {
                broken.push(format!("{session} is of {owner}, whom nobody made"));
                continue;
            };
            if notes.ownerless.contains_key(&session) {
                continue;
            }
            if notes.asked[user] == 0 {
                broken.push(format!("nobody asked for {session} of {}", self.users[user].0));
                continue;
            }
            notes.asked[user] -= 1;
            notes.ownerless.insert(session, user);
            new += 1;
        }
        notes.asked.fill(0);
        new
    }
}

/// All sessions of everybody with their owners, page by page.
async fn rows(admin: &Caller, broken: &mut Vec<String>) -> HashMap<String, String> {
    let (mut rows, mut listed) = (HashMap::new(), 0);
    loop {
        let page = admin.get(&format!("sessions/list.all?count=100&offset={listed}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        let sessions = page.body["sessions"].as_array().unwrap();
        listed += sessions.len();
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        rows.extend(sessions.iter().map(|row| (text(row, "sessionId"), text(row, "userId"))));
        if sessions.is_empty() {
            if page.body["total"] != listed || rows.len() != listed {
                broken.push(format!("total {}, {listed} rows, {} ids", page.body["total"], rows.len()));
            }
            return rows;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lost {
    /// There was nobody to ask, or the server was stopping and said that it did nothing.
    NeverAsked,
    /// It was asked, and the answer never came.
    NoAnswer,
}

/// Asks, and gives the whole answer. Any other refusal than a stopping server's ends the test.
pub async fn ask(request: RequestBuilder) -> Result<Value, Lost> {
    let lost = |error: reqwest::Error| if error.is_connect() { Lost::NeverAsked } else { Lost::NoAnswer };
    let response = request.send().await.map_err(lost)?;
    let status = response.status();
    let answer = response.json().await.map_err(|_| Lost::NoAnswer)?;
    if status == 503 {
        return Err(Lost::NeverAsked);
    }
    assert_eq!(status, 200, "{answer}");
    Ok(answer)
}
