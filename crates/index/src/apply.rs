//! Events become rows: what a commit changed, in its order.

use crate::index::Index;
use crate::personal::PersonalTokens;
use crate::services::ServiceTokens;
use parking_lot::RwLock;
use rollcall_model::factor::Factors;
use rollcall_model::{Event, Grants, Happening, ServiceToken};
use std::sync::Arc;

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

/// Takes note of service tokens that came, have another secret, or went.
pub fn note_services(events: &[Event], services: &RwLock<ServiceTokens>) {
    for event in events {
        match &event.happening {
            Happening::ServiceTokenMade(token) | Happening::ServiceTokenRotated(token) => {
                services.write().insert(ServiceToken::clone(token));
            }
            Happening::ServiceTokenRevoked { no, .. } => services.write().remove(*no),
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
            let before = self.factors(user);
            let after = factors_after(before, &event.happening);
            if after != before {
                self.set_factors(user, after);
            }
            if matches!(event.happening, Happening::UserErased) {
                self.addresses.forget(user);
            }
            self.addresses.prune(user, event.at);
        }
    }
}

/// The factors of the user whom something happened to.
fn factors_after(before: Factors, happening: &Happening) -> Factors {
    match happening {
        Happening::FactorEnrolled { .. } => before.with(Factors::AUTHENTICATOR),
        Happening::MailEnrolled => before.with(Factors::MAIL),
        Happening::FactorsRemoved(removed) => before.without(*removed),
        Happening::UserDeleted { .. } => Factors::default(),
        _ => before,
    }
}
