//! Fills an empty store with invented people, by the store's bulk path: a past in time order, on a clock
//! of its own.

use rollcall_demo::{Ended, Happening, How, Member, Size, Visit, Workspace};
use rollcall_model::command::Opening;
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::Proof;
use rollcall_model::user::{Email, Profile, UserKind};
use rollcall_model::{
    Actor, Command, EndReason, NewUser, Randomness, Role, SessionId, SessionNo, Timestamp, TokenHash, UserId,
    UserNo, limits,
};
use rollcall_store::{LiveSets, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Steps written in one go: a demo is one commit, all or nothing.
const STEPS_AT_ONCE: usize = 10_000;
/// Ended sessions that go to history in one go.
const ENDED_AT_ONCE: usize = 100_000;

/// What an empty store is filled with. Ids and times are the same for the same seed, size and instant.
#[derive(Clone, Debug)]
pub struct Filling {
    /// Who the people are.
    pub seed: u64,
    /// How many they are.
    pub size: Size,
    /// The instant at which the made-up past ends.
    pub now: Timestamp,
    /// The hash of the one password that all of them have: hashing one for each would only take time.
    pub password: PasswordHash,
}

impl Filling {
    /// How many events it comes to: the workspace, each user, each opening and each ending are one.
    pub fn events(&self) -> u64 {
        let Size { users, live_sessions, ended_sessions, days: _ } = self.size;
        1 + u64::from(users) + u64::from(live_sessions) + 2 * u64::from(ended_sessions)
    }
}

/// Writes a made-up test workspace into the store, unless the store's ledger has begun: then nothing is touched,
/// and `false` is answered. `written` is told now and then how many events are in the store.
pub async fn fill(
    store: &dyn Store,
    filling: &Filling,
    secrets: Arc<dyn Randomness>,
    mut written: impl FnMut(u64),
) -> Result<bool, StoreError> {
    if store.workspace().await?.is_some() {
        return Ok(false);
    }
    let workspace = Workspace::plan(filling.seed, &filling.size, filling.now.as_ms());
    let mut script = Script::new(&workspace, filling, secrets);
    let began = workspace.members.first().map_or(filling.now.as_ms(), |member| member.joined_at_ms);
    script.add(began, Command::CreateWorkspace { test: true });
    // While the engine writes one batch, the next is made.
    let mut writing = None;
    for happening in workspace.timeline() {
        match happening {
            Happening::Joined(place, member) => script.join(place, member),
            Happening::Opened(place, visit) => script.open(place, visit),
            Happening::Ended(place, visit, ended) => script.end(place, visit, ended),
        }
        if script.steps.len() >= STEPS_AT_ONCE
            && let Some(before) = writing.replace(script.write(store))
        {
            written(before.await?);
        }
    }
    for last in [writing, Some(script.write(store))].into_iter().flatten() {
        written(last.await?);
    }
    // A workspace that has run for a while: who was ended is in the history.
    while store.sweep(filling.now, filling.now, ENDED_AT_ONCE).await? > 0 {}
    Ok(true)
}

/// The steps to be written, and the numbers that the ledger will give: each step is one event.
struct Script {
    // Each its own, so that a user's id does not hang on who signed in before.
    user_ids: Seeded,
    session_ids: Seeded,
    secrets: Arc<dyn Randomness>,
    password: PasswordHash,
    steps: Vec<(Timestamp, Command)>,
    next: u64,
    users: Vec<UserNo>,
    sessions: Vec<SessionNo>,
}

impl Script {
    fn new(workspace: &Workspace, filling: &Filling, secrets: Arc<dyn Randomness>) -> Self {
        Self {
            user_ids: Seeded(AtomicU64::new(filling.seed)),
            session_ids: Seeded(AtomicU64::new(!filling.seed)),
            secrets,
            password: filling.password.clone(),
            steps: Vec::new(),
            next: 1,
            users: vec![UserNo(0); workspace.members.len()],
            sessions: vec![SessionNo(0); workspace.visits.len()],
        }
    }

    fn add(&mut self, at_ms: i64, command: Command) -> u64 {
        self.steps.push((Timestamp::from_ms(at_ms), command));
        self.next += 1;
        self.next - 1
    }

    fn join(&mut self, place: u32, member: &Member) {
        let user = Box::new(NewUser {
            id: UserId::random(&self.user_ids),
            username: member.username.clone(),
            name: member.name.clone(),
            roles: [Role::User].into_iter().collect(),
            emails: vec![Email { address: member.email.clone(), verified: true }],
            kind: UserKind::User,
            active: true,
            profile: Profile::default(),
        });
        let create =
            Command::CreateUser { user, password: self.password.clone(), welcome: None, by: Actor::System };
        self.users[place as usize] = UserNo(self.add(member.joined_at_ms, create));
    }

    fn open(&mut self, place: u32, visit: &Visit) {
        let opening = Box::new(Opening {
            user: self.users[visit.member as usize],
            id: SessionId::random(&self.session_ids),
            token: self.nobodys_token(),
            lifetime: limits::SESSION_LIFETIME,
            per_user_max: limits::SESSIONS_PER_USER,
            ip: visit.ip,
            agent: visit.agent.clone(),
            host: visit.host.into(),
            proof: Proof::Password,
            guards: Vec::new(),
            clears: Vec::new(),
        });
        self.sessions[place as usize] =
            SessionNo(self.add(visit.opened_at_ms, Command::OpenSession(opening)));
    }

    fn end(&mut self, place: u32, visit: &Visit, ended: Ended) {
        let session = self.sessions[place as usize];
        let member = Actor::User(self.users[visit.member as usize]);
        let (reason, by) = match ended.how {
            How::SignedOut => (EndReason::SignedOut, member),
            How::ByMember => (EndReason::EndedByUser, member),
            How::Everywhere => (EndReason::SignedOutEverywhere, member),
            How::PasswordSet => (EndReason::PasswordSet, member),
            How::FactorEnrolled => (EndReason::FactorEnrolled, member),
            // No made-up user is an administrator.
            How::ByAdministrator => (EndReason::EndedByAdministrator, Actor::System),
            How::Unlocked => (EndReason::Unlocked, Actor::Operator),
            How::Idle => (EndReason::Idle, Actor::System),
        };
        self.add(ended.at_ms, Command::EndSession { session, reason, by });
    }

    /// The digest of no token at all. Not out of the seed: a token that could be worked out would be a key.
    fn nobodys_token(&self) -> TokenHash {
        let mut digest = [0; 32];
        self.secrets.fill(&mut digest);
        TokenHash(digest)
    }

    /// Has the steps written, and gives what answers how many events are in the store then.
    fn write<'a>(&mut self, store: &'a dyn Store) -> impl Future<Output = Result<u64, StoreError>> + use<'a> {
        let (steps, next) = (std::mem::take(&mut self.steps), self.next);
        // The engine begins now, not when it is waited for.
        let committed = store.bulk(steps.into(), Arc::new(NoSets));
        async move {
            let committed = committed.await?;
            assert!(committed.answers.iter().all(Result::is_ok), "a made-up step is always possible");
            assert_eq!(committed.end.seq.0 + 1, next, "a made-up step is one event");
            Ok(committed.end.seq.0)
        }
    }
}

/// Nobody reaches the cap, so nobody's sessions need be known.
struct NoSets;

impl LiveSets for NoSets {
    fn sessions_of(&self, _user: UserNo) -> Vec<SessionNo> {
        Vec::new()
    }
}

/// Bytes that are the same for the same seed (splitmix64). Only for what is no secret.
struct Seeded(AtomicU64);

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
