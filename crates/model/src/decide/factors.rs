//! Decisions on second factors: what enrols and removes them, and what takes a code, so that it is good once.

use super::{Effects, count_failure, existing, live_token, not_blocked};
use crate::command::{Enrolment, Mailing, Refused, Shown};
use crate::event::{Actor, Happening};
use crate::factor::{Factors, Proof, RecoveryHash, SealedSeed, Used};
use crate::facts::Facts;
use crate::failure::FailureKey;
use crate::ids::{SessionNo, TokenNo, UserNo};
use crate::limits;
use crate::mail::About;
use crate::session::EndReason;

pub(super) fn begin_authenticator(
    effects: &mut Effects,
    facts: &Facts,
    no: UserNo,
    seed: &SealedSeed,
) -> Result<(), Refused> {
    if existing(facts, no)?.enrolled().is_some() {
        return Err(Refused::FactorEnrolled);
    }
    effects.happen(Actor::User(no), no, Happening::FactorBegun { seed: seed.clone() });
    Ok(())
}

pub(super) fn enrol_authenticator(
    effects: &mut Effects,
    facts: &Facts,
    enrolment: &Enrolment,
) -> Result<(), Refused> {
    let Enrolment { user, token, begun, step, codes } = enrolment;
    let (counter, by) = (FailureKey::Code(*user), Actor::User(*user));
    not_blocked(facts, &[counter], effects.at)?;
    let session = live_token(facts, *user, *token, effects.at)?;
    match existing(facts, *user)?.authenticator {
        Some(authenticator) if authenticator.is_enrolled() => return Err(Refused::FactorEnrolled),
        Some(authenticator) if authenticator.begun == *begun => {}
        _ => return Err(Refused::NoSuchFactor),
    }
    effects.end_all(facts, *user, Some(*token), EndReason::FactorEnrolled, by);
    let enrolled = Happening::FactorEnrolled { step: *step, codes: codes.clone() };
    effects.record(by, Some(*user), session, enrolled);
    effects.failures.push((counter, None));
    Ok(())
}

pub(super) fn remove_factors(
    effects: &mut Effects,
    facts: &Facts,
    user: UserNo,
    shown: Option<Shown>,
    by: Actor,
) -> Result<(), Refused> {
    let fact = existing(facts, user)?;
    let (session, factors) = if let Some(shown) = shown {
        fact.enrolled().ok_or(Refused::NoSuchFactor)?;
        (take_shown(effects, facts, user, shown)?, Factors::AUTHENTICATOR)
    } else {
        effects.end_tokens(facts, user, EndReason::FactorsReset, by);
        (None, Factors::ALL)
    };
    effects.record(by, Some(user), session, Happening::FactorsRemoved(factors));
    Ok(())
}

pub(super) fn enrol_mail(
    effects: &mut Effects,
    facts: &Facts,
    no: UserNo,
    token: TokenNo,
) -> Result<(), Refused> {
    let session = live_token(facts, no, token, effects.at)?;
    let user = existing(facts, no)?;
    if user.factors().mail {
        return Ok(());
    }
    if !user.addresses.any_verified || user.addresses.any_unverified {
        return Err(Refused::AddressNotVerified);
    }
    let by = Actor::User(no);
    effects.end_all(facts, no, Some(token), EndReason::FactorEnrolled, by);
    effects.record(by, Some(no), session, Happening::MailEnrolled);
    Ok(())
}

pub(super) fn remove_mail(
    effects: &mut Effects,
    facts: &Facts,
    no: UserNo,
    token: TokenNo,
) -> Result<(), Refused> {
    let session = live_token(facts, no, token, effects.at)?;
    if existing(facts, no)?.wants_mail {
        let removed = Happening::FactorsRemoved(Factors::MAIL);
        effects.record(Actor::User(no), Some(no), session, removed);
    }
    Ok(())
}

pub(super) fn mail_code(effects: &mut Effects, facts: &Facts, mailing: &Mailing) -> Result<(), Refused> {
    let user = existing(facts, mailing.user)?;
    if !user.active {
        return Err(Refused::UserNotActive);
    }
    match mailing.about {
        About::Code(_) if !user.factors().mail => return Err(Refused::NoSuchFactor),
        About::Address if !user.addresses.any_unverified => return Err(Refused::NothingToVerify),
        About::Code(_) | About::Address | About::Welcome => {}
    }
    let mailed = facts.mailed.get(&mailing.user).map_or(&[][..], Vec::as_slice);
    if mailing.if_none_is_good && mailed.iter().any(|code| effects.at < code.until) {
        return Err(Refused::CodeIsGood);
    }
    if facts.mails >= limits::MAILS_QUEUED {
        return Err(Refused::MailQueueFull);
    }
    count_failure(effects, facts, &mailing.counters)?;
    let (about, until) = (mailing.about, effects.at + mailing.life);
    let queued = Happening::MailQueued { mail: mailing.mail.clone(), about, until };
    effects.happen(mailing.by, mailing.user, queued);
    Ok(())
}

pub(super) fn replace_recovery(
    effects: &mut Effects,
    facts: &Facts,
    user: UserNo,
    shown: Shown,
    codes: &[RecoveryHash],
) -> Result<(), Refused> {
    existing(facts, user)?.enrolled().ok_or(Refused::NoSuchFactor)?;
    let session = take_shown(effects, facts, user, shown)?;
    let replaced = Happening::RecoveryReplaced { codes: codes.to_vec() };
    effects.record(Actor::User(user), Some(user), session, replaced);
    Ok(())
}

/// Takes a proof that is shown with a live token, resets the counter of wrong ones, and gives the token's
/// session.
pub(super) fn take_shown(
    effects: &mut Effects,
    facts: &Facts,
    user: UserNo,
    shown: Shown,
) -> Result<Option<SessionNo>, Refused> {
    let counter = FailureKey::Code(user);
    not_blocked(facts, &[counter], effects.at)?;
    let session = live_token(facts, user, shown.token, effects.at)?;
    take_proof(effects, facts, user, session, shown.proof)?;
    effects.failures.push((counter, None));
    Ok(session)
}

/// Takes a proof, and with it the code: it is good no more.
pub(super) fn take_proof(
    effects: &mut Effects,
    facts: &Facts,
    no: UserNo,
    session: Option<SessionNo>,
    proof: Proof,
) -> Result<(), Refused> {
    let fact = existing(facts, no)?;
    let taken = match (proof, fact.enrolled()) {
        (Proof::Password, _) if fact.factors().any() => return Err(Refused::FactorRequired),
        (Proof::Password, _) => return Ok(()),
        (Proof::Authenticator { begun, step }, Some(authenticator)) => {
            let later = authenticator.begun == begun && authenticator.last_step < Some(step);
            later.then_some(Used::Step(step))
        }
        (Proof::Recovery(code), Some(_)) => {
            facts.recovery.contains(&(no, code)).then_some(Used::Recovery(code))
        }
        (Proof::Authenticator { .. } | Proof::Recovery(_), None) => None,
        (Proof::Mailed(code), _) => {
            let mailed = facts.mailed.get(&no).filter(|_| fact.factors().mail);
            let good = mailed.is_some_and(|mailed| {
                mailed.iter().any(|mailed| mailed.hash == code && effects.at < mailed.until)
            });
            // Whoever reads the mails may have further ones.
            effects.failures.extend(good.then_some((FailureKey::MailedTo(no), None)));
            good.then_some(Used::Mailed(code))
        }
    };
    let used = Happening::FactorUsed(taken.ok_or(Refused::CodeNotGood)?);
    effects.record(Actor::User(no), Some(no), session, used);
    Ok(())
}
