//! A full disk: sign-ins are refused, endings go on by what is kept in reserve, and with room all is taken again.

use super::{FEW, goes_on, open, shown};
use crate::SqliteStore;
use crate::reserve::{RESERVE, kept};
use crate::write_back::{PAGES, Pages};
use rollcall_faulty_vfs::Disk;
use rollcall_model::failure::{FailureKey, FailureLimit};
use rollcall_model::limits::{RESERVE_BYTES, RESERVE_ENDINGS};
use rollcall_model::{Actor, Command, EndReason, Refused, Role, SessionNo, Timestamp, UserNo};
use rollcall_store::suite::Fixture;
use rollcall_store::{Hindrance, Store, StoreError};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Sessions of one user.
const EACH: usize = 50;

/// A store with more sessions than the reserve is for, on a disk that is about to be full.
struct Nearly {
    directory: TempDir,
    disk: Disk,
    store: Arc<SqliteStore>,
    fixture: Fixture,
    admin: UserNo,
    sessions: Vec<SessionNo>,
    user: UserNo,
}

async fn nearly_full(pages: Pages, sessions: usize) -> Nearly {
    let directory = TempDir::new().unwrap();
    let disk = Disk::without_past(directory.path());
    let store = open(directory.path(), pages).unwrap();
    let fixture = Fixture::new(store.clone());
    fixture.run(Command::CreateWorkspace { test: false }).await.unwrap();
    let admin = fixture.user("boss", &[Role::Admin]).await;
    let (mut user, mut opened) = (admin, Vec::new());
    for no in 0..sessions.div_ceil(EACH) {
        user = fixture.user(&format!("user-{no}"), &[]).await;
        let openings = (0..EACH).map(|_| Command::OpenSession(Box::new(fixture.opening(user))));
        let answers = fixture.commit(openings.collect()).await.answers;
        opened.extend(answers.into_iter().map(|answer| SessionNo(answer.unwrap().last.0)));
    }
    disk.hold_at_most(disk.held() + (256 << 10));
    Nearly { directory, disk, store, fixture, admin, sessions: opened, user }
}

impl Nearly {
    async fn try_to_sign_in(&self) -> Result<(), Refused> {
        let opening = Command::OpenSession(Box::new(self.fixture.opening(self.admin)));
        self.fixture.run(opening).await.map(|_| ())
    }

    /// Signs in until the disk is full; gives how often that went well.
    async fn fill(&self) -> usize {
        for signed_in in 0..20_000 {
            match self.try_to_sign_in().await {
                Ok(()) => {}
                Err(refused) => {
                    assert_eq!(refused, Refused::DiskFull);
                    assert_eq!(self.store.hindrance(), Some(Hindrance::DiskFull));
                    assert_eq!(kept(self.directory.path()), 0, "it is given back");
                    self.leave_no_room();
                    return signed_in;
                }
            }
        }
        panic!("the disk is not full");
    }

    /// From now on there is no room for the reserve either, for which the disk is the system's own.
    fn leave_no_room(&self) {
        let path = self.directory.path().join(RESERVE);
        fs::remove_file(&path).unwrap();
        symlink("/dev/full", path).unwrap();
    }

    fn make_room(&self) {
        fs::remove_file(self.directory.path().join(RESERVE)).unwrap();
        self.disk.heal();
    }

    async fn end(&self, session: SessionNo) -> Result<(), StoreError> {
        let by = Actor::User(self.admin);
        let ending = Command::EndSession { session, reason: EndReason::EndedByAdministrator, by };
        let committed = self.fixture.try_commit(vec![ending]).await?;
        assert!(committed.answers[0].is_ok(), "{:?}", committed.answers);
        Ok(())
    }

    async fn sweep(&self) -> usize {
        self.store.sweep(self.fixture.now(), Timestamp::from_ms(0), 1_000).await.unwrap()
    }

    /// All is taken again, nothing is lost, and the reserve is kept again.
    async fn recovers(self, ended: usize, signed_in: usize) {
        self.make_room();
        self.sweep().await;
        assert_eq!((self.store.hindrance(), kept(self.directory.path())), (None, RESERVE_BYTES));
        self.try_to_sign_in().await.unwrap();
        let shown = shown(&self.store).await.unwrap();
        assert_eq!(shown.opened, (self.sessions.len() + signed_in + 1) as u64);
        assert!(self.sessions[..ended].iter().all(|session| !shown.live.contains(session)));
        assert!(self.sessions[ended..].iter().all(|session| shown.live.contains(session)));
        let Self { directory, store, fixture, .. } = self;
        store.close().await.unwrap();
        drop((store, fixture));
        let store = open(directory.path(), PAGES).unwrap();
        assert_eq!(super::shown(&store).await.unwrap(), shown);
        goes_on(&store).await.unwrap();
    }
}

#[tokio::test]
async fn on_a_full_disk_sign_ins_are_refused_and_endings_go_on_until_there_is_room_again() {
    let nearly = nearly_full(PAGES, RESERVE_ENDINGS + EACH).await;
    let signed_in = nearly.fill().await;
    let held = nearly.disk.held();
    for (no, session) in nearly.sessions[..RESERVE_ENDINGS].iter().enumerate() {
        nearly.end(*session).await.unwrap();
        if no % 100 == 0 {
            assert_eq!(nearly.try_to_sign_in().await, Err(Refused::DiskFull));
            // Nor does what is done between commits take room from it.
            let seen = nearly.store.note_seen(vec![(nearly.sessions[no + 1], nearly.fixture.now())]).await;
            assert!(matches!(seen, Err(StoreError::DiskFull)), "{seen:?}");
            assert_eq!(nearly.sweep().await, 0);
            assert_eq!(nearly.store.hindrance(), Some(Hindrance::DiskFull));
        }
    }
    let used = nearly.disk.held() - held;
    println!("{RESERVE_ENDINGS} endings, each in a commit of its own, took {} KiB", used >> 10);
    assert!(used < RESERVE_BYTES / 4, "the log begins anew, so that it takes room once: {used} bytes");
    nearly.recovers(RESERVE_ENDINGS, signed_in).await;
}

/// Then the log cannot begin anew, and each ending takes room in it.
#[tokio::test]
async fn endings_go_on_beside_somebody_who_reads_for_long() {
    let nearly = nearly_full(PAGES, RESERVE_ENDINGS + EACH).await;
    let beside = crate::open::reader(nearly.directory.path()).unwrap();
    beside.execute_batch("BEGIN; SELECT seq FROM ledger_head").unwrap();
    let signed_in = nearly.fill().await;
    let held = nearly.disk.held();
    for session in &nearly.sessions[..RESERVE_ENDINGS] {
        nearly.end(*session).await.unwrap();
    }
    let used = nearly.disk.held() - held;
    println!("{RESERVE_ENDINGS} endings, each in a commit of its own, took {} KiB", used >> 10);
    assert!(used > RESERVE_BYTES / 4, "there was nothing to be seen: {used} bytes");
    beside.close().unwrap();
    nearly.recovers(RESERVE_ENDINGS, signed_in).await;
}

/// The log has its length already, and it is the database that finds no room.
#[tokio::test]
async fn a_database_that_cannot_grow_fills_the_disk_too() {
    let nearly = nearly_full(FEW, 300).await;
    let signed_in = nearly.fill().await;
    for session in &nearly.sessions[..200] {
        nearly.end(*session).await.unwrap();
    }
    nearly.recovers(200, signed_in).await;
}

#[tokio::test]
async fn what_ends_sessions_or_guards_a_secret_is_taken_and_nothing_else() {
    let nearly = nearly_full(PAGES, EACH).await;
    nearly.fill().await;
    let (fixture, by, user) = (&nearly.fixture, Actor::User(nearly.admin), nearly.user);
    let limit = FailureLimit { max: 9, window: Duration::from_mins(5), block: Duration::from_mins(5) };
    let deactivate = rollcall_model::UserChange::of_active(false);
    let taken = [
        Command::CountFailure(vec![(FailureKey::User(user), limit)]),
        Command::EndSessionsOf { user, but: Some(nearly.sessions[0].into()), by },
        Command::change_user(user, deactivate, by),
        Command::Unlock { user, by },
        Command::DeleteUser { user, by },
    ];
    for command in taken {
        fixture.run(command.clone()).await.unwrap_or_else(|why| panic!("{why:?}: {command:?}"));
    }
    let refused = [
        fixture.creation("late", &[]),
        Command::GrantRole { user: nearly.admin, role: Role::Bot, by },
        Command::change_user(nearly.admin, rollcall_model::UserChange::of_active(true), by),
    ];
    let answers = fixture.commit(refused.to_vec()).await.answers;
    let full = Err(Refused::DiskFull);
    // What changes nothing takes no room.
    assert!(answers[0] == full && answers[1] == full && answers[2].is_ok(), "{answers:?}");
    assert_eq!(
        shown(&nearly.store)
            .await
            .unwrap()
            .live
            .intersection(&nearly.sessions.iter().copied().collect())
            .count(),
        0
    );
}

#[tokio::test]
async fn a_start_on_a_full_disk_takes_endings() {
    let nearly = nearly_full(PAGES, EACH).await;
    let Nearly { directory, disk, store, fixture, sessions, .. } = nearly;
    // It is killed, the log stays as it is, and somebody else takes the room that was left.
    disk.stop();
    store.close().await.unwrap();
    drop((store, fixture));
    disk.heal();
    disk.next_process();
    let _ = fs::remove_file(directory.path().join("rollcall.db-shm"));
    disk.hold_at_most(disk.held());
    let store = open(directory.path(), PAGES).unwrap();
    assert_eq!((store.hindrance(), kept(directory.path())), (Some(Hindrance::DiskFull), 0));
    let fixture = Fixture::new(store.clone());
    let ending = |session| Command::EndSession { session, reason: EndReason::SignedOut, by: Actor::System };
    for session in sessions {
        fixture.run(ending(session)).await.unwrap();
    }
    assert!(shown(&store).await.unwrap().live.is_empty());
}

#[tokio::test]
async fn when_the_reserve_is_used_up_endings_fail_and_nothing_is_lost() {
    let nearly = nearly_full(PAGES, 3 * EACH).await;
    let signed_in = nearly.fill().await;
    // Somebody else takes most of what was given back.
    nearly.disk.hold_at_most(nearly.disk.held() + (200 << 10));
    let beside = crate::open::reader(nearly.directory.path()).unwrap();
    beside.execute_batch("BEGIN; SELECT seq FROM ledger_head").unwrap();
    let mut ended = 0;
    let told = loop {
        match nearly.end(nearly.sessions[ended]).await {
            Ok(()) => ended += 1,
            Err(error) => break error,
        }
    };
    assert!(ended > 0 && matches!(told, StoreError::DiskFull), "{ended}: {told:?}");
    assert_eq!(nearly.store.hindrance(), Some(Hindrance::DiskFull));
    beside.close().unwrap();
    nearly.recovers(ended, signed_in).await;
}

#[tokio::test]
async fn a_new_store_without_room_for_a_reserve_says_so_from_the_start() {
    let directory = TempDir::new().unwrap();
    symlink("/dev/full", directory.path().join(RESERVE)).unwrap();
    let store = open(directory.path(), PAGES).unwrap();
    assert_eq!(store.hindrance(), Some(Hindrance::DiskFull));
    let begun = Fixture::new(store.clone()).run(Command::CreateWorkspace { test: false }).await;
    assert_eq!(begun, Err(Refused::DiskFull));
    has_room(directory.path());
    store.sweep(Timestamp::from_ms(0), Timestamp::from_ms(0), 1).await.unwrap();
    assert_eq!(store.hindrance(), None);
    goes_on(&store).await.unwrap();
}

fn has_room(directory: &Path) {
    fs::remove_file(directory.join(RESERVE)).unwrap();
}
