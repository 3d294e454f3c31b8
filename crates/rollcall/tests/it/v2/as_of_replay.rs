//! The past, told twice: by the server, and by a naive replay of its ledger, on random histories.

use rollcall::config::Config;
use rollcall_auth::digest;
use rollcall_model::command::Opening;
use rollcall_model::event::KINDS;
use rollcall_model::factor::Proof;
use rollcall_model::{Actor, Command, EndReason, Seq, SessionId, SessionNo, Timestamp, UserNo};
use rollcall_service::index::{List, Scope, TallyBy};
use rollcall_testkit::{Caller, TestServer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);
const IDLE: Duration = Duration::from_mins(30);
const STEPS: usize = 60;
const HISTORIES: u64 = 6;

/// xorshift64*.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let count = of.len() as u64;
        (count > 0).then(|| of[usize::try_from(self.below(count)).unwrap()])
    }
}

struct History {
    server: TestServer,
    chance: Chance,
    users: Vec<UserNo>,
    opened: Vec<SessionNo>,
    tokens: BTreeMap<SessionNo, String>,
    /// When each is over at the latest.
    expire_at: BTreeMap<String, Timestamp>,
}

impl History {
    async fn new(seed: u64) -> Self {
        let mut config = Config::default();
        (config.service.session_idle, config.wire.rate_calls) = (Some(IDLE), 1_000_000);
        let server = TestServer::with(config).await;
        let mut users = Vec::new();
        for name in ["ann", "bob", "cat"] {
            server.user(name).await;
            users.push(server.store.named(name).await.unwrap()[0].no);
        }
        let chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        Self {
            server,
            chance,
            users,
            opened: Vec::new(),
            tokens: BTreeMap::new(),
            expire_at: BTreeMap::new(),
        }
    }

    async fn open(&mut self) {
        let user = self.chance.one_of(&self.users).unwrap();
        let minutes = self.chance.one_of(&[5, 20, 180]).unwrap();
        let token = format!("a token with {} letters and more", self.chance.below(u64::MAX));
        let id: SessionId = self.server.service.random_id().parse().unwrap();
        let opening = Opening {
            user,
            id,
            token: digest::token(&token),
            lifetime: minutes * MINUTE,
            per_user_max: 4,
            proof: Proof::Password,
            ip: [192, 0, 2, 7].into(),
            agent: "curl/8.5.0".into(),
            host: "chat.example.test".into(),
            guards: Vec::new(),
            clears: Vec::new(),
        };
        // Of a deleted user there is none.
        let Ok(receipt) = self.server.service.carry_out(Command::OpenSession(Box::new(opening))).await else {
            return;
        };
        let no = SessionNo(receipt.last.0);
        self.opened.push(no);
        self.tokens.insert(no, token);
        self.expire_at.insert(id.as_str().into(), self.server.service.now() + minutes * MINUTE);
    }

    async fn end(&mut self) {
        let Some(session) = self.chance.one_of(&self.opened) else { return };
        let (reason, by) = (EndReason::EndedByAdministrator, Actor::Operator);
        drop(self.server.service.carry_out(Command::EndSession { session, reason, by }).await);
    }

    async fn end_all(&mut self) {
        let user = self.chance.one_of(&self.users).unwrap();
        let end = Command::EndSessionsOf { user, but: None, by: Actor::Operator };
        drop(self.server.service.carry_out(end).await);
    }

    async fn use_one(&mut self) {
        let Some(session) = self.chance.one_of(&self.opened) else { return };
        let caller: Caller = self.server.caller();
        let bearer = format!("Bearer {}", self.tokens[&session]);
        caller.with("authorization", &bearer).get_v2("me").await;
    }

    async fn step(&mut self) {
        match self.chance.below(20) {
            0..8 => self.open().await,
            8..10 => self.end().await,
            10 => self.end_all().await,
            11..13 => self.use_one().await,
            13 => {
                let user = self.chance.one_of(&self.users).unwrap();
                if self.chance.below(4) == 0 {
                    let delete = Command::DeleteUser { user, by: Actor::System };
                    drop(self.server.service.carry_out(delete).await);
                }
            }
            14 => self.server.service.do_what_is_due().await,
            15 => self.server.pass(IDLE).await,
            // In some steps no time passes: what happens in them happens at one instant.
            _ => {
                let ms = self.chance.below(15 * 60_000);
                self.server.clock.advance(Duration::from_millis(ms));
            }
        }
    }

    /// What the server says of an instant, and of what is live.
    async fn listed(&self, at: Option<Timestamp>) -> BTreeSet<String> {
        let service = &self.server.service;
        let of = service.as_of(at).await.unwrap_or_else(|refusal| panic!("{at:?}: {refusal:?}"));
        let (scope, count) = (Scope::Everyone, usize::MAX);
        let list = List { scope, filter: None, sort: Vec::new(), after: None, offset: 0, count };
        let tallied = service.tally(of.clone(), None, vec![TallyBy::User]).await.unwrap();
        let (total, listed) = service
            .list_sessions(of, list, |page| {
                let ids = page.rows().map(|row| String::from_utf8(row.id().to_vec()).unwrap());
                (page.total(), ids.collect::<BTreeSet<_>>())
            })
            .await
            .unwrap();
        let by_user: usize = tallied.1[0].values.iter().map(|(_, count)| count).sum();
        assert_eq!((total, tallied.0, by_user), (listed.len(), listed.len(), listed.len()));
        listed
    }

    /// All that the ledger tells of sessions: from when to when each was live.
    async fn lives(&self) -> BTreeMap<String, (Timestamp, Timestamp)> {
        let mut lives = BTreeMap::new();
        for row in self.server.store.ledger(Seq(0), 100_000).await.unwrap() {
            let detail = || -> Value { serde_json::from_slice(&row.detail.as_ref().unwrap()[16..]).unwrap() };
            let id = |detail: &Value| detail["id"].as_str().unwrap().to_owned();
            match KINDS[usize::from(row.envelope.kind) - 1] {
                "session.opened" => {
                    let id = id(&detail());
                    let never = Timestamp::from_ms(i64::MAX);
                    let expires_at = self.expire_at.get(&id).copied().unwrap_or(never);
                    lives.insert(id, (row.envelope.at, expires_at));
                }
                "session.ended" => {
                    let detail = detail();
                    let due = detail["due"].as_i64().map(Timestamp::from_ms);
                    let (_, end) = lives.get_mut(&id(&detail)).unwrap();
                    *end = (*end).min(due.unwrap_or(row.envelope.at));
                }
                _ => {}
            }
        }
        lives
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_live_at_an_instant_is_what_the_ledger_tells_of_it() {
    for seed in 1..=HISTORIES {
        let mut history = History::new(seed).await;
        for _ in 0..STEPS {
            history.step().await;
            // Also what is over and not told yet.
            let now = history.server.service.now();
            if history.chance.below(3) == 0 {
                assert_eq!(history.listed(Some(now)).await, history.listed(None).await, "seed {seed}, {now}");
                // What was asked of an instant is remembered: nothing further happens at it.
                history.server.clock.advance(Duration::from_millis(1));
            }
        }
        // Until all endings by time are told.
        for _ in 0..5 {
            history.server.pass(IDLE).await;
        }
        history.server.pass(180 * MINUTE).await;
        if seed % 2 == 0 {
            history.server = history.server.restart().await;
        }
        let lives = history.lives().await;
        let instants: BTreeSet<_> = lives.values().flat_map(|(from, to)| [*from, *to]).collect();
        let now = history.server.service.now();
        let begun_at = history.server.store.moments(vec![Seq(1)]).await.unwrap()[0].at;
        let around = instants
            .into_iter()
            .flat_map(|at| [at - Duration::from_millis(1), at, at + Duration::from_millis(1)]);
        for at in around.filter(|at| (begun_at..now).contains(at)) {
            let were = lives.iter().filter(|(_, (from, to))| *from <= at && at < *to);
            let expected: BTreeSet<String> = were.map(|(id, _)| id.clone()).collect();
            assert_eq!(history.listed(Some(at)).await, expected, "seed {seed}, as of {at}");
        }
    }
}
