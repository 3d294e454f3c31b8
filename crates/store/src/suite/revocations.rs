//! The cases about previews and revocations.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use crate::Keeping;
use rollcall_model::command::{Beginning, RevocationStep};
use rollcall_model::revocation::{
    Begun, Closing, Finished, FrozenSet, NodeLag, Preview, Progress, SetDigest,
};
use rollcall_model::{
    Actor, Command, EndReason, Happening, Refused, RevocationId, Role, Seq, SessionNo, Timestamp, UserNo,
    limits,
};
use std::time::Duration;

const DIGEST: SetDigest = SetDigest([7; 32]);

/// An id of seventeen times the letter.
pub(super) fn revocation_id(letter: char) -> RevocationId {
    letter.to_string().repeat(17).parse().unwrap()
}

pub(super) fn preview(fixture: &Fixture, id: RevocationId, maker: UserNo, count: u64) -> Preview {
    Preview {
        id,
        maker: Actor::User(maker),
        caller: None,
        made_at: fixture.now(),
        expires_at: fixture.now() + limits::PREVIEW_TIME,
        after: Seq(count),
        filter: "user:ann".into(),
        digest: DIGEST,
        count,
    }
}

/// Keeps a preview of these sessions.
pub(super) async fn keep(fixture: &Fixture, id: RevocationId, maker: UserNo, sessions: &[SessionNo]) {
    let set = FrozenSet::of(sessions.iter().copied());
    let preview = preview(fixture, id, maker, sessions.len() as u64);
    fixture.store.keep_preview(preview, set, limits::PREVIEWS_PER_USER).await.unwrap();
}

pub(super) fn begin(id: RevocationId, by: UserNo) -> Command {
    Command::BeginRevocation(Beginning {
        id,
        digest: DIGEST,
        reason: "a lost laptop".into(),
        by: Actor::User(by),
    })
}

fn step(id: RevocationId, from: u64, sessions: &[SessionNo]) -> Command {
    Command::StepRevocation(RevocationStep { id, from, sessions: sessions.to_vec() })
}

fn closing() -> Closing {
    let lag = |node: &str, us| NodeLag { node: node.into(), lag: Duration::from_micros(us) };
    Closing { newer: Some(3), lags: vec![lag("one", 250), lag("two", 0)] }
}

fn finish(id: RevocationId) -> Command {
    Command::FinishRevocation { id, closing: closing() }
}

pub async fn a_frozen_set_is_ended_in_steps_and_leaves_a_receipt(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[Role::Admin]).await, fixture.user("bob", &[]).await);
    let mut sessions = Vec::new();
    for _ in 0..5 {
        sessions.push(fixture.open(bob).await);
    }
    let id = revocation_id('a');
    keep(&fixture, id, ann, &sessions).await;
    let newer = fixture.open(bob).await;
    let by = Actor::User(bob);
    fixture
        .run(Command::EndSession { session: sessions[1], reason: EndReason::SignedOut, by })
        .await
        .unwrap();

    // Nothing is gone through before it is begun, nor out of turn.
    assert_eq!(fixture.run(step(id, 0, &sessions[..2])).await, Err(Refused::NotTheNextStep));
    assert_eq!(fixture.store.revocations_under_way().await.unwrap(), []);
    let begun = fixture.run(begin(id, ann)).await.unwrap();
    assert_eq!(fixture.last_detail().await["reason"], "a lost laptop");
    assert_eq!(fixture.store.revocations_under_way().await.unwrap(), [id]);
    assert_eq!(fixture.run(step(id, 2, &sessions[2..])).await, Err(Refused::NotTheNextStep));
    let ended = fixture.commit(vec![step(id, 0, &sessions[..3])]).await;
    let how = |event: &rollcall_model::Event| match event.happening {
        Happening::SessionEnded { reason, .. } => (event.session.unwrap(), reason, event.actor),
        _ => panic!("{event:?}"),
    };
    let revoked = |session| (session, EndReason::Revoked, Actor::User(ann));
    assert_eq!(ended.events.iter().map(how).collect::<Vec<_>>(), [sessions[0], sessions[2]].map(revoked));
    // The same step once more does nothing, and it is not finished.
    assert_eq!(fixture.run(step(id, 0, &sessions[..3])).await, Err(Refused::NotTheNextStep));
    assert_eq!(fixture.run(finish(id)).await, Err(Refused::NotTheNextStep));
    let kept = fixture.store.revocation(id).await.unwrap().unwrap();
    assert_eq!(kept.revocation.progress, Progress { gone_through: 3, ended: 2 });
    let set = fixture.store.frozen_set(id).await.unwrap().unwrap();
    assert_eq!(set.iter().collect::<Vec<_>>(), sessions);
    // In one batch each step sees those before it.
    let answers =
        fixture.commit(vec![step(id, 3, &sessions[3..4]), step(id, 4, &sessions[4..]), finish(id)]).await;
    assert!(answers.answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(fixture.loaded_sessions().await, [newer]);

    let kept = fixture.store.revocation(id).await.unwrap().unwrap();
    let expected = Begun { seq: begun.last, at: begun.at, reason: "a lost laptop".into() };
    assert_eq!(kept.revocation.begun, Some(expected));
    assert_eq!(kept.revocation.progress, Progress { gone_through: 5, ended: 4 });
    let expected = Finished { seq: answers.end.seq, at: fixture.now(), closing: closing() };
    assert_eq!((kept.revocation.finished.as_ref(), kept.head), (Some(&expected), Some(answers.end.hash)));
    assert_eq!(fixture.store.frozen_set(id).await.unwrap(), None);
    assert_eq!(fixture.store.revocations_under_way().await.unwrap(), []);
    // The same request again, and whoever else comes late: nothing happens.
    let again = fixture.commit(vec![begin(id, ann), step(id, 5, &[]), finish(id)]).await;
    assert_eq!((again.events.len(), again.answers[0].is_ok()), (0, true));
    assert_eq!(again.answers[1..], [Err(Refused::NotTheNextStep), Err(Refused::NotTheNextStep)]);
    assert_eq!(fixture.store.revocation(id).await.unwrap().unwrap(), kept);
}

pub async fn a_preview_is_its_makers_and_good_for_its_time_and_its_digest(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[Role::Admin]).await, fixture.user("bob", &[Role::Admin]).await);
    let session = fixture.open(bob).await;
    let id = revocation_id('a');
    assert_eq!(fixture.run(begin(id, ann)).await, Err(Refused::NoSuchPreview));
    keep(&fixture, id, ann, &[session]).await;
    assert_eq!(fixture.run(begin(id, bob)).await, Err(Refused::PreviewOfAnother));
    let mut digest = DIGEST;
    digest.0[31] ^= 1;
    let other =
        Command::BeginRevocation(Beginning { id, digest, reason: String::new(), by: Actor::User(ann) });
    assert_eq!(fixture.run(other).await, Err(Refused::OtherDigest));
    let until = fixture.now() + limits::PREVIEW_TIME;
    fixture.set_now(until.as_ms());
    assert_eq!(fixture.run(begin(id, ann)).await, Err(Refused::PreviewExpired));
    // What was refused used nothing up.
    fixture.set_now(until.as_ms() - 1);
    fixture.run(begin(id, ann)).await.unwrap();
    fixture.set_now(until.as_ms());
    fixture.run(begin(id, ann)).await.unwrap();
}

pub async fn previews_and_receipts_go_when_their_time_is_over(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[Role::Admin]).await, fixture.user("bob", &[]).await);
    let session = fixture.open(bob).await;
    let ids: Vec<_> = "abcdefghijkm".chars().map(revocation_id).collect();
    for id in &ids[..limits::PREVIEWS_PER_USER] {
        fixture.set_now(fixture.now().as_ms() + 1);
        keep(&fixture, *id, ann, &[session]).await;
    }
    fixture.run(begin(ids[0], ann)).await.unwrap();
    // One that is begun takes no place; then the oldest makes room.
    let stands = async |id: RevocationId| {
        let row = fixture.store.revocation(id).await.unwrap().is_some();
        assert_eq!(row, fixture.store.frozen_set(id).await.unwrap().is_some());
        row
    };
    for (id, oldest_stands) in [(ids[10], true), (ids[11], false)] {
        fixture.set_now(fixture.now().as_ms() + 1);
        keep(&fixture, id, ann, &[session]).await;
        assert_eq!((stands(ids[0]).await, stands(ids[1]).await), (true, oldest_stands));
    }
    assert!(stands(ids[2]).await);
    keep(&fixture, revocation_id('z'), bob, &[session]).await;
    let over = fixture.now() + limits::PREVIEW_TIME + limits::PREVIEW_REMEMBERED;
    let sweep = async |now: Timestamp| fixture.store.sweep(now, now, 10).await.unwrap();
    sweep(fixture.now() + limits::PREVIEW_TIME).await;
    assert!(stands(ids[11]).await);
    sweep(over).await;
    assert_eq!((stands(ids[11]).await, stands(ids[0]).await), (false, true));

    let forget = async |since: Timestamp| {
        let (details_since, ended_since) = (since, since);
        let keeping = Keeping { details_since, ended_since, after: SessionNo(0), limit: 1 };
        fixture.store.forget(keeping).await.unwrap();
        fixture.store.revocation(ids[0]).await.unwrap().is_some()
    };
    assert!(forget(over).await, "what is under way stays");
    fixture.commit(vec![step(ids[0], 0, &[session]), finish(ids[0])]).await;
    assert_eq!((forget(fixture.now()).await, forget(over).await), (true, false));
}

pub async fn an_erased_user_leaves_no_previews_and_receipts(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[Role::Admin]).await, fixture.user("bob", &[]).await);
    let session = fixture.open(ann).await;
    let (preview, finished, under_way, others) =
        (revocation_id('a'), revocation_id('b'), revocation_id('c'), revocation_id('d'));
    for id in [preview, finished, under_way] {
        keep(&fixture, id, bob, &[session]).await;
    }
    keep(&fixture, others, ann, &[session]).await;
    let under_way_too = begin(under_way, bob);
    fixture
        .commit(vec![begin(finished, bob), step(finished, 0, &[session]), finish(finished), under_way_too])
        .await;
    fixture.run(Command::EraseUser { user: bob, by: Actor::Operator }).await.unwrap();
    for (id, stands) in [(preview, false), (finished, false), (under_way, true), (others, true)] {
        assert_eq!(fixture.store.revocation(id).await.unwrap().is_some(), stands, "{id}");
        assert_eq!(fixture.store.frozen_set(id).await.unwrap().is_some(), stands, "{id}");
    }
}
