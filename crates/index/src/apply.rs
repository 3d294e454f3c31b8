//! Events become rows: what a commit changed, in its order.

use crate::facet::Field;
use crate::index::Index;
use crate::personal::PersonalTokens;
use crate::tokens::Tokens;
use parking_lot::RwLock;
use rollcall_model::factor::Factors;
use rollcall_model::{Event, Grants, Happening, Owner, UserNo};
use std::collections::HashMap;
use std::sync::Arc;

/// Refuses the tokens of the sessions that these events end: before the rows go, and without waiting for
/// whoever reads the rows.
pub fn refuse_ended(events: &[Event], tokens: &RwLock<Tokens>) {
    let ended = |event: &Event| matches!(event.happening, Happening::SessionEnded { .. });
    if events.iter().any(ended) {
        let mut tokens = tokens.write();
        for session in events.iter().filter(|event| ended(event)).filter_map(|event| event.session) {
            tokens.remove(session);
        }
    }
}

/// Takes note of who has which factors from now on.
pub fn note_factors(events: &[Event], factors: &RwLock<HashMap<UserNo, Factors>>) {
    for event in events {
        let Some(user) = event.subject else { continue };
        let changed = |of: Factors| match event.happening {
            Happening::FactorEnrolled { .. } => Some(of.with(Factors::AUTHENTICATOR)),
            Happening::MailEnrolled => Some(of.with(Factors::MAIL)),
            Happening::FactorsRemoved(removed) => Some(of.without(removed)),
            Happening::UserDeleted { .. } => Some(Factors::default()),
            _ => None,
        };
        let before = factors.read().get(&user).copied().unwrap_or_default();
        match changed(before) {
            Some(after) if after.any() => factors.write().insert(user, after),
            Some(_) => factors.write().remove(&user),
            None => None,
        };
    }
}

/// Takes note of which roles hold which permission from now on.
pub fn note_grants(events: &[Event], grants: &RwLock<Grants>) {
    for event in events {
        if let Happening::GrantsChanged { grants: changed } = &event.happening {
            let mut grants = grants.write();
            for (permission, roles) in changed {
                grants.set(*permission, *roles);
            }
        }
    }
}

/// Takes note of personal tokens that came and went, and of what their users are from now on.
pub fn note_personal(events: &[Event], personal: &RwLock<PersonalTokens>) {
    for event in events {
        match (&event.happening, event.subject) {
            (Happening::PersonalTokenMade(token), _) => personal.write().insert(token),
            (Happening::PersonalTokenRemoved { token, .. }, Some(user)) => {
                personal.write().remove(user, *token);
            }
            (Happening::RolesChanged { owner, .. }, _) => personal.write().replace_owner(owner),
            (Happening::UserChanged { after, .. }, _) => {
                personal.write().replace_owner(&Arc::new(after.owner.clone()));
            }
            _ => {}
        }
    }
}

impl Index {
    /// Applies one commit's events; a new session's token is good once its row is there.
    pub fn apply(&mut self, events: &[Event], tokens: &RwLock<Tokens>) {
        for event in events {
            self.apply_one(event, tokens);
        }
        if let Some(last) = events.last() {
            self.addresses.prune(last.at);
        }
    }

    fn apply_one(&mut self, event: &Event, tokens: &RwLock<Tokens>) {
        match &event.happening {
            Happening::SessionOpened(session) if self.open(session) => {
                tokens.write().insert(session, session.opened_at);
            }
            Happening::SessionEnded { .. } => {
                let Some(no) = event.session else { return };
                // Its token is still there when the same commit opened it.
                tokens.write().remove(no);
                self.retired.remove(&no);
                self.step_ups.forget(no.into());
                if let Some(slot) = self.rows.find(no) {
                    self.close(slot);
                }
            }
            Happening::RolesChanged { owner, .. } => self.change_owner(owner, tokens),
            Happening::UserChanged { after, .. } => {
                self.change_owner(&Arc::new(after.owner.clone()), tokens);
            }
            Happening::PersonalTokenRemoved { token, .. } => self.step_ups.forget(*token),
            Happening::StepUpPassed(window) => self.step_ups.remember(*window),
            // Nothing that a row shows.
            _ => {}
        }
    }

    /// Lets rows and tokens be of their user as it is now, its rows under its names.
    fn change_owner(&mut self, owner: &Arc<Owner>, tokens: &RwLock<Tokens>) {
        let Some(code) = self.users.find(owner.no) else { return };
        let slots = self.rows_of_code(code);
        let before = self.users.replace(code, owner, &mut self.facets);
        let now = self.users.get(code);
        for slot in &slots {
            self.facets.refile(Field::Username, before.username, now.username, *slot);
            self.facets.refile(Field::Name, before.name, now.name, *slot);
        }
        tokens.write().replace_owner(owner, slots.into_iter().map(|slot| self.rows.no(slot)));
    }
}
