//! Service tokens: which program each secret is of. Few, and no sessions: nothing else of the index knows them.

use rollcall_model::{ServiceNo, ServiceToken, Timestamp, TokenHash};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The tokens that are not revoked, by their secrets' digests.
#[derive(Default)]
pub struct ServiceTokens {
    by_secret: HashMap<TokenHash, Arc<Held>>,
}

/// A token, and when it was used.
struct Held {
    token: Arc<ServiceToken>,
    /// In milliseconds; below every time when it was not used since the store was told.
    used_at: AtomicI64,
}

const NOT_USED: i64 = i64::MIN;

impl ServiceTokens {
    /// Puts all tokens that there are in the place of those that there were.
    pub fn replace(&mut self, tokens: Vec<ServiceToken>) {
        let before = std::mem::take(self);
        for token in tokens {
            let used_at = before.used_at(token.no);
            self.put(token, used_at);
        }
    }

    /// Puts in one that is new, or has another secret.
    pub fn insert(&mut self, token: ServiceToken) {
        let used_at = self.used_at(token.no);
        self.remove(token.no);
        self.put(token, used_at);
    }

    /// Takes one out.
    pub fn remove(&mut self, no: ServiceNo) {
        self.by_secret.retain(|_, held| held.token.no != no);
    }

    /// The token of a secret that is good.
    pub fn get(&self, secret: &TokenHash, now: Timestamp) -> Option<Arc<ServiceToken>> {
        let held = self.by_secret.get(secret)?;
        held.token.is_opened_by(secret, now).then(|| held.token.clone())
    }

    /// Takes note of a use.
    pub fn see(&self, no: ServiceNo, now: Timestamp) {
        if let Some(held) = self.held(no) {
            held.used_at.fetch_max(now.as_ms(), Ordering::Relaxed);
        }
    }

    /// Takes what the store has still to be told: when tokens were last used.
    pub fn take_used(&self) -> Vec<(ServiceNo, Timestamp)> {
        let mut used: Vec<_> = (self.by_secret.values())
            .filter_map(|held| {
                let used_at = held.used_at.swap(NOT_USED, Ordering::Relaxed);
                (used_at != NOT_USED).then(|| (held.token.no, Timestamp::from_ms(used_at)))
            })
            .collect();
        used.sort_unstable();
        used
    }

    /// When one was last used, as far as the store has still to be told.
    pub fn used(&self, no: ServiceNo) -> Option<Timestamp> {
        let used_at = self.used_at(no);
        (used_at != NOT_USED).then(|| Timestamp::from_ms(used_at))
    }

    fn used_at(&self, no: ServiceNo) -> i64 {
        self.held(no).map_or(NOT_USED, |held| held.used_at.load(Ordering::Relaxed))
    }

    fn held(&self, no: ServiceNo) -> Option<&Arc<Held>> {
        self.by_secret.values().find(|held| held.token.no == no)
    }

    fn put(&mut self, token: ServiceToken, used_at: i64) {
        let held = Arc::new(Held { token: Arc::new(token), used_at: AtomicI64::new(used_at) });
        if let Some(before) = held.token.before {
            self.by_secret.insert(before.secret, held.clone());
        }
        self.by_secret.insert(held.token.secret, held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_model::service_token::SecretBefore;
    use rollcall_model::{Networks, Scopes, UserNo};

    fn token(no: u64, secret: u8, before: Option<u8>) -> ServiceToken {
        let before = before
            .map(|secret| SecretBefore { secret: TokenHash([secret; 32]), until: Timestamp::from_ms(50) });
        ServiceToken {
            no: ServiceNo(no),
            name: String::new(),
            secret: TokenHash([secret; 32]),
            before,
            scopes: Scopes::default(),
            networks: Networks::default(),
            expires_at: Timestamp::from_ms(100),
            made_at: Timestamp::from_ms(0),
            made_by: UserNo(1),
        }
    }

    fn good(tokens: &ServiceTokens, secret: u8, ms: i64) -> Option<u64> {
        tokens.get(&TokenHash([secret; 32]), Timestamp::from_ms(ms)).map(|token| token.no.0)
    }

    #[test]
    fn a_token_is_found_by_its_secrets_and_by_none_that_it_had_before_them() {
        let mut tokens = ServiceTokens::default();
        tokens.insert(token(1, 1, None));
        tokens.insert(token(2, 9, None));
        tokens.insert(token(1, 2, Some(1)));
        assert_eq!(
            [good(&tokens, 1, 49), good(&tokens, 1, 50), good(&tokens, 2, 99)],
            [Some(1), None, Some(1)]
        );
        tokens.insert(token(1, 3, Some(2)));
        assert_eq!([good(&tokens, 1, 0), good(&tokens, 2, 0), good(&tokens, 3, 0)], [None, Some(1), Some(1)]);
        tokens.remove(ServiceNo(1));
        assert_eq!([good(&tokens, 2, 0), good(&tokens, 3, 0), good(&tokens, 9, 0)], [None, None, Some(2)]);
    }

    #[test]
    fn a_use_is_told_once_and_stays_known_when_the_secret_changes() {
        let mut tokens = ServiceTokens::default();
        tokens.replace(vec![token(1, 1, None), token(2, 9, None)]);
        for at in [5, 3] {
            tokens.see(ServiceNo(1), Timestamp::from_ms(at));
        }
        tokens.insert(token(1, 2, Some(1)));
        tokens.replace(vec![token(1, 2, Some(1)), token(2, 9, None)]);
        assert_eq!(tokens.take_used(), [(ServiceNo(1), Timestamp::from_ms(5))]);
        assert_eq!(tokens.take_used(), []);
    }
}
