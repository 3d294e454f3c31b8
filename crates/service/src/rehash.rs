//! Another hash of the same password: what is not as hashes are made today is replaced after a sign-in, the
//! one time at which the password is there.
//!
//! **Invariants:** the sign-in is not held up by it and cannot fail by it; it ends no session; a password that
//! was changed meanwhile stays.

use crate::Service;
use rollcall_auth::PasswordDigest;
use rollcall_model::event::PasswordHash;
use rollcall_model::{Command, Owner};

impl Service {
    /// Replaces a hash that the password was just verified against, where it needs it. Waited for by nobody.
    pub(crate) fn rehash(&self, owner: &Owner, digest: PasswordDigest, from: PasswordHash) {
        if !self.hashing.is_replaced(&from) {
            return;
        }
        let (user, id) = (owner.no, owner.id);
        let (hashing, writer) = (self.hashing.clone(), self.writer.clone());
        let randomness = self.randomness.clone();
        tokio::spawn(async move {
            let written = match hashing.hash(digest, randomness).await {
                Ok(to) => writer.run(Command::Rehash { user, from, to }).await.is_ok(),
                Err(_) => false,
            };
            if !written {
                tracing::warn!(user = %id, "a password's hash was not replaced; the next sign-in tries again");
            }
        });
    }
}
