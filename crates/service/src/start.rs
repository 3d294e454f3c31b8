//! The process's life: the store is opened, the index filled, then everything is answered, then the rest
//! is written down and the store closed.

use crate::checkpoint::Checkpoints;
use crate::delivery::{Delivery, MailTransport};
use crate::endings::Endings;
use crate::error::NotWritten;
use crate::feeds::Feeds;
use crate::following::Following;
use crate::hashing::Hashing;
use crate::measured_store::MeasuredStore;
use crate::metrics::Metrics;
use crate::observations::Observations;
use crate::pasts::Pasts;
use crate::pool::Pool;
use crate::revoking::Revoking;
use crate::upkeep::log_head;
use crate::writer::Writer;
use crate::{Refusal, Service, Settings};
use rollcall_auth::{ClusterKey, Hasher};
use rollcall_index::{Readers, Standing};
use rollcall_model::{Clock, Command, Device, Randomness, Refused, SessionNo, limits};
use rollcall_store::{Store, StoreError, WhichUser, WorkspaceRow};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Mutex, Notify, watch};

/// Filters that scan at once: one, so that a core is left to everything else.
const SCANS_AT_ONCE: usize = 1;
/// Filters that wait to scan.
const SCANS_WAITING: usize = 64;

/// What the service is made of.
#[expect(missing_debug_implementations, reason = "it is made of handles")]
pub struct Parts {
    /// The engine.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness for tokens, ids and salts.
    pub randomness: Arc<dyn Randomness>,
    /// The cluster key.
    pub key: ClusterKey,
    /// What carries mails out.
    pub mail: Arc<dyn MailTransport>,
    /// Settings.
    pub settings: Settings,
    /// How a list row shows a device and a host: ready text, made once per distinct pair.
    pub client_fragment: fn(&Device, &str) -> String,
}

/// Where the process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The index is being filled.
    Loading,
    /// Everything is answered.
    Ready,
    /// Nothing is answered any more: the store is of a version that this program does not know.
    Outdated,
    /// No new work is taken.
    Stopping,
}

impl Phase {
    /// Whether requests are answered.
    pub fn is_ready(self) -> bool {
        self == Self::Ready
    }

    /// Why requests are not answered; empty when they are.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Loading => "sessions are being loaded",
            Self::Ready => "",
            Self::Outdated => "a newer rollcall has changed the store's schema",
            Self::Stopping => "the server is stopping",
        }
    }
}

impl Service {
    /// Puts the parts together and starts the writer. Nothing is answered before [`Service::load`].
    pub fn new(parts: Parts) -> Arc<Self> {
        let readers = Readers {
            device: |agent| rollcall_user_agent::device(Some(agent)),
            fragment: parts.client_fragment,
        };
        let standing = Arc::new(Standing::new(readers, parts.settings.session_idle));
        let (endings, queued) = (Arc::<Endings>::default(), Arc::new(Notify::new()));
        let bound = parts.settings.revocation_bound;
        let metrics = Arc::new(Metrics::new());
        let store: Arc<dyn Store> = Arc::new(MeasuredStore::new(parts.store, metrics.store.clone()));
        let following =
            Following::new(standing.clone(), endings.clone(), metrics.clone(), bound, parts.clock.clone());
        let following = Arc::new(following);
        let mut node = [0; 8];
        parts.randomness.fill(&mut node);
        let node = u64::from_le_bytes(node);
        let writer = Writer::start(
            store.clone(),
            standing.clone(),
            following.clone(),
            endings.clone(),
            queued.clone(),
            parts.clock.clone(),
            metrics.clone(),
        );
        Arc::new(Self {
            settings: parts.settings,
            hashing: Arc::new(Hashing::new(
                Hasher::with_memory(parts.settings.argon2_kib),
                &*parts.randomness,
            )),
            readers,
            pasts: Pasts::new(parts.settings.as_of_sessions),
            scans: Pool::new(SCANS_AT_ONCE, SCANS_WAITING),
            feeds: Feeds::default(),
            stream_places: Arc::default(),
            observations: Observations::default(),
            seen_written_at: Mutex::default(),
            forgotten_after: Mutex::new(SessionNo(0)),
            delivery: Delivery::new(parts.mail, queued),
            revoking: Revoking::default(),
            node,
            checkpoints: Checkpoints::default(),
            metrics,
            key: parts.key,
            store,
            standing,
            following,
            writer: Arc::new(writer),
            endings,
            clock: parts.clock,
            randomness: parts.randomness,
            phase: watch::Sender::new(Phase::Loading),
            leaving: watch::Sender::new(false),
        })
    }

    /// Where the process stands.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Begins the ledger of an empty store and fills the index: from the checkpoint and what came after it, or from
    /// the store.
    pub async fn load(self: &Arc<Self>) -> Result<(), StoreError> {
        let started = Instant::now();
        self.following.begin_at(self.store.end().await?);
        let workspace = self.store.workspace().await?;
        self.refuse_cheap_hashes(workspace)?;
        if workspace.is_none() {
            self.begin_ledger().await?;
        }
        self.adopt_key().await?;
        let ((), (end, from)) = tokio::try_join!(self.learn_hashes(), self.fill())?;
        self.standing.loaded();
        self.following.is_filled_to(end);
        // Of several nodes, it is one that may answer.
        self.catch_up_at_start().await?;
        for row in self.store.permissions().await? {
            self.standing.set_grant(row.permission, row.roles);
        }
        let live = self.standing.live(self.clock.now());
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(live, seq = end.seq.0, took_ms, from, "sessions are loaded");
        tokio::spawn(self.clone().keep_following());
        tokio::spawn(self.clone().keep_reporting());
        tokio::spawn(self.clone().keep_up());
        tokio::spawn(self.clone().keep_delivering());
        tokio::spawn(self.clone().keep_revoking());
        tokio::spawn(self.clone().write_checkpoints());
        Ok(())
    }

    /// Tries how slow the slowest of the hashes is that users have.
    async fn learn_hashes(&self) -> Result<(), StoreError> {
        let samples = self.store.password_samples().await?;
        let tried = self.hashing.try_others(samples).await;
        tried.map_err(|_| StoreError::Unavailable("hashes of its passwords could not be tried".into()))
    }

    /// The same of users that other nodes made: an operator gives some a hash from elsewhere.
    pub(crate) async fn learn_hashes_of_new_users(&self) {
        let users = self.following.new_users();
        if users.len() > limits::NEW_USERS_ASKED_FOR {
            if let Err(error) = self.learn_hashes().await {
                tracing::warn!(%error, "how slow new users' hashes are is learned at the next start");
            }
            return;
        }
        let mut hashes = Vec::new();
        for user in users {
            match self.store.credential(WhichUser::No(user)).await {
                Ok(found) => hashes.extend(found.map(|credential| credential.password)),
                Err(error) => {
                    tracing::warn!(%error, "how slow a new user's hash is is learned at the next start");
                }
            }
        }
        if self.hashing.try_others(hashes).await.is_err() {
            tracing::warn!("how slow new users' hashes are is learned at the next start");
        }
    }

    /// Passwords of people are not hashed at less than the default cost.
    fn refuse_cheap_hashes(&self, workspace: Option<WorkspaceRow>) -> Result<(), StoreError> {
        let kib = self.settings.argon2_kib;
        if kib >= limits::ARGON2_KIB || workspace.is_some_and(|workspace| workspace.test) {
            return Ok(());
        }
        Err(StoreError::NotOurs(format!(
            "passwords.argon2_kib is {kib}, and the store is no test workspace: passwords of people are hashed with {} \
             KiB; unset it, or name a store that was made by `rollcall generate` or --demo",
            limits::ARGON2_KIB
        )))
    }

    /// Nothing is written to a ledger that has not begun.
    async fn begin_ledger(&self) -> Result<(), StoreError> {
        match self.writer.run(Command::CreateWorkspace { test: false }).await {
            // A race with another start is lost without harm.
            Ok(_) | Err(NotWritten::Refused(Refused::WorkspaceExists)) => Ok(()),
            Err(NotWritten::Refused(Refused::DiskFull)) => Err(StoreError::DiskFull),
            Err(_) => Err(StoreError::Unavailable("the ledger could not be begun".into())),
        }
    }

    /// Says which key the store is sealed with, or hears that it is another.
    async fn adopt_key(&self) -> Result<(), StoreError> {
        let ours = self.key.fingerprint();
        match self.writer.run(Command::AdoptKey(ours)).await {
            Ok(_) => Ok(()),
            Err(NotWritten::Refused(Refused::OtherKey(theirs))) => Err(StoreError::NotOurs(format!(
                "the store is sealed with the cluster key {theirs}, and the key given is {ours}: name the right \
                 file with --key-file"
            ))),
            Err(_) => Err(StoreError::Unavailable("the cluster key could not be written down".into())),
        }
    }

    /// Begins to answer requests.
    pub fn open_doors(&self) {
        self.phase.send_if_modified(|phase| {
            let is_loaded = *phase == Phase::Loading;
            if is_loaded {
                *phase = Phase::Ready;
            }
            is_loaded
        });
    }

    /// Returns when the store is of a version that this program does not know: there is nothing more to do but end.
    pub async fn outdated(&self) {
        let _ = self.phase.subscribe().wait_for(|phase| *phase == Phase::Outdated).await;
    }

    /// Tells whoever follows something that it is over: no end of work that was accepted waits for them.
    pub fn begin_to_stop(&self) {
        self.leaving.send_replace(true);
    }

    /// Answers what was accepted, writes the rest down and closes the store.
    pub async fn close(&self) -> Result<(), Refusal> {
        if self.phase.send_replace(Phase::Stopping) == Phase::Outdated {
            // What would be written has a form of before.
            return Ok(self.store.close().await?);
        }
        let rest = self.observations.rest();
        if !rest.is_empty() {
            let _ = self.writer.run(Command::Observe(rest)).await;
        }
        self.writer.close().await;
        self.deliver_no_more().await;
        // When everything is answered: nothing moves any more.
        let seen = self.note_all_seen().await;
        if let Err(error) = &seen {
            tracing::warn!(%error, "when sessions were last seen could not be written");
        }
        self.write_last_checkpoint(seen.is_ok()).await;
        log_head(self.following.end());
        self.store.close().await?;
        Ok(())
    }
}
