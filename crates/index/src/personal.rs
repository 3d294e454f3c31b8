//! Personal access tokens: whom each is good for. They are no sessions, so nothing else of the index knows them.

use crate::standing::Bearer;
use rollcall_model::{Holder, Owner, PersonalToken, TokenHash, TokenNo, UserNo};
use std::collections::HashMap;
use std::sync::Arc;

/// The tokens by their digests.
#[derive(Default)]
pub struct PersonalTokens {
    held: HashMap<TokenHash, (Arc<Owner>, Holder)>,
    of_user: HashMap<UserNo, Vec<TokenHash>>,
}

impl PersonalTokens {
    /// Puts a token in.
    pub fn insert(&mut self, token: &PersonalToken) {
        let holder = Holder::Personal { no: token.no, bypasses_step_up: token.bypasses_step_up };
        self.held.insert(token.token, (Arc::clone(&token.owner), holder));
        self.of_user.entry(token.owner.no).or_default().push(token.token);
    }

    /// Takes a user's token out.
    pub fn remove(&mut self, user: UserNo, token: TokenNo) {
        let Some(of_user) = self.of_user.get_mut(&user) else { return };
        let held = &mut self.held;
        of_user.retain(|hash| {
            let stays = held.get(hash).is_some_and(|(_, holder)| holder.token() != token);
            if !stays {
                held.remove(hash);
            }
            stays
        });
        if of_user.is_empty() {
            self.of_user.remove(&user);
        }
    }

    /// Puts all tokens of a user in the place of those that it had; gives those that are no more.
    pub fn replace(&mut self, user: UserNo, tokens: &[PersonalToken]) -> Vec<TokenNo> {
        let before = self.of_user.remove(&user).unwrap_or_default();
        let before = before.iter().filter_map(|hash| self.held.remove(hash));
        let mut gone: Vec<_> = before.map(|(_, holder)| holder.token()).collect();
        gone.retain(|no| tokens.iter().all(|token| token.no != *no));
        for token in tokens {
            self.insert(token);
        }
        gone
    }

    /// Lets a user's tokens be of the user as it is now.
    pub fn replace_owner(&mut self, owner: &Arc<Owner>) {
        for hash in self.of_user.get(&owner.no).into_iter().flatten() {
            if let Some((held_by, _)) = self.held.get_mut(hash) {
                *held_by = Arc::clone(owner);
            }
        }
    }

    /// Whom a token is good for.
    pub fn get(&self, token: &TokenHash) -> Option<Bearer> {
        let (owner, holder) = self.held.get(token)?;
        Some(Bearer { user: owner.no, user_id: owner.id, roles: owner.roles, holder: *holder })
    }

    /// Whose the token of this number is. All are gone through: only an administrator asks.
    pub fn user_of(&self, token: TokenNo) -> Option<UserNo> {
        let mut held = self.held.values();
        held.find(|(_, holder)| holder.token() == token).map(|(owner, _)| owner.no)
    }

    /// A user that holds one.
    pub fn owner(&self, user: UserNo) -> Option<Arc<Owner>> {
        let (owner, _) = self.held.get(self.of_user.get(&user)?.first()?)?;
        Some(Arc::clone(owner))
    }
}
