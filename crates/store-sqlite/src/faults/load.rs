//! A mixed load: sign-ins, endings, changes of roles, uses of sessions, wrong guesses, sweeps.

use super::Expected;
use rollcall_faulty_vfs::{Disk, Moment};
use rollcall_model::failure::{FailureKey, FailureLimit};
use rollcall_model::{Actor, Command, EndReason, Event, Happening, Role, SessionNo, Timestamp, UserNo};
use rollcall_store::chain::BEFORE_THE_FIRST;
use rollcall_store::suite::Fixture;
use rollcall_store::{Committed, Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const LIMIT: FailureLimit =
    FailureLimit { max: 9, window: Duration::from_mins(5), block: Duration::from_mins(5) };

/// How commits come to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Each by itself.
    Synced,
    /// Of three, one by itself, and two ahead, which are settled together.
    Ahead,
    /// The same, but whoever committed ahead is answered at once, which nobody may be.
    AnsweredTooEarly,
}

/// The load on one store, and what is known of it.
pub struct Load {
    pub fixture: Fixture,
    way: Way,
    /// What was committed and is not answered yet.
    unsettled: Vec<Expected>,
    now: Expected,
    users: Vec<UserNo>,
    turn: usize,
    /// What a store has to show that holds a commit and none after it, and when that commit was answered.
    pub answered: Vec<(Moment, Expected)>,
}

impl Load {
    /// A load on an empty store.
    pub fn on(store: Arc<dyn Store>, disk: &Disk) -> Self {
        Self::by(Way::Synced, store, disk)
    }

    /// The same, whose commits come to the disk so.
    pub fn by(way: Way, store: Arc<dyn Store>, disk: &Disk) -> Self {
        let nothing =
            Expected { end: BEFORE_THE_FIRST, live: BTreeSet::new(), opened: 0, users: BTreeMap::new() };
        let answered = vec![(disk.now(), nothing.clone())];
        let (fixture, unsettled, users) = (Fixture::new(store), Vec::new(), Vec::new());
        Self { fixture, way, unsettled, now: nothing, users, turn: 0, answered }
    }

    /// So many turns more.
    pub async fn run(&mut self, disk: &Disk, turns: usize) -> Result<(), StoreError> {
        for _ in 0..turns {
            self.commit(disk).await?;
            self.between().await?;
        }
        Ok(())
    }

    /// One commit.
    pub async fn commit(&mut self, disk: &Disk) -> Result<(), StoreError> {
        let turn = self.turn;
        self.turn += 1;
        self.fixture.set_now(1_000_000 + i64::try_from(turn).unwrap() * 1_000);
        let commands = self.commands(turn);
        let is_ahead = self.way != Way::Synced && !turn.is_multiple_of(3);
        let committed = if is_ahead {
            self.fixture.try_commit_ahead(commands).await?
        } else {
            self.fixture.try_commit(commands).await?
        };
        self.take(&committed);
        self.unsettled.push(self.now.clone());
        if is_ahead && self.way == Way::Ahead {
            if turn % 3 == 1 {
                return Ok(());
            }
            self.fixture.store.settle().await?;
        }
        self.answered.extend(self.unsettled.drain(..).map(|expected| (disk.now(), expected)));
        Ok(())
    }

    /// What is done now and then between commits.
    pub async fn between(&self) -> Result<(), StoreError> {
        let (store, now) = (&self.fixture.store, self.fixture.now());
        if self.turn.is_multiple_of(5) {
            let seen = self.now.live.iter().map(|session| (*session, now));
            store.note_seen(seen.collect()).await?;
        }
        if self.turn.is_multiple_of(11) {
            store.sweep(now, Timestamp::from_ms(0), 7).await?;
        }
        Ok(())
    }

    fn commands(&self, turn: usize) -> Vec<Command> {
        let by = Actor::System;
        if turn == 0 {
            return vec![
                Command::CreateWorkspace { test: false },
                self.fixture.creation("boss", &[Role::Admin]),
            ];
        }
        if turn < 4 {
            return vec![self.fixture.creation(&format!("user-{turn}"), &[])];
        }
        let user = self.users[turn % self.users.len()];
        let oldest = self.now.live.first().copied().unwrap_or(SessionNo(0));
        match turn % 8 {
            0 | 4 => (0..3).map(|_| Command::OpenSession(Box::new(self.fixture.opening(user)))).collect(),
            1 | 6 => vec![Command::EndSession { session: oldest, reason: EndReason::SignedOut, by }],
            2 => vec![Command::GrantRole { user: self.users[1], role: Role::Admin, by }],
            5 => vec![Command::RevokeRole { user: self.users[1], role: Role::Admin, by }],
            3 => vec![
                Command::CountFailure(vec![(FailureKey::User(user), LIMIT)]),
                Command::OpenSession(Box::new(self.fixture.opening(user))),
                Command::EndSession { session: oldest, reason: EndReason::EndedByAdministrator, by },
            ],
            _ => vec![Command::EndSessionsOf { user, but: None, by }],
        }
    }

    fn take(&mut self, committed: &Committed) {
        self.now.end = committed.end;
        for event in &committed.events {
            self.take_event(event);
        }
    }

    fn take_event(&mut self, event: &Event) {
        match &event.happening {
            Happening::SessionOpened(session) => {
                self.now.opened += 1;
                self.now.live.insert(session.no);
            }
            Happening::SessionEnded { .. } => _ = self.now.live.remove(&event.session.unwrap()),
            Happening::UserCreated { user, .. } => {
                let (no, owner) = (user.owner.no, &user.owner);
                self.users.push(no);
                self.now.users.insert(no.0, (owner.username.clone(), owner.roles));
            }
            Happening::RolesChanged { owner, .. } => {
                self.now.users.get_mut(&owner.no.0).unwrap().1 = owner.roles;
            }
            _ => {}
        }
    }

    /// What the store shows now.
    pub const fn now(&self) -> &Expected {
        &self.now
    }
}
