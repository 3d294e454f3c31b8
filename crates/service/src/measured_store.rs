//! The store, as the service asks it: each call's time is measured, and each error counted.

use crate::metrics::StoreMetrics;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::MailedCode;
use rollcall_model::failure::{Failure, FailureKey};
use rollcall_model::revocation::{FrozenSet, Preview};
use rollcall_model::{
    Command, Owner, PersonalToken, RevocationId, Seq, ServiceNo, SessionId, SessionNo, Timestamp, UserNo,
};
use rollcall_store::reading::{EndedSession, FoundUsers, Moment, Names, SignInRow, Stood, UsersSearch};
use rollcall_store::views::{OwnedView, View};
use rollcall_store::{
    Answer, BadEvent, ChainEnd, Committed, Credential, Forgotten, Hindrance, Keeping, KeptRevocation,
    KeptServiceToken, Lease, LedgerRow, LiveSets, Loading, MailQueue, Missed, NamedUser, NodeReport,
    PermissionRow, Settled, SharedStore, Store, StoreError, UsersPage, UsersQuery, WhichUser, WorkspaceRow,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A store that is measured.
pub(crate) struct MeasuredStore {
    store: Arc<dyn Store>,
    metrics: StoreMetrics,
}

impl MeasuredStore {
    pub fn new(store: Arc<dyn Store>, metrics: StoreMetrics) -> Self {
        Self { store, metrics }
    }

    fn measured<'a, T: 'a>(&'a self, call: &'static str, answer: Answer<'a, T>) -> Answer<'a, T> {
        Box::pin(async move {
            let asked_at = Instant::now();
            let answer = answer.await;
            self.metrics.called(call, asked_at.elapsed(), answer.as_ref().err());
            answer
        })
    }

    /// That it is shared was asked before anybody came here.
    fn of_many(&self) -> Result<&dyn SharedStore, StoreError> {
        self.store.shared().ok_or_else(|| StoreError::Unavailable("it is not shared".into()))
    }
}

macro_rules! calls {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => { $(
        fn $name(&self, $($argument: $type),*) -> Answer<'_, $answer> {
            self.measured(stringify!($name), self.store.$name($($argument),*))
        }
    )* };
}

macro_rules! calls_of_many {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => { $(
        fn $name(&self, $($argument: $type),*) -> Answer<'_, $answer> {
            match self.of_many() {
                Ok(store) => self.measured(stringify!($name), store.$name($($argument),*)),
                Err(error) => Box::pin(async { Err(error) }),
            }
        }
    )* };
}

impl Store for MeasuredStore {
    calls! {
        commit(commands: Arc<[Command]>, sets: Arc<dyn LiveSets>, now: Timestamp) -> Committed;
        settle() -> ();
        bulk(steps: Arc<[(Timestamp, Command)]>, sets: Arc<dyn LiveSets>) -> Committed;
        end() -> ChainEnd;
        load(since: Timestamp, visit: Box<dyn FnMut(Loading) + Send>) -> ChainEnd;
        catch_up(after: Seq, seen_since: Option<Timestamp>, visit: Box<dyn FnMut(Loading) + Send>) -> ChainEnd;
        users(query: UsersQuery) -> UsersPage;
        credential(which: WhichUser) -> Option<Credential>;
        personal_tokens(user: UserNo) -> Vec<PersonalToken>;
        service_tokens() -> Vec<KeptServiceToken>;
        note_service_use(used: Vec<(ServiceNo, Timestamp)>) -> ();
        password_samples() -> Vec<PasswordHash>;
        users_of_emails(is_asked: Box<dyn Fn(&str) -> bool + Send + Sync>) -> Vec<UserNo>;
        failures(keys: Vec<FailureKey>) -> HashMap<FailureKey, Failure>;
        permissions() -> Vec<PermissionRow>;
        workspace() -> Option<WorkspaceRow>;
        ledger(after: Seq, limit: usize) -> Vec<LedgerRow>;
        ledger_before(before: Seq, limit: usize) -> Vec<LedgerRow>;
        moments(events: Vec<Seq>) -> Vec<Moment>;
        names(users: Vec<UserNo>, sessions: Vec<SessionNo>) -> Names;
        ended_session(id: SessionId) -> Option<EndedSession>;
        session_events(session: SessionNo, ended: Option<Seq>, limit: usize) -> Vec<LedgerRow>;
        sign_ins_before(before: SessionNo, limit: usize) -> Vec<SignInRow>;
        stood(then: Seq, after: SessionNo, limit: usize) -> Stood;
        owners(users: Vec<UserNo>) -> Vec<Owner>;
        find_users(search: UsersSearch) -> FoundUsers;
        views(user: UserNo, limit: usize) -> Vec<OwnedView>;
        put_view(user: UserNo, view: View, most: usize) -> bool;
        drop_view(user: UserNo, name: String) -> bool;
        verify() -> Result<ChainEnd, BadEvent>;
        note_seen(seen: Vec<(SessionNo, Timestamp)>) -> ();
        mailed_codes(user: UserNo) -> Vec<MailedCode>;
        mails(now: Timestamp, limit: usize) -> MailQueue;
        settle_mails(settled: Vec<(Seq, Settled)>) -> ();
        forget(keeping: Keeping) -> Forgotten;
        named(name: &str) -> Vec<NamedUser>;
        erase(user: UserNo, after: Seq, limit: usize) -> Option<Seq>;
        keep_preview(preview: Preview, sessions: FrozenSet, most: usize) -> ();
        revocation(id: RevocationId) -> Option<KeptRevocation>;
        frozen_set(id: RevocationId) -> Option<FrozenSet>;
        revocations_under_way() -> Vec<RevocationId>;
        sweep(now: Timestamp, counters_since: Timestamp, limit: usize) -> usize;
        close() -> ();
    }

    fn commit_ahead(
        &self,
        commands: Arc<[Command]>,
        sets: Arc<dyn LiveSets>,
        now: Timestamp,
    ) -> Answer<'_, Committed> {
        self.measured("commit", self.store.commit_ahead(commands, sets, now))
    }

    fn hindrance(&self) -> Option<Hindrance> {
        self.store.hindrance()
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        self.store.shared().map(|_| self as &dyn SharedStore)
    }
}

impl SharedStore for MeasuredStore {
    fn clock(&self) -> Arc<dyn Clock> {
        match self.store.shared() {
            Some(store) => store.clock(),
            None => Arc::new(SystemClock),
        }
    }

    calls_of_many! {
        head() -> ChainEnd;
        missed(after: ChainEnd) -> Missed;
        lease(what: Lease, holder: u64, time: Duration) -> bool;
        release(what: Lease, holder: u64) -> ();
        report(report: NodeReport) -> ();
        reports(within: Duration) -> Vec<NodeReport>;
    }
}
