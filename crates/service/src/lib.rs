//! The use cases. Reads go to the index (or the store, for what it does not hold); changes go to the
//! [`writer`], and the index learns of them from what was committed.
//!
//! **Invariant:** no use case checks a right: the guard has, before it calls.

mod addresses;
mod as_of;
mod audit;
mod authenticate;
mod change_password;
mod changes;
mod checkpoint;
mod codes;
mod complete;
mod contain_user;
mod create_user;
mod delete_user;
mod delivery;
mod end_session;
mod endings;
mod error;
mod factors;
mod feeds;
mod fill;
mod filters;
mod find_users;
mod first_start;
mod following;
mod hashing;
mod introspect;
mod lags;
mod last_seen;
mod leases;
mod list_sessions;
mod load;
mod mail_codes;
mod measured_store;
mod metrics;
mod observations;
mod pasts;
mod permissions;
mod personal_tokens;
mod places;
mod pool;
mod principal;
mod rehash;
mod revoke_by_filter;
mod revoking;
mod roles;
mod service_tokens;
mod sets;
mod settings;
mod show_session;
mod sign_in;
mod start;
mod stats;
mod step_up;
mod ticks;
mod update_user;
mod upkeep;
mod user_fields;
mod users;
mod views;
mod writer;

pub use addresses::AddressCode;
pub use as_of::{AsOf, Then};
pub use audit::{AuditEvent, AuditPage};
pub use checkpoint::{CheckpointPlace, Unusable, end_of_checkpoint};
pub use codes::Code;
pub use complete::Completed;
pub use contain_user::Containment;
pub use create_user::{Password, UserRequest};
pub use delete_user::UserReference;
pub use delivery::{HandedOver, MailState, MailTransport, Outcome, Outgoing};
pub use endings::{Ending, Watch};
pub use error::{
    AsOfRefusal, FieldRefusal, MailedCodes, NotWritten, PersonalTokenRefusal, Refusal, RevocationRefusal,
    RoleRefusal, ServiceTokenRefusal, SignInRefusal, StepUpKind, StepUpMethod, StepUpRefusal, Wait,
};
pub use feeds::{Beginning, Follower, Next, Notice, Place, WriteItem};
pub use fill::{Filling, fill};
pub use find_users::FoundUser;
pub use first_start::FirstAdministrator;
pub use introspect::GoodToken;
pub use list_sessions::Found;
pub use metrics::TIMES;
pub use principal::{AnyPrincipal, Client, Principal, ServicePrincipal};
pub use revoke_by_filter::{PreviewRequest, Previewed};
pub use rollcall_auth::Kept;
pub use rollcall_index as index;
pub use rollcall_store::reading::EndedSession;
pub use rollcall_store::views::{OwnedView, View};
pub use rollcall_store::{
    Credential, Hindrance, KeptRevocation, NamedUser, PermissionRow, UserSortKey, UsersQuery,
};
pub use service_tokens::{Expiry, Issued, ServiceTokenRequest, StandingServiceToken};
pub use settings::Settings;
pub use show_session::Ended;
pub use sign_in::{LoginName, SignIn, SignedIn};
pub use start::{Parts, Phase};
pub use stats::{SignIns, Times};
pub use update_user::UserUpdate;
pub use user_fields::{is_address, is_username};
pub use users::{Seen, SeenPage, UserName};

use checkpoint::Checkpoints;
use delivery::Delivery;
use endings::Endings;
use feeds::{Feeds, Places};
use following::Following;
use hashing::Hashing;
use metrics::Metrics;
use observations::Observations;
use pasts::Pasts;
use pool::Pool;
use revoking::Revoking;
use rollcall_auth::ClusterKey;
use rollcall_index::{Readers, Standing};
use rollcall_model::event::Observation;
use rollcall_model::{Clock, Command, Randomness, Receipt, SessionId, SessionNo, Timestamp};
use rollcall_store::Store;
use std::sync::Arc;
use tokio::sync::{Mutex, watch};
use writer::Writer;

/// Everything that the use cases work on. One per process.
#[expect(missing_debug_implementations, reason = "it is made of handles")]
pub struct Service {
    settings: Settings,
    store: Arc<dyn Store>,
    standing: Arc<Standing>,
    /// What an index is told of user agents and hosts.
    readers: Readers,
    pasts: Pasts,
    following: Arc<Following>,
    writer: Arc<Writer>,
    endings: Arc<Endings>,
    hashing: Arc<Hashing>,
    scans: Pool,
    feeds: Feeds,
    stream_places: Arc<Places>,
    observations: Observations,
    /// Whoever writes when sessions were last seen holds it: one at a time.
    seen_written_at: Mutex<Option<Timestamp>>,
    /// How far the history was looked through for what is to be forgotten.
    forgotten_after: Mutex<SessionNo>,
    delivery: Delivery,
    revoking: Revoking,
    /// What this node is among those over one store.
    node: u64,
    checkpoints: Checkpoints,
    metrics: Arc<Metrics>,
    key: ClusterKey,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    phase: watch::Sender<Phase>,
    /// Whether no new work is taken any more, and what is accepted is still answered.
    leaving: watch::Sender<bool>,
}

impl Service {
    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Why the store does not take all that is asked of it; `None` when it does.
    pub fn hindrance(&self) -> Option<Hindrance> {
        self.store.hindrance()
    }

    /// The service's settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// An id that names nothing in the store.
    pub fn random_id(&self) -> String {
        SessionId::random(&*self.randomness).as_str().to_owned()
    }

    /// Carries a command out by itself. It is how the bench measures commits; no use case is this.
    #[doc(hidden)]
    pub async fn carry_out(&self, command: Command) -> Result<Receipt, NotWritten> {
        self.writer.run(command).await
    }

    /// Takes note of a read or a refusal; it is written to the ledger without being waited for.
    pub fn observe(&self, observation: Observation) {
        self.observations.note(observation, self.clock.now());
    }
}
