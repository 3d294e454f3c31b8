//! An index made of a picture and of what happened since is the one that the picture was taken of; and bytes that
//! are no picture are refused, or give an index that can be lived with. [`super::oracle`] takes pictures at any
//! moment, with anything happening meanwhile.

use super::world::{Ask, READERS, USERS, World};
use crate::checkpoint::pieces::{self, Kind};
use crate::{Direction, Loaded, SortKey, Standing};
use proptest::prelude::*;
use proptest::sample::Index;
use rollcall_model::{AddressKey, Owner, SessionNo, Timestamp, UserNo};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const LONG: Duration = Duration::from_hours(90 * 24);

/// A world at the place that a picture is of: what has happened since, a store would know.
pub struct Then {
    pub up_to: SessionNo,
    ended: BTreeSet<SessionNo>,
    owners: Vec<Arc<Owner>>,
    now: Timestamp,
}

impl Then {
    pub fn of(world: &World) -> Self {
        let ended = world.sessions.iter().filter(|known| known.ended).map(|known| known.session.no);
        Self { up_to: world.last(), ended: ended.collect(), owners: world.owners().to_vec(), now: world.now }
    }

    /// The index of a picture and of what has happened since.
    pub fn restored(&self, world: &World, picture: &[u8]) -> Standing {
        let standing = Standing::new(READERS, world.idle);
        standing.restore(&mut &*picture, self.up_to).unwrap();
        let ended = world.sessions.iter().filter(|known| known.ended).map(|known| known.session.no);
        let ended: Vec<_> = ended.filter(|no| !self.ended.contains(no)).collect();
        standing.note_ended(&ended);
        let newer = world.sessions.iter().filter(|known| known.session.no > self.up_to);
        standing.load(
            newer
                .clone()
                .filter(|known| !known.ended)
                .map(|known| Loaded { session: known.session.clone(), seen_at: known.seen_at }),
        );
        for known in newer.filter(|known| known.ended) {
            let session = &known.session;
            standing.remember_address(session.owner.no, AddressKey::of(session.ip), session.opened_at);
        }
        for (before, owner) in self.owners.iter().zip(world.owners()) {
            if before != owner {
                standing.note_owner(owner);
            }
        }
        let seen = world.sessions.iter().filter(|known| known.seen_at >= self.now);
        standing.note_seen(&seen.map(|known| (known.session.no, known.seen_at)).collect::<Vec<_>>());
        standing.loaded();
        standing
    }
}

fn picture(world: &World) -> Vec<u8> {
    let mut picture = Vec::new();
    world.standing.write_picture(world.last(), &mut picture).unwrap();
    picture
}

/// A world with all that a picture has: users that are gone, sessions that are retired, and addresses.
fn world() -> World {
    let mut world = World::new();
    for i in 0..90 {
        let lifetime = if i % 7 == 0 { Duration::from_secs(1) } else { LONG };
        let no = world.open(i % USERS.len(), i % 9, i % 4, i % 8, lifetime).no;
        if i % USERS.len() == 3 || i % 5 == 0 {
            world.end(no);
        }
    }
    world.wait(Duration::from_secs(2));
    world.standing.live(world.now);
    world
}

#[test]
fn what_the_store_was_not_told_is_told_after_the_restart_and_once() {
    let mut world = World::new();
    let sessions = [0, 1].map(|user| world.open(user, 0, 0, 0, LONG));
    world.wait(Duration::from_secs(2));
    world.standing.bearer(&sessions[1].token, world.now);
    world.sessions[1].seen_at = world.now;
    let standing = Then::of(&world).restored(&world, &picture(&world));
    assert_eq!(standing.take_seen(0), (vec![(sessions[1].no, world.now)], None));
    assert_eq!(standing.take_seen(0), (vec![], None));
    // What the store knows by itself it is not told.
    let later = world.now + Duration::from_secs(1);
    standing.note_seen(&[(sessions[0].no, later), (sessions[1].no, later), (SessionNo(7), later)]);
    assert_eq!(standing.take_seen(0), (vec![], None));
    let seen_at = |at: usize| standing.session(&sessions[at].id, later, |row| row.unwrap().seen_at());
    assert_eq!([seen_at(0), seen_at(1)], [later, later]);
}

#[test]
fn a_picture_that_is_not_whole_is_none_and_changes_nothing() {
    let world = world();
    let whole = picture(&world);
    let standing = Standing::new(READERS, None);
    for end in 0..whole.len() {
        assert!(standing.restore(&mut &whole[..end], world.last()).is_err(), "{end} of {}", whole.len());
    }
    standing.loaded();
    assert_eq!(standing.live(world.now), 0);
}

#[test]
fn any_byte_that_is_another_is_found() {
    let world = world();
    let mut bytes = picture(&world);
    for at in 0..bytes.len() {
        bytes[at] ^= 0x10;
        let standing = Standing::new(READERS, None);
        assert!(standing.restore(&mut &*bytes, world.last()).is_err(), "{at} of {}", bytes.len());
        bytes[at] ^= 0x10;
    }
}

/// What is done to the bytes of a piece.
#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    SetMany(Index, Vec<u8>),
    Cut(Index),
    Append(Vec<u8>),
    TakeOut(Index, usize),
    Leave,
    Double,
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    let some = || prop::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(255)], 1..9);
    prop_oneof![
        5 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        5 => (at(), some()).prop_map(|(at, bytes)| Damage::SetMany(at, bytes)),
        1 => at().prop_map(Damage::Cut),
        1 => some().prop_map(Damage::Append),
        1 => (at(), 1..40_usize).prop_map(|(at, count)| Damage::TakeOut(at, count)),
        1 => Just(Damage::Leave),
        1 => Just(Damage::Double),
    ]
}

/// The picture with damage done to its pieces, and checksums that are right all the same.
fn damaged(picture: &[u8], damages: Vec<(Index, Damage)>) -> Vec<u8> {
    let mut pieces = pieces_of(picture);
    for (which, damage) in damages {
        let which = which.index(pieces.len());
        let piece = &mut pieces[which].1;
        let place = |at: Index| at.index(piece.len() + 1);
        match damage {
            Damage::Set(at, byte) => {
                let at = place(at);
                piece.get_mut(at).into_iter().for_each(|held| *held = byte);
            }
            Damage::SetMany(at, bytes) => {
                let at = place(at);
                piece[at..].iter_mut().zip(bytes).for_each(|(held, byte)| *held = byte);
            }
            Damage::Cut(at) => {
                let at = place(at);
                piece.truncate(at);
            }
            Damage::Append(bytes) => piece.extend(bytes),
            Damage::TakeOut(at, count) => {
                let at = place(at);
                piece.drain(at..(at + count).min(piece.len()));
            }
            Damage::Leave => drop(pieces.remove(which)),
            Damage::Double => {
                let piece = pieces[which].clone();
                pieces.insert(which, piece);
            }
        }
        if pieces.is_empty() {
            break;
        }
    }
    written(&pieces)
}

fn pieces_of(mut picture: &[u8]) -> Vec<(Kind, Vec<u8>)> {
    let mut pieces = Vec::new();
    while !picture.is_empty() {
        pieces.push(pieces::read(&mut picture).unwrap());
    }
    pieces
}

fn written(pieces: &[(Kind, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (kind, bytes) in pieces {
        pieces::write(&mut out, *kind, bytes).unwrap();
    }
    out
}

#[test]
fn rows_of_users_or_devices_that_are_missing_are_refused() {
    let world = world();
    for missing in [Kind::Users, Kind::Clients] {
        let mut pieces = pieces_of(&picture(&world));
        for (_, bytes) in pieces.iter_mut().filter(|(kind, _)| *kind == missing) {
            // As many as there were, and each of them is not there.
            let count = u32::from_le_bytes(*bytes.first_chunk().unwrap());
            bytes.truncate(4);
            bytes.resize(4 + count as usize, 0);
        }
        let restored = Standing::new(READERS, None).restore(&mut &*written(&pieces), world.last());
        assert!(restored.unwrap_err().to_string().ends_with("that is missing"), "{missing:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn whatever_was_written_is_refused_or_can_be_lived_with(
        damages in prop::collection::vec((any::<Index>(), damage()), 1..4),
        idle in prop::option::of(Just(Duration::from_mins(5))),
    ) {
        let mut world = world();
        let bytes = damaged(&picture(&world), damages);
        let standing = Standing::new(READERS, idle);
        if standing.restore(&mut &*bytes, world.last()).is_err() {
            return Ok(());
        }
        let renamed = world.rename(1, "renamed", Some("Zoé Kelvin"));
        standing.apply(&[renamed]);
        standing.loaded();
        for key in [SortKey::LoginAt, SortKey::DeviceName, SortKey::Name, SortKey::Username] {
            for filter in [None, Some("e".into()), Some("^10".into())] {
                let ask = Ask { sort: vec![(key, Direction::Ascending)], filter, ..Ask::all() };
                let (total, rows) = ask.of(&standing, world.now);
                prop_assert_eq!(total, rows.len());
            }
        }
        for user in 0..USERS.len() {
            let session = world.make(user, user % 9, user % 4, user % 8, LONG);
            let renamed = world.rename(user, &format!("n{user}"), None);
            standing.apply(&[World::opened(&session), renamed]);
        }
        for known in world.sessions.clone() {
            standing.bearer(&known.session.token, world.now);
            standing.session(&known.session.id, world.now, |row| row.map(|row| row.fragment().len()));
            standing.sessions_of(known.session.owner.no);
            standing.apply(&[World::ending(&known.session)]);
        }
        standing.take_seen(0);
        standing.due(Timestamp::from_ms(i64::MAX), SessionNo(0), usize::MAX);
        prop_assert_eq!(standing.live(Timestamp::from_ms(i64::MAX)), 0);
    }
}

#[test]
fn a_picture_of_nothing_is_one() {
    let world = World::new();
    let standing = Then::of(&world).restored(&world, &picture(&world));
    assert_eq!(standing.live(world.now), 0);
    assert!(standing.sessions_of(UserNo(100)).is_empty());
}
