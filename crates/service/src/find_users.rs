//! Users as an administrator looks for them: by what their names and addresses contain.

use crate::{Refusal, Seen, Service};
use rollcall_model::factor::Factors;
use rollcall_model::user::NameKey;
use rollcall_store::reading::UsersSearch;

/// A user that was found.
#[derive(Clone, Debug)]
pub struct FoundUser {
    /// The user, and when it last signed in.
    pub seen: Seen,
    /// The factors that it is asked for.
    pub factors: Factors,
    /// How many live sessions it has.
    pub live: usize,
}

impl Service {
    /// Users behind a username that a text finds, in the order of their usernames.
    pub async fn find_users(
        &self,
        text: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<FoundUser>, Refusal> {
        let search = UsersSearch { text: text.into(), after: after.map(NameKey::of), limit };
        let found = self.store.find_users(search).await?;
        let with_sessions = |(user, stored): (rollcall_model::User, _)| {
            let no = user.owner.no;
            let (factors, live) = (self.standing.factors(no), self.standing.live_of(no, self.now()));
            FoundUser { seen: self.seen(user, stored), factors, live }
        };
        Ok(found.into_iter().map(with_sessions).collect())
    }
}
