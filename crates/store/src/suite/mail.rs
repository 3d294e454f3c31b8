//! The cases about codes by mail, and about the queue of mails.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use super::cases::{LIMIT, passing};
use crate::{Loading, Settled, WhichUser};
use rollcall_model::command::{Mailing, Passing, Shown};
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::{Factors, MailedCode, MailedHash, Proof};
use rollcall_model::failure::FailureKey;
use rollcall_model::mail::{About, SealedMail};
use rollcall_model::user::Email;
use rollcall_model::{
    Actor, Command, NewUser, Receipt, Refused, Seq, SessionNo, Timestamp, UserChange, UserNo, limits,
};
use std::time::Duration;

const LIFE: Duration = Duration::from_mins(10);

fn code(n: u8) -> MailedHash {
    MailedHash([n; 32])
}

pub(super) fn mailing(user: UserNo, n: u8) -> Mailing {
    Mailing {
        user,
        about: About::Code(code(n)),
        mail: SealedMail(format!("mail {n}").into()),
        life: LIFE,
        if_none_is_good: false,
        counters: Vec::new(),
        by: Actor::User(user),
    }
}

fn mail(user: UserNo, n: u8) -> Command {
    Command::MailCode(Box::new(mailing(user, n)))
}

fn shown(user: UserNo, session: SessionNo, n: u8) -> Command {
    Command::PassStepUp(Passing { proof: Proof::Mailed(code(n)), ..passing(user, session) })
}

/// A user with a session that has enrolled mail.
async fn enrolled(fixture: &Fixture, username: &str) -> (UserNo, SessionNo) {
    let user = fixture.user(username, &[]).await;
    let session = fixture.open(user).await;
    fixture.run(Command::EnrolMail { user, token: session.into() }).await.unwrap();
    (user, session)
}

fn pass(fixture: &Fixture, time: Duration) {
    fixture.set_now((fixture.now() + time).as_ms());
}

impl Fixture {
    async fn queue(&self) -> (Vec<u64>, u64) {
        let queue = self.store.mails(self.now(), 10).await.unwrap();
        (queue.due.iter().map(|mail| mail.no.0).collect(), queue.waiting)
    }

    async fn loaded_factors(&self) -> Vec<(UserNo, Factors)> {
        let loaded = self.loaded(Timestamp::from_ms(0)).await;
        let factors = loaded.into_iter().filter_map(|piece| match piece {
            Loading::Factors(user, factors) => Some((user, factors)),
            _ => None,
        });
        factors.collect()
    }
}

fn no(queued: Result<Receipt, Refused>) -> u64 {
    queued.unwrap().last.0
}

pub async fn a_mailed_code_is_good_once_and_for_its_time(fixture: Fixture) {
    let (ann, session) = enrolled(&fixture, "ann").await;
    let (bob, others) = enrolled(&fixture, "bob").await;
    assert_eq!(fixture.run(shown(ann, session, 1)).await, Err(Refused::CodeNotGood), "never mailed");
    let queued = fixture.run(mail(ann, 1)).await.unwrap();
    let known = vec![MailedCode { hash: code(1), until: queued.at + LIFE }];
    assert_eq!(fixture.store.mailed_codes(ann).await.unwrap(), known);
    assert_eq!(fixture.run(shown(bob, others, 1)).await, Err(Refused::CodeNotGood), "another's");
    let answers = fixture.commit(vec![shown(ann, session, 1), shown(ann, session, 1)]).await.answers;
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(Refused::CodeNotGood));
    assert!(fixture.store.mailed_codes(ann).await.unwrap().is_empty());
    // In the commit that mails it, and until its last millisecond.
    let answers =
        fixture.commit(vec![mail(ann, 2), shown(ann, session, 2), mail(ann, 3), mail(ann, 4)]).await;
    assert!(answers.answers.iter().all(Result::is_ok));
    fixture.set_now((fixture.now() + LIFE).as_ms() - 1);
    assert!(fixture.run(shown(ann, session, 3)).await.is_ok());
    pass(&fixture, Duration::from_millis(1));
    assert_eq!(fixture.run(shown(ann, session, 4)).await, Err(Refused::CodeNotGood));
    fixture.store.sweep(fixture.now(), fixture.now(), 10).await.unwrap();
    assert!(fixture.store.mailed_codes(ann).await.unwrap().is_empty());
}

pub async fn mail_stands_for_the_password_once_it_is_enrolled(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let (session, other) = (fixture.open(user).await, fixture.open(user).await);
    let enrol = Command::EnrolMail { user, token: session.into() };
    assert_eq!(fixture.run(mail(user, 1)).await, Err(Refused::NoSuchFactor));
    fixture.run(enrol.clone()).await.unwrap();
    assert_eq!(fixture.loaded_sessions().await, [session], "{other:?} has ended");
    assert_eq!(fixture.loaded_factors().await, [(user, Factors::MAIL)]);
    let password = |session| Command::PassStepUp(passing(user, session));
    assert_eq!(fixture.run(password(session)).await, Err(Refused::FactorRequired));
    let mut opening = fixture.opening(user);
    assert_eq!(
        fixture.run(Command::OpenSession(Box::new(opening.clone()))).await,
        Err(Refused::FactorRequired)
    );
    opening.proof = Proof::Mailed(code(1));
    let answers = fixture.commit(vec![mail(user, 1), Command::OpenSession(Box::new(opening))]).await.answers;
    let second = SessionNo(answers[1].unwrap().last.0);
    let events = fixture.ledger().await.len();
    fixture.run(enrol).await.unwrap();
    assert_eq!(fixture.ledger().await.len(), events, "what is so already is no event");

    fixture.run(mail(user, 2)).await.unwrap();
    fixture.run(Command::RemoveMail { user, token: second.into() }).await.unwrap();
    assert_eq!(fixture.last_detail().await["factors"], serde_json::json!(["mail"]));
    assert!(fixture.loaded_factors().await.is_empty());
    assert_eq!(fixture.run(shown(user, second, 2)).await, Err(Refused::CodeNotGood));
    assert!(fixture.run(password(second)).await.is_ok());
    assert_eq!(fixture.loaded_sessions().await, [session, second]);
    fixture.run(Command::RemoveMail { user, token: second.into() }).await.unwrap();
    let ended = Command::RemoveMail { user, token: other.into() };
    assert_eq!(fixture.run(ended).await, Err(Refused::SessionNotLive));
}

pub async fn mail_is_enrolled_with_verified_addresses_only(fixture: Fixture) {
    let email = |n: u8, verified| Email { address: format!("{n}@example.test"), verified };
    for (i, (emails, refused)) in [
        (vec![], true),
        (vec![email(1, false)], true),
        (vec![email(2, true), email(3, false)], true),
        (vec![email(4, true), email(5, true)], false),
    ]
    .into_iter()
    .enumerate()
    {
        let user = Box::new(NewUser { emails, ..fixture.new_user(&format!("user{i}"), &[]) });
        let password = PasswordHash(String::new());
        let create = Command::CreateUser { user, password, welcome: None, by: Actor::System };
        let user = UserNo(fixture.run(create).await.unwrap().last.0);
        let session = fixture.open(user).await;
        let enrolled = fixture.run(Command::EnrolMail { user, token: session.into() }).await;
        assert_eq!(enrolled.err(), refused.then_some(Refused::AddressNotVerified), "{i}");
    }
}

pub async fn factors_by_mail_go_with_the_others_and_with_their_user(fixture: Fixture) {
    let (user, session) = enrolled(&fixture, "ann").await;
    let shown = Some(Shown { token: session.into(), proof: Proof::Mailed(code(1)) });
    let by_user = Command::RemoveFactors { user, shown, by: Actor::User(user) };
    assert_eq!(fixture.run(by_user).await, Err(Refused::NoSuchFactor), "that removes authenticators");
    fixture.run(mail(user, 1)).await.unwrap();
    fixture.run(Command::RemoveFactors { user, shown: None, by: Actor::Operator }).await.unwrap();
    assert!(fixture.loaded_factors().await.is_empty() && fixture.loaded_sessions().await.is_empty());
    assert!(fixture.store.mailed_codes(user).await.unwrap().is_empty());
    let (user, _) = enrolled(&fixture, "bob").await;
    fixture.run(mail(user, 2)).await.unwrap();
    fixture.run(Command::DeleteUser { user, by: Actor::System }).await.unwrap();
    assert!(fixture.loaded_factors().await.is_empty());
    assert!(fixture.store.mailed_codes(user).await.unwrap().is_empty());
    assert_eq!(fixture.run(mail(user, 3)).await, Err(Refused::NoSuchUser));
}

pub async fn the_factor_by_mail_goes_with_the_last_verified_address(fixture: Fixture) {
    let (user, session) = enrolled(&fixture, "ann").await;
    let change = |email: &str, verified: bool| {
        let (email, verified) = (Some(email.into()), Some(verified));
        let change = UserChange { email, verified, ..UserChange::default() };
        Command::change_user(user, change, Actor::System)
    };
    fixture.run(mail(user, 1)).await.unwrap();
    fixture.run(change("new@example.test", true)).await.unwrap();
    assert_eq!(fixture.loaded_factors().await, [(user, Factors::MAIL)]);
    assert_eq!(fixture.run(shown(user, session, 1)).await, Err(Refused::CodeNotGood), "mailed elsewhere");
    let in_one = vec![mail(user, 2), change("other@example.test", true), shown(user, session, 2)];
    assert_eq!(fixture.commit(in_one).await.answers[2], Err(Refused::CodeNotGood), "nor in the same batch");

    let password = Command::PassStepUp(passing(user, session));
    let in_one = vec![password.clone(), change("other@example.test", false), password, mail(user, 3)];
    let answers = fixture.commit(in_one).await.answers;
    assert_eq!(answers[0], Err(Refused::FactorRequired));
    assert!(answers[2].is_ok(), "nobody is left with a factor that cannot be used");
    assert_eq!(answers[3], Err(Refused::NoSuchFactor));
    assert!(fixture.loaded_factors().await.is_empty());
    fixture.run(change("other@example.test", true)).await.unwrap();
    assert!(fixture.loaded_factors().await.is_empty(), "it is enrolled by its user alone");
}

pub async fn codes_are_mailed_within_bounds(fixture: Fixture) {
    let (user, session) = enrolled(&fixture, "ann").await;
    let key = FailureKey::MailedTo(user);
    let counted = |n| Mailing { counters: vec![(key, LIMIT)], ..mailing(user, n) };
    let mail = |mailing: Mailing| Command::MailCode(Box::new(mailing));
    let if_none = |n| mail(Mailing { if_none_is_good: true, ..counted(n) });
    let answers =
        fixture.commit(vec![if_none(1), if_none(2), mail(counted(3)), mail(counted(4))]).await.answers;
    assert_eq!(answers[1], Err(Refused::CodeIsGood), "of two who ask at once one is mailed a code");
    assert!([0, 2, 3].iter().all(|i| answers[*i].is_ok()));
    let blocked = Err(Refused::Blocked(key, fixture.now() + LIMIT.block));
    assert_eq!(fixture.run(mail(counted(5))).await, blocked);
    assert_eq!(fixture.queue().await.1, 3);
    assert!(fixture.run(shown(user, session, 3)).await.is_ok());
    assert!(fixture.run(mail(counted(6))).await.is_ok(), "whoever reads them may have further ones");
    pass(&fixture, LIFE);
    assert!(fixture.run(if_none(7)).await.is_ok(), "the others are good no more");
    fixture.run(Command::change_user(user, UserChange::of_active(false), Actor::System)).await.unwrap();
    assert_eq!(fixture.run(mail(mailing(user, 8))).await, Err(Refused::UserNotActive));
}

pub async fn an_address_is_verified_as_long_as_it_is_the_users_and_is_not(fixture: Fixture) {
    let (user, session) = enrolled(&fixture, "ann").await;
    let key = FailureKey::MailedTo(user);
    let code_for_address = |n| {
        let counted = Mailing { about: About::Address, counters: vec![(key, LIMIT)], ..mailing(user, n) };
        Command::MailCode(Box::new(counted))
    };
    let verify = |address: &str, token: SessionNo| Command::VerifyAddress {
        user,
        token: token.into(),
        address: address.into(),
    };
    let to = |address: &str| {
        let change = UserChange { email: Some(address.into()), ..UserChange::default() };
        Command::change_user(user, change, Actor::User(user))
    };
    let nothing = Err(Refused::NothingToVerify);
    assert_eq!(fixture.run(code_for_address(1)).await, nothing, "it is verified");
    assert_eq!(fixture.run(verify("ann@example.test", session)).await, nothing);

    fixture.run(to("new@example.test")).await.unwrap();
    fixture.run(code_for_address(2)).await.unwrap();
    assert_eq!(fixture.last_detail().await, serde_json::json!({ "about": "address" }));
    assert!(fixture.store.mailed_codes(user).await.unwrap().is_empty(), "it is no second factor");
    assert_eq!(fixture.run(verify("ann@example.test", session)).await, nothing, "that was before");
    let ended = SessionNo(session.0 + 1_000);
    assert_eq!(fixture.run(verify("new@example.test", ended)).await, Err(Refused::SessionNotLive));
    let in_one = vec![to("newer@example.test"), verify("new@example.test", session)];
    assert_eq!(fixture.commit(in_one).await.answers[1], nothing, "nor in the same batch");
    fixture.run(verify("newer@example.test", session)).await.unwrap();
    let told =
        serde_json::json!({ "from": [["newer@example.test", false]], "to": [["newer@example.test", true]] });
    assert_eq!(fixture.last_detail().await, serde_json::json!({ "emails": told }));
    assert!(fixture.store.failures(vec![key]).await.unwrap().is_empty(), "whoever reads them may have more");
    let ann = fixture.store.credential(WhichUser::No(user)).await.unwrap().unwrap();
    assert_eq!(ann.user.emails, [Email { address: "newer@example.test".into(), verified: true }]);
    assert_eq!(fixture.run(verify("newer@example.test", session)).await, nothing, "once");
}

pub async fn mails_wait_in_order_until_they_are_settled(fixture: Fixture) {
    let (user, _) = enrolled(&fixture, "ann").await;
    let first = no(fixture.run(mail(user, 1)).await);
    let second = no(fixture.run(mail(user, 2)).await);
    pass(&fixture, Duration::from_secs(1));
    let third = no(fixture.run(mail(user, 3)).await);
    assert_eq!(fixture.queue().await, (vec![first, second, third], 3));
    let queue = fixture.store.mails(fixture.now(), 1).await.unwrap();
    let [queued] = &queue.due[..] else { panic!("{queue:?}") };
    assert_eq!((&*queued.about, queued.attempts), ("code", 0));
    assert_eq!(queued.sealed, SealedMail(b"mail 1".to_vec()));
    assert_eq!(queued.until, queued.queued_at + LIFE);

    let later = fixture.now() + Duration::from_secs(5);
    let settled = vec![(Seq(first), Settled::PutOff(later)), (Seq(second), Settled::Gone)];
    fixture.store.settle_mails(settled).await.unwrap();
    assert_eq!(fixture.queue().await, (vec![third], 2));
    pass(&fixture, Duration::from_secs(5));
    assert_eq!(fixture.queue().await, (vec![first, third], 2));
    assert_eq!(fixture.store.mails(later, 1).await.unwrap().due[0].attempts, 1);
    // What is of no use any more comes first, put off or not.
    let never = fixture.now() + LIFE + LIFE;
    fixture.store.settle_mails(vec![(Seq(third), Settled::PutOff(never))]).await.unwrap();
    pass(&fixture, LIFE);
    let fourth = no(fixture.run(mail(user, 4)).await);
    assert_eq!(fixture.queue().await, (vec![first, third, fourth], 3));
    fixture.store.settle_mails(vec![(Seq(first), Settled::Gone), (Seq(99), Settled::Gone)]).await.unwrap();
    assert_eq!(fixture.queue().await, (vec![third, fourth], 2));
}

pub async fn a_full_queue_takes_no_further_mail_and_hinders_nothing_else(fixture: Fixture) {
    let (user, _) = enrolled(&fixture, "ann").await;
    let full = usize::try_from(limits::MAILS_QUEUED).unwrap();
    let commands: Vec<_> = (0..=full).map(|_| mail(user, 1)).collect();
    let answers = fixture.commit(commands).await.answers;
    assert!(answers[..full].iter().all(Result::is_ok));
    assert_eq!(answers[full], Err(Refused::MailQueueFull));
    let welcome = |username: &str| Command::CreateUser {
        user: Box::new(fixture.new_user(username, &[])),
        password: PasswordHash(String::new()),
        welcome: Some(SealedMail(b"welcome".to_vec())),
        by: Actor::System,
    };
    fixture.run(welcome("bob")).await.unwrap();
    let queue = fixture.store.mails(fixture.now(), 1).await.unwrap();
    assert_eq!(queue.waiting, limits::MAILS_QUEUED);
    let made = fixture.store.credential(WhichUser::Username(rollcall_model::user::NameKey::of("bob"))).await;
    assert!(made.unwrap().is_some());
    fixture.store.settle_mails(vec![(queue.due[0].no, Settled::Gone)]).await.unwrap();
    fixture.run(welcome("carl")).await.unwrap();
    assert_eq!(fixture.store.mails(fixture.now(), 1).await.unwrap().waiting, limits::MAILS_QUEUED);
    assert_eq!(fixture.last_detail().await["about"], "welcome");
}
