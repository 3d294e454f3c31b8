//! Events become rows: what a commit changed, in its order.

use crate::index::Index;
use crate::personal::PersonalTokens;
use parking_lot::RwLock;
use rollcall_model::factor::Factors;
use rollcall_model::{Event, Grants, Happening, UserNo};
use std::collections::HashMap;
use std::sync::Arc;

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
    /// Applies an event.
    pub fn apply(&mut self, event: &Event) {
        match &event.happening {
            Happening::SessionOpened(session) => self.open(session, session.opened_at),
            Happening::SessionEnded { .. } => {
                let Some(no) = event.session else { return };
                self.end(no);
            }
            Happening::RolesChanged { owner, .. } => self.change_owner(owner),
            Happening::UserChanged { after, .. } => self.change_owner(&after.owner),
            Happening::PersonalTokenRemoved { token, .. } => self.step_ups.forget(*token),
            Happening::StepUpPassed(window) => self.step_ups.remember(*window),
            // Nothing that a row shows.
            _ => {}
        }
        if let Some(user) = event.subject {
            if matches!(event.happening, Happening::UserErased) {
                self.addresses.forget(user);
            }
            self.addresses.prune(user, event.at);
        }
    }
}
