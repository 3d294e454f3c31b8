//! A store under test, with the sets of sessions that an index would know and a clock set by hand.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use crate::{Committed, LedgerRow, LiveSets, Loading, Store, StoreError};
use rollcall_model::command::Opening;
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::Proof;
use rollcall_model::failure::FailureKey;
use rollcall_model::ids::Seq;
use rollcall_model::user::{Email, Profile, UserKind};
use rollcall_model::{
    Actor, Command, Happening, NewUser, Randomness, Receipt, Refused, Role, SessionId, SessionNo, Timestamp,
    TokenHash, UserId, UserNo,
};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The hash that users of the suite are given: it must never be found in a detail.
pub const PASSWORD: &str = "the-hash-of-a-password";

/// A store and what its callers know.
#[expect(missing_debug_implementations, reason = "a test's own")]
pub struct Fixture {
    /// The store.
    pub store: Arc<dyn Store>,
    sets: Arc<Sets>,
    now: AtomicI64,
    drawn: Counter,
}

#[derive(Default)]
struct Sets(Mutex<HashMap<UserNo, Vec<SessionNo>>>);

impl LiveSets for Sets {
    fn sessions_of(&self, user: UserNo) -> Vec<SessionNo> {
        self.0.lock().unwrap().get(&user).cloned().unwrap_or_default()
    }
}

#[derive(Default)]
struct Counter(AtomicU64);

/// Bytes that differ each time.
impl Randomness for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        for (byte, i) in bytes.iter_mut().zip(0_u64..) {
            let n =
                if i == 0 { self.0.fetch_add(1, Ordering::Relaxed) } else { self.0.load(Ordering::Relaxed) };
            *byte = n
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .rotate_left(u32::try_from(i % 64).unwrap())
                .to_le_bytes()[3];
        }
    }
}

impl Fixture {
    /// Wraps an empty store; the clock stands at 1,000,000 ms.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, sets: Arc::default(), now: AtomicI64::new(1_000_000), drawn: Counter::default() }
    }

    /// The fixture's time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now.load(Ordering::Relaxed))
    }

    /// Sets the fixture's time, back too.
    pub fn set_now(&self, ms: i64) {
        self.now.store(ms, Ordering::Relaxed);
    }

    /// Draws other ids and tokens than a fixture of the same store that came before.
    pub fn draw_from(&self, drawn: u64) {
        self.drawn.0.store(drawn, Ordering::Relaxed);
    }

    /// Commits a batch, and keeps the sets as an index would.
    pub async fn commit(&self, commands: Vec<Command>) -> Committed {
        self.try_commit(commands).await.unwrap()
    }

    /// The same, where the engine may fail.
    pub async fn try_commit(&self, commands: Vec<Command>) -> Result<Committed, StoreError> {
        let committed = self.store.commit(commands.into(), self.sets.clone(), self.now()).await?;
        self.note(&committed);
        Ok(committed)
    }

    /// The same, not yet durable.
    pub async fn try_commit_ahead(&self, commands: Vec<Command>) -> Result<Committed, StoreError> {
        let committed = self.store.commit_ahead(commands.into(), self.sets.clone(), self.now()).await?;
        self.note(&committed);
        Ok(committed)
    }

    fn note(&self, committed: &Committed) {
        let mut sets = self.sets.0.lock().unwrap();
        for event in &committed.events {
            match &event.happening {
                Happening::SessionOpened(session) => {
                    sets.entry(session.owner.no).or_default().push(session.no);
                }
                Happening::SessionEnded { .. } => {
                    // Of a store that was opened anew it knows only what came since.
                    let sessions = sets.entry(event.subject.unwrap()).or_default();
                    sessions.retain(|no| Some(*no) != event.session);
                }
                _ => {}
            }
        }
    }

    /// Commits one command.
    pub async fn run(&self, command: Command) -> Result<Receipt, Refused> {
        self.commit(vec![command]).await.answers.remove(0)
    }

    /// A new user of that name, as a command.
    pub fn creation(&self, username: &str, roles: &[Role]) -> Command {
        Command::CreateUser {
            user: Box::new(self.new_user(username, roles)),
            password: PasswordHash(PASSWORD.into()),
            welcome: None,
            by: Actor::System,
        }
    }

    /// A new user of that name.
    pub fn new_user(&self, username: &str, roles: &[Role]) -> NewUser {
        NewUser {
            id: UserId::random(&self.drawn),
            username: username.into(),
            name: Some(format!("Name of {username}")),
            roles: roles.iter().copied().collect(),
            emails: vec![Email { address: format!("{username}@example.test"), verified: true }],
            kind: UserKind::User,
            active: true,
            profile: Profile::default(),
        }
    }

    /// Makes a user.
    pub async fn user(&self, username: &str, roles: &[Role]) -> UserNo {
        UserNo(self.run(self.creation(username, roles)).await.unwrap().last.0)
    }

    /// A sign-in for an hour, at most 50 at once, as a command.
    pub fn opening(&self, user: UserNo) -> Opening {
        let mut token = [0; 32];
        self.drawn.fill(&mut token);
        Opening {
            user,
            id: SessionId::random(&self.drawn),
            token: TokenHash(token),
            lifetime: Duration::from_hours(1),
            per_user_max: 50,
            proof: Proof::Password,
            ip: [192, 0, 2, 7].into(),
            agent: "curl/8.5.0".into(),
            host: "chat.example.test".into(),
            guards: vec![FailureKey::User(user)],
            clears: vec![FailureKey::User(user)],
        }
    }

    /// Signs a user in.
    pub async fn open(&self, user: UserNo) -> SessionNo {
        let opened = self.run(Command::OpenSession(Box::new(self.opening(user)))).await.unwrap();
        SessionNo(opened.last.0)
    }

    /// The numbers of the sessions that an index would start with.
    pub async fn loaded_sessions(&self) -> Vec<SessionNo> {
        self.loaded_seen().await.into_iter().map(|(session, _)| session).collect()
    }

    /// The same, with when each was last seen.
    pub async fn loaded_seen(&self) -> Vec<(SessionNo, Timestamp)> {
        let mut seen = Vec::new();
        for piece in self.loaded(Timestamp::from_ms(0)).await {
            if let Loading::Sessions(sessions) = piece {
                seen.extend(sessions.into_iter().map(|(session, seen_at)| (session.no, seen_at)));
            }
        }
        seen
    }

    /// All that an index would start with.
    pub async fn loaded(&self, since: Timestamp) -> Vec<Loading> {
        let pieces: Arc<Mutex<Vec<Loading>>> = Arc::default();
        let keep = pieces.clone();
        self.store.load(since, Box::new(move |piece| keep.lock().unwrap().push(piece))).await.unwrap();
        std::mem::take(&mut *pieces.lock().unwrap())
    }

    /// All that an index would be told that stands at an event.
    pub async fn caught_up(&self, after: Seq, seen_since: Option<Timestamp>) -> Vec<Loading> {
        let pieces: Arc<Mutex<Vec<Loading>>> = Arc::default();
        let keep = pieces.clone();
        let visit = Box::new(move |piece| keep.lock().unwrap().push(piece));
        self.store.catch_up(after, seen_since, visit).await.unwrap();
        std::mem::take(&mut *pieces.lock().unwrap())
    }

    /// The whole ledger.
    pub async fn ledger(&self) -> Vec<LedgerRow> {
        self.store.ledger(Seq(0), 1_000_000).await.unwrap()
    }

    /// The details of the last event, as JSON.
    pub async fn last_detail(&self) -> serde_json::Value {
        let row = self.ledger().await.pop().unwrap();
        serde_json::from_slice(&row.detail.unwrap()[crate::chain::SALT_BYTES..]).unwrap()
    }
}
