//! Decisions about users: making, changing and deleting them.

use super::{Effects, existing, live_token, not_blocked};
use crate::change::UserChange;
use crate::command::Refused;
use crate::event::{Actor, Happening, PasswordHash};
use crate::factor::Factors;
use crate::facts::{Addresses, Facts, UserFact};
use crate::failure::FailureKey;
use crate::ids::{TokenNo, UserNo};
use crate::permission::Role;
use crate::session::EndReason;
use crate::user::{NameKey, NewUser, Owner};
use std::sync::Arc;

pub(super) fn create_user(
    effects: &mut Effects,
    facts: &Facts,
    user: &NewUser,
    password: &PasswordHash,
    by: Actor,
) -> Result<UserNo, Refused> {
    if facts.usernames.contains_key(&NameKey::of(&user.username)) {
        return Err(Refused::UsernameInUse);
    }
    if user.emails.iter().any(|email| facts.emails.contains_key(&NameKey::of(&email.address))) {
        return Err(Refused::EmailInUse);
    }
    let no = UserNo(effects.next.0);
    let user = Box::new(user.at(no, effects.at));
    let created = Happening::UserCreated { user, password: password.clone() };
    effects.record(by, Some(no), None, created);
    Ok(no)
}

pub(super) fn delete_user(
    effects: &mut Effects,
    facts: &Facts,
    no: UserNo,
    by: Actor,
) -> Result<(), Refused> {
    let user = existing(facts, no)?;
    not_the_last_administrator(facts, user)?;
    effects.end_tokens(facts, no, EndReason::UserDeleted, by);
    let deleted = Happening::UserDeleted { id: user.owner.id, username: user.owner.username.clone() };
    effects.happen(by, no, deleted);
    Ok(())
}

pub(super) fn change_user(
    effects: &mut Effects,
    facts: &Facts,
    no: UserNo,
    change: &UserChange,
    but: Option<TokenNo>,
    by: Actor,
) -> Result<(), Refused> {
    let user = existing(facts, no)?;
    let before = facts.profiles.get(&no).ok_or(Refused::NoSuchUser)?;
    if let Some(token) = but {
        live_token(facts, no, token, effects.at)?;
    }
    let after = change.applied_to(before);
    let somebodys = |owner: Option<&UserNo>| owner.is_some_and(|owner| *owner != no);
    if somebodys(facts.usernames.get(&NameKey::of(&after.owner.username))) {
        return Err(Refused::UsernameInUse);
    }
    if after.emails.iter().any(|email| somebodys(facts.emails.get(&NameKey::of(&email.address)))) {
        return Err(Refused::EmailInUse);
    }
    let roles = change.roles.unwrap_or(user.owner.roles);
    let active = change.active.unwrap_or(user.active);
    if !(active && roles.contains(Role::Admin)) {
        not_the_last_administrator(facts, user)?;
    }

    let mut owner = Arc::new(after.owner.clone());
    let can_be_mailed_to = Addresses::of(&after.emails).any_verified;
    if after != *before {
        let changed = Happening::UserChanged { before: Box::new(before.clone()), after: Box::new(after) };
        effects.happen(by, no, changed);
    }
    if user.wants_mail && !can_be_mailed_to {
        // A factor that cannot be used would lock its user out.
        effects.happen(by, no, Happening::FactorsRemoved(Factors::MAIL));
    }
    for role in Role::ALL {
        let granted = roles.contains(*role);
        if granted != owner.roles.contains(*role) {
            owner = give_or_take(effects, &owner, *role, granted, by);
        }
    }
    if let Some(password) = &change.password {
        match but {
            Some(_) => effects.end_all(facts, no, but, EndReason::PasswordSet, by),
            None => effects.end_tokens(facts, no, EndReason::PasswordSet, by),
        }
        effects.happen(by, no, Happening::PasswordSet { password: password.clone() });
    }
    match (user.active, active) {
        (false, true) => effects.happen(by, no, Happening::UserActivated),
        (true, false) => {
            effects.end_tokens(facts, no, EndReason::UserDeactivated, by);
            effects.happen(by, no, Happening::UserDeactivated);
        }
        _ => {}
    }
    Ok(())
}

pub(super) fn verify_address(
    effects: &mut Effects,
    facts: &Facts,
    no: UserNo,
    token: TokenNo,
    address: &str,
) -> Result<(), Refused> {
    not_blocked(facts, &[FailureKey::Code(no)], effects.at)?;
    let session = live_token(facts, no, token, effects.at)?;
    let before = facts.profiles.get(&no).ok_or(Refused::NoSuchUser)?;
    let mut after = before.clone();
    let shown = after.emails.iter_mut().find(|email| !email.verified && email.address == address);
    shown.ok_or(Refused::NothingToVerify)?.verified = true;
    let changed = Happening::UserChanged { before: Box::new(before.clone()), after: Box::new(after) };
    effects.record(Actor::User(no), Some(no), session, changed);
    // Whoever reads the mails may have further ones.
    effects.failures.push((FailureKey::MailedTo(no), None));
    Ok(())
}

pub(super) fn change_role(
    effects: &mut Effects,
    facts: &Facts,
    no: UserNo,
    role: Role,
    granted: bool,
    by: Actor,
) -> Result<(), Refused> {
    let user = existing(facts, no)?;
    match (user.owner.roles.contains(role), granted) {
        (true, true) => return Err(Refused::HasRole),
        (false, false) => return Err(Refused::HasNotRole),
        _ => {}
    }
    if role == Role::Admin && !granted {
        not_the_last_administrator(facts, user)?;
    }
    give_or_take(effects, &user.owner, role, granted, by);
    Ok(())
}

/// Gives a user a role or takes it, and gives back the user as it is then.
fn give_or_take(effects: &mut Effects, owner: &Owner, role: Role, granted: bool, by: Actor) -> Arc<Owner> {
    let owner = Arc::new(Owner { roles: owner.roles.with(role, granted), ..owner.clone() });
    effects.happen(by, owner.no, Happening::RolesChanged { owner: owner.clone(), role, granted });
    owner
}

fn not_the_last_administrator(facts: &Facts, user: &UserFact) -> Result<(), Refused> {
    let last = user.is_active_administrator() && facts.active_administrators <= 1;
    if last { Err(Refused::LastAdministrator) } else { Ok(()) }
}
