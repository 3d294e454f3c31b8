//! A store that has rows in every table: what is copied is held against it.
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use super::cases::{LIMIT, passing};
use super::mail::mailing;
use super::personal_tokens::new;
use super::revocations::{begin, keep, revocation_id};
use super::service_tokens;
use super::users::enrolled;
use crate::WhichUser;
use crate::copy::{Contents, Source, TABLES, contents};
use crate::views::View;
use rollcall_model::factor::KeyFingerprint;
use rollcall_model::failure::FailureKey;
use rollcall_model::user::NameKey;
use rollcall_model::{Actor, Command, EndReason, Role, ServiceNo, SessionNo, UserNo};

/// The cluster key that the store of [`everything`] is sealed with.
pub const KEY: KeyFingerprint = KeyFingerprint([0x5a; 32]);

/// Fills an empty store; three sessions stand in it then, one personal token and one service token.
pub async fn everything(fixture: &Fixture) {
    let run = async |command| fixture.run(command).await.unwrap();
    run(Command::CreateWorkspace { test: false }).await;
    run(Command::AdoptKey(KEY)).await;
    let ann = fixture.user("ann", &[Role::Admin]).await;
    let bob = fixture.user("Zoë", &[Role::User]).await;
    let cora = fixture.user("cora", &[]).await;
    let gone = fixture.user("gone", &[]).await;
    run(Command::DeleteUser { user: gone, by: Actor::User(ann) }).await;
    run(Command::CountFailure(vec![(FailureKey::Name([1; 16]), LIMIT)])).await;

    let of_ann = fixture.open(ann).await;
    enrolled(fixture, ann, of_ann).await;
    let of_bob = fixture.open(bob).await;
    run(Command::PassStepUp(passing(bob, of_bob))).await;
    run(new(bob, of_bob, "ci")).await;
    let service = run(service_tokens::new(bob, of_bob, "siem")).await;
    run(service_tokens::rotation(bob, of_bob, ServiceNo(service.last.0))).await;
    let revoked = ServiceNo(run(service_tokens::new(bob, of_bob, "old")).await.last.0);
    run(Command::RevokeServiceToken { no: revoked, by: Actor::User(ann) }).await;
    run(Command::EnrolMail { user: bob, token: of_bob.into() }).await;
    run(Command::MailCode(Box::new(mailing(bob, 1)))).await;

    let view = View {
        name: "old".into(),
        q: "seen>30d".into(),
        sort: "seen".into(),
        shared: true,
        updated_at: fixture.now(),
    };
    assert!(fixture.store.put_view(ann, view, 1).await.unwrap());

    let end = async |session: SessionNo| {
        let (reason, by) = (EndReason::SignedOut, Actor::User(cora));
        fixture.run(Command::EndSession { session, reason, by }).await.unwrap();
    };
    fixture.open(cora).await;
    end(fixture.open(cora).await).await;
    assert_eq!(fixture.store.sweep(fixture.now(), fixture.now() - LIMIT.window, 10).await.unwrap(), 1);
    end(fixture.open(cora).await).await;
    keep(fixture, revocation_id('a'), ann, &[of_bob]).await;
    run(begin(revocation_id('a'), ann)).await;
    keep(fixture, revocation_id('b'), ann, &[of_bob]).await;
}

/// A user of the store of [`everything`] who can sign in by its password.
pub async fn someone(fixture: &Fixture) -> UserNo {
    let found = fixture.store.credential(WhichUser::Username(NameKey::of("cora"))).await.unwrap();
    found.unwrap().user.owner.no
}

/// What a store holds that [`everything`] filled: something in every table.
pub async fn all_of(store: &mut dyn Source) -> Contents {
    let contents = contents(store, |_| ()).await.unwrap();
    for table in TABLES {
        assert!(
            contents.rows_of(table.name) > 0,
            "nothing is in `{}`: have everything() fill it",
            table.name
        );
    }
    contents
}
