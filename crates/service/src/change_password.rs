//! A user's own password: another one for the one that it has. It ends the user's other sessions.

use crate::create_user::Password;
use crate::error::SignInRefusal;
use crate::{Client, Principal, Refusal, Service, UserUpdate};
use rollcall_auth::PasswordDigest;
use rollcall_model::failure::FailureKey;
use rollcall_model::{AddressKey, UserChange};

impl Service {
    /// Gives the principal another password, when it knows the present one. A wrong one counts as at a sign-in.
    pub async fn change_password(
        &self,
        principal: &Principal,
        client: &Client,
        present: &Password,
        new: Password,
    ) -> Result<(), Refusal> {
        let found = self.myself(principal).await?;
        let address = AddressKey::of(client.ip);
        let guards = [self.failure_key_of(principal.user(), address), FailureKey::Address(address)];
        self.not_blocked(&guards).await?;
        if !self.hashing.verify(PasswordDigest::of(&present.0), Some(found.password)).await? {
            return Err(match self.wrong_password(&guards).await {
                Refusal::SignIn(SignInRefusal::Unauthorized) => Refusal::WrongPassword,
                other => other,
            });
        }
        // Whoever was asked to choose another has done so.
        let change = UserChange { require_password_change: Some(false), ..UserChange::default() };
        let update = UserUpdate { change, password: Some(new), roles: None };
        self.update_user(principal, principal.user_id().as_str(), update).await.map(drop)
    }
}
