//! The rights that depend on what the parameters name, then 429: how often one address, or one principal, may call.
//!
//! A window begins with the first call that is counted in it and is over after its length. Addresses are counted by /64
//! where they are IPv6. **Invariant:** at most `limits::RATE_KEYS` are remembered;
//! past half of it within one window the older half is forgotten.

use super::decode::Decoded;
use super::{Arrival, Guard};
use crate::endpoint::{Caller, Endpoint, OfTarget, Rate, Route};
use crate::input::Input;
use crate::refusal::Refusal;
use parking_lot::Mutex;
use rollcall_model::{Actor, AddressKey, Permission, Timestamp, limits};
use rollcall_service::Wait;
use std::collections::HashMap;
use std::time::Duration;

pub struct Admitted<E: Endpoint> {
    pub(super) arrival: Arrival,
    pub(super) caller: E::Caller,
    pub(super) query: E::Query,
    pub(super) body: E::Body,
}

pub fn admit<E: Endpoint>(
    guard: &Guard,
    from: Decoded<E>,
    rate: &mut Option<RateState>,
) -> Result<Admitted<E>, Refusal> {
    let principal = from.caller.principal();
    let holds = |permission| {
        principal.as_ref().is_some_and(|principal| guard.service.permits_any(principal, permission))
    };
    let lacks = |right: &&OfTarget<E>| (right.asks)(&from.caller, &from.body) && !holds(right.permission);
    if let Some(right) = E::POLICY.of_target.iter().find(lacks) {
        return Err(Refusal::Denied(right.denied));
    }
    let now = guard.service.now();
    match E::POLICY.rate {
        Rate::SignIn if from.body.resumes() => {
            from.arrival.resumes.count(now).map_err(|until| too_many(until, now))?;
        }
        Rate::Default if holds(Permission::ApiBypassRateLimit) => {}
        Rate::Uncounted => {}
        kind => {
            let address = AddressKey::of(from.arrival.client.ip);
            let (limiter, key) = match (kind, &principal) {
                (Rate::Principal, Some(principal)) => {
                    (&guard.principal_rates, Key::Principal(principal.actor()))
                }
                (Rate::Principal, None) => (&guard.principal_rates, Key::Anyone(address)),
                // A sign-in is one whichever way it comes.
                (Rate::SignIn, _) => (&guard.rates, Key::SignIn(address)),
                _ => (&guard.rates, Key::Call(address, from.arrival.route)),
            };
            let state = limiter.count(key, now);
            *rate = Some(state);
            if state.refused {
                return Err(too_many(state.reset, now));
            }
        }
    }
    Ok(Admitted { arrival: from.arrival, caller: from.caller, query: from.query, body: from.body })
}

fn too_many(until: Timestamp, now: Timestamp) -> Refusal {
    Refusal::TooMany { wait: Wait::new(until, now) }
}

/// Where a caller stands after a call was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateState {
    /// Calls in a window.
    pub limit: u32,
    /// Calls left in this one.
    pub remaining: u32,
    /// When it is over.
    pub reset: Timestamp,
    /// Whether this call has to wait for that.
    pub refused: bool,
}

/// Calls of whom to what.
#[derive(Debug)]
pub struct RateLimiter {
    calls: u32,
    window: Duration,
    counted: Mutex<Counted>,
}

/// Whose calls are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// Those of an address to one endpoint.
    Call(AddressKey, Route),
    /// Sign-ins from an address.
    SignIn(AddressKey),
    /// Those of a user, or of a program.
    Principal(Actor),
    /// Those of an address without a principal.
    Anyone(AddressKey),
}

/// Two generations: what is touched moves to the young one, and when that is full the old one goes.
#[derive(Debug, Default)]
struct Counted {
    young: HashMap<Key, Window>,
    old: HashMap<Key, Window>,
    turned_at: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    opened_at: Timestamp,
    calls: u32,
}

impl RateLimiter {
    /// So many calls in so much time.
    pub fn new(calls: u32, window: Duration) -> Self {
        Self { calls, window, counted: Mutex::default() }
    }

    fn count(&self, key: Key, now: Timestamp) -> RateState {
        let counted = &mut *self.counted.lock();
        let full = counted.young.len() >= limits::RATE_KEYS / 2;
        if full || now >= counted.turned_at + self.window {
            counted.old = std::mem::take(&mut counted.young);
            counted.turned_at = now;
        }
        let before = counted.young.get(&key).or_else(|| counted.old.get(&key)).copied();
        let mut window = before
            .filter(|window| now < window.opened_at + self.window)
            .unwrap_or(Window { opened_at: now, calls: 0 });
        let reset = window.opened_at + self.window;
        let refused = window.calls >= self.calls;
        window.calls += u32::from(!refused);
        counted.young.insert(key, window);
        RateState { limit: self.calls, remaining: self.calls - window.calls, reset, refused }
    }
}

/// Sign-ins by token of one connection: an office behind one address resumes all at once after a
/// restart, so they are not counted by address.
#[derive(Debug)]
pub struct Resumes(Mutex<Window>);

impl Default for Resumes {
    fn default() -> Self {
        Self(Mutex::new(Window { opened_at: Timestamp::from_ms(0), calls: 0 }))
    }
}

impl Resumes {
    fn count(&self, now: Timestamp) -> Result<(), Timestamp> {
        let window = &mut *self.0.lock();
        let reset = window.opened_at + limits::RATE_WINDOW;
        if now >= reset {
            *window = Window { opened_at: now, calls: 0 };
        }
        if window.calls >= limits::RESUMES_PER_CONNECTION {
            return Err(reset);
        }
        window.calls += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_000_000 + ms)
    }

    const ME: Route = crate::endpoint::get("me");
    const INFO: Route = crate::endpoint::get("info");

    fn calls(n: u8, route: Route) -> Key {
        Key::Call(AddressKey::of([10, 0, 0, n].into()), route)
    }

    #[test]
    fn the_call_past_the_limit_waits_for_the_windows_end() {
        let limiter = RateLimiter::new(2, Duration::from_mins(1));
        let remaining: Vec<_> =
            (0..2).map(|i| limiter.count(calls(1, ME), at(i * 1_000)).remaining).collect();
        assert_eq!(remaining, [1, 0]);
        let refused = limiter.count(calls(1, ME), at(59_500));
        assert_eq!((refused.refused, refused.remaining, refused.reset), (true, 0, at(60_000)));
        assert!(!limiter.count(calls(1, ME), at(60_000)).refused);
    }

    #[test]
    fn other_addresses_and_endpoints_are_counted_by_themselves() {
        let limiter = RateLimiter::new(1, Duration::from_mins(1));
        for (n, route) in [(1, ME), (2, ME), (1, INFO)] {
            assert!(!limiter.count(calls(n, route), at(0)).refused);
        }
        assert!(limiter.count(calls(1, ME), at(0)).refused);
    }

    #[test]
    fn what_is_counted_is_bounded() {
        let limiter = RateLimiter::new(1, Duration::from_mins(1));
        for n in 0..u32::try_from(limits::RATE_KEYS).unwrap() * 2 {
            limiter.count(Key::SignIn(AddressKey::of(std::net::Ipv4Addr::from(n).into())), at(0));
        }
        let counted = limiter.counted.lock();
        assert!(counted.young.len() + counted.old.len() <= limits::RATE_KEYS);
    }

    #[test]
    fn a_connection_resumes_five_times_a_minute() {
        let resumes = Resumes::default();
        for _ in 0..5 {
            assert!(resumes.count(at(0)).is_ok());
        }
        assert_eq!(resumes.count(at(59_999)), Err(at(60_000)));
        assert!(resumes.count(at(60_000)).is_ok());
    }
}
