//! Sessions of past instants, each filled from the store into an index of its own and held for some minutes: the first page
//! costs the fill, further ones cost what live ones do.
//!
//! **Invariants**
//! - One fill at a time; who asks for the same instant meanwhile waits for it and gets the same.
//! - Pasts are bounded in number and in the sessions that they have together. What somebody reads counts until it is let
//!   go of; a past that finds no room is refused before it is filled.
//! - A past has as many sessions as the ledger counted, or it is refused: what retention has taken is not passed over.

use crate::{AsOfRefusal, Refusal, Service, Then};
use parking_lot::Mutex;
use rollcall_index::{Loaded, Readers, Standing};
use rollcall_model::{Owner, Session, SessionNo, Timestamp, TokenHash, UserNo, limits};
use rollcall_store::reading::{Moment, StoodSession};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_blocking;

/// Stretches that were read and wait to be taken in.
const PIECES_WAITING: usize = 4;

/// The sessions of an instant.
pub(crate) struct Past {
    pub then: Then,
    pub standing: Arc<Standing>,
    /// How many sessions count towards the bound.
    sessions: u64,
    /// How many users had been erased before.
    erasures: u64,
    kept_until: Timestamp,
}

impl Past {
    fn is_good(&self, now: Timestamp, erasures: u64) -> bool {
        now < self.kept_until && self.erasures == erasures
    }
}

/// The pasts that are held.
pub(crate) struct Pasts {
    /// The one asked last at the end.
    held: Mutex<Vec<Arc<Past>>>,
    /// Sessions that all have together at the most.
    most: u64,
    /// Whoever fills one holds it.
    turn: tokio::sync::Mutex<()>,
    waiting: Arc<Semaphore>,
}

impl Pasts {
    pub fn new(most: usize) -> Self {
        Self {
            held: Mutex::default(),
            most: most as u64,
            turn: tokio::sync::Mutex::default(),
            waiting: Arc::new(Semaphore::new(limits::PASTS_WAITING)),
        }
    }

    /// The past of an instant, if it is held.
    pub fn find(&self, at: Timestamp, now: Timestamp, erasures: u64) -> Option<Arc<Past>> {
        let mut held = self.held.lock();
        let found = held.iter().position(|past| past.then.at == at && past.is_good(now, erasures))?;
        let past = held.remove(found);
        held.push(past.clone());
        Some(past)
    }

    /// Makes room for a past of so many sessions: of those that nobody reads, the one not asked for longest goes first.
    fn make_room(&self, sessions: u64) -> Result<(), Refusal> {
        if sessions > self.most {
            return Err(AsOfRefusal::TooLarge { sessions, most: self.most }.into());
        }
        let mut held = self.held.lock();
        let mut gone = Vec::new();
        while held.len() >= limits::PASTS || count(&held) + sessions > self.most {
            let Some(unread) = held.iter().position(is_unread) else {
                return Err(AsOfRefusal::AllRead.into());
            };
            gone.push(held.remove(unread));
        }
        drop(held);
        let_go(gone);
        Ok(())
    }

    /// Lets go of what is not to be told any longer, unless somebody reads it.
    pub fn trim(&self, now: Timestamp, erasures: u64) {
        let is_over = |past: &mut Arc<Past>| !past.is_good(now, erasures) && is_unread(past);
        let gone: Vec<_> = self.held.lock().extract_if(.., is_over).collect();
        let_go(gone);
    }

    /// How many sessions are held.
    pub fn sessions(&self) -> u64 {
        count(&self.held.lock())
    }

    /// How many fills wait or are under way.
    pub fn under_way(&self) -> usize {
        limits::PASTS_WAITING - self.waiting.available_permits()
    }
}

fn count(held: &[Arc<Past>]) -> u64 {
    held.iter().map(|past| past.sessions).sum()
}

fn is_unread(past: &Arc<Past>) -> bool {
    Arc::strong_count(past) == 1
}

/// A million rows take their time, also to go.
fn let_go(gone: Vec<Arc<Past>>) {
    if !gone.is_empty() {
        drop(spawn_blocking(move || drop(gone)));
    }
}

impl Service {
    /// Fills the past of an instant when its turn comes, unless somebody else has meanwhile. Begun, it is finished, also
    /// when nobody waits for it any more: who asks again finds it.
    pub(crate) async fn fill_past_in_turn(self: &Arc<Self>, at: Timestamp) -> Result<Arc<Past>, Refusal> {
        let place = self.pasts.waiting.clone().try_acquire_owned().map_err(|_| Refusal::Unavailable)?;
        let asked = Arc::new(());
        let (service, asking) = (self.clone(), Arc::downgrade(&asked));
        let filling = tokio::spawn(async move {
            let (_place, _turn) = (place, service.pasts.turn.lock().await);
            if let Some(past) = service.pasts.find(at, service.now(), service.standing.erasures()) {
                return Ok(past);
            }
            if asking.strong_count() == 0 {
                return Err(Refusal::Unavailable);
            }
            let places = service.last_events(&[at]).await?;
            // Before the first event there is no instant that can be asked.
            let then = places.into_iter().flatten().next().ok_or(Refusal::Unavailable)?;
            service.pasts.make_room(then.live)?;
            let past = Arc::new(service.fill_past(at, then).await?);
            service.pasts.held.lock().push(past.clone());
            Ok(past)
        });
        let filled = filling.await;
        drop(asked);
        filled.unwrap_or_else(|panic| {
            tracing::error!(%panic, "sessions of the past could not be taken in");
            Err(Refusal::Unavailable)
        })
    }

    /// Users as they are now: most are at hand, since they have sessions now too.
    async fn owners(&self, users: Vec<UserNo>) -> Result<Vec<Arc<Owner>>, Refusal> {
        let mut owners = Vec::with_capacity(users.len());
        let mut others = Vec::new();
        for user in users {
            match self.standing.owner(user) {
                Some(owner) => owners.push(owner),
                None => others.push(user),
            }
        }
        owners.extend(self.store.owners(others).await?.into_iter().map(Arc::new));
        Ok(owners)
    }

    /// Reads what was live at an instant whose last event is this one. One thread reads, another takes in; neither gets
    /// far ahead, and between two stretches others read.
    async fn fill_past(&self, at: Timestamp, then: Moment) -> Result<Past, Refusal> {
        let (began, now, erasures) = (Instant::now(), self.now(), self.standing.erasures());
        let (pieces, inbox) = mpsc::channel(PIECES_WAITING);
        let filling = Filling::new(at, self.standing.idle_by(at, now), self.readers);
        let taking = spawn_blocking(move || filling.take_all(inbox));
        let mut known = HashSet::new();
        let stretch = |after| self.store.stood(then.seq, after, limits::STOOD_STRETCH);
        let mut reading = stretch(SessionNo(0));
        loop {
            let stood = reading.await?;
            let Some(up_to) = stood.up_to else { break };
            // The next is read while the users of this one are looked up.
            reading = stretch(up_to);
            let met = stood.sessions.iter().map(|session| session.user);
            let met: Vec<UserNo> = met.filter(|user| known.insert(*user)).collect();
            let owners = self.owners(met).await?;
            if pieces.send(Piece { sessions: stood.sessions, owners }).await.is_err() {
                break; // It panicked.
            }
        }
        drop(pieces);
        let filled = taking.await.map_err(|panic| {
            tracing::error!(%panic, "sessions of the past could not be taken in");
            Refusal::Unavailable
        })?;
        if filled.counted != then.live {
            return Err(AsOfRefusal::Forgotten.into());
        }
        self.metrics.filled(began.elapsed());
        let is_settled = now.since(at) >= limits::PAST_SETTLED;
        let kept_for = if is_settled { limits::PAST_KEPT } else { limits::YOUNG_PAST_KEPT };
        Ok(Past {
            then: Then { at, users_at: now, erased: filled.erased },
            standing: Arc::new(filled.standing),
            sessions: then.live,
            erasures,
            kept_until: now + kept_for,
        })
    }
}

/// A stretch that was read, and the users in it that were not met before.
struct Piece {
    sessions: Vec<StoodSession>,
    owners: Vec<Arc<Owner>>,
}

/// A past that is being filled.
struct Filling {
    at: Timestamp,
    /// Sessions that were idle for too long by then, which the ledger has still to tell.
    idle: HashSet<SessionNo>,
    owners: HashMap<UserNo, Arc<Owner>>,
    standing: Standing,
    /// How many sessions of those that were read the ledger counted as live.
    counted: u64,
    erased: u64,
}

impl Filling {
    fn new(at: Timestamp, idle: Vec<SessionNo>, readers: Readers) -> Self {
        Self {
            at,
            idle: idle.into_iter().collect(),
            owners: HashMap::new(),
            standing: Standing::new(readers, None),
            counted: 0,
            erased: 0,
        }
    }

    fn take_all(mut self, mut inbox: mpsc::Receiver<Piece>) -> Self {
        while let Some(Piece { sessions, owners }) = inbox.blocking_recv() {
            self.counted += sessions.len() as u64;
            self.owners.extend(owners.into_iter().map(|owner| (owner.no, owner)));
            let loaded: Vec<_> = sessions.into_iter().filter_map(|session| self.loaded(session)).collect();
            self.standing.load(loaded.into_iter());
        }
        self.standing.loaded();
        self
    }

    /// A session that was live at the instant, as a row of an index. What had expired by then the index leaves out by
    /// itself: it is read as of the instant.
    fn loaded(&mut self, stood: StoodSession) -> Option<Loaded> {
        let had_ended = stood.ended_at.is_some_and(|end| end <= self.at);
        if had_ended || self.idle.contains(&stood.no) {
            return None;
        }
        let Some(id) = stood.id else {
            self.erased += 1;
            return None;
        };
        let session = Session {
            no: stood.no,
            id,
            owner: self.owners.get(&stood.user)?.clone(),
            token: no_token(stood.no),
            opened_at: stood.opened_at,
            expires_at: stood.expires_at,
            ip: stood.ip,
            agent: stood.agent,
            host: stood.host,
        };
        Some(Loaded { seen_at: session.opened_at, session })
    }
}

/// What stands in the place of a token's digest. Nobody asks a past for a token; its table wants them to be different.
fn no_token(session: SessionNo) -> TokenHash {
    let spread = session.0.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&spread.to_le_bytes());
    digest[8..16].copy_from_slice(&session.0.to_le_bytes());
    TokenHash(digest)
}
