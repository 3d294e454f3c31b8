//! A session: one sign-in of one user on one device. Whether it is live is decided here.

use crate::clock::Timestamp;
use crate::ids::{SessionId, SessionNo};
use crate::limits;
use crate::token::TokenHash;
use crate::user::Owner;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// One sign-in, as its row holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The ledger's number of its opening.
    pub no: SessionNo,
    /// Its id on the wire.
    pub id: SessionId,
    /// Whose it is.
    pub owner: Arc<Owner>,
    /// The digest of its login token.
    pub token: TokenHash,
    /// When it was opened: the time of its event.
    pub opened_at: Timestamp,
    /// Its absolute end.
    pub expires_at: Timestamp,
    /// The client's address at sign-in.
    pub ip: IpAddr,
    /// The user agent at sign-in, empty when there was none.
    pub agent: Arc<str>,
    /// The `Host` header at sign-in, empty when there was none.
    pub host: Arc<str>,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EndReason {
    /// Its own client signed out.
    SignedOut = 1,
    /// Its user ended it from another session.
    EndedByUser = 2,
    /// An administrator ended it.
    EndedByAdministrator = 3,
    /// It reached its absolute end.
    Expired = 4,
    /// The user reached the cap of sessions, and this was the one not seen for longest.
    Evicted = 5,
    /// Its user was deleted.
    UserDeleted = 6,
    /// Its user was deactivated.
    UserDeactivated = 7,
    /// Its user enrolled a factor from another session.
    FactorEnrolled = 8,
    /// Its user's factors were taken away.
    FactorsReset = 9,
    /// Its user was given another password.
    PasswordSet = 10,
    /// Its user was unlocked by the operator.
    Unlocked = 11,
    /// All of its user's sessions were ended at once.
    SignedOutEverywhere = 12,
    /// It was not seen for the time that a session may be idle.
    Idle = 13,
    /// It was one of a frozen set that was ended by a filter.
    Revoked = 14,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 14] = [
        Self::SignedOut,
        Self::EndedByUser,
        Self::EndedByAdministrator,
        Self::Expired,
        Self::Evicted,
        Self::UserDeleted,
        Self::UserDeactivated,
        Self::FactorEnrolled,
        Self::FactorsReset,
        Self::PasswordSet,
        Self::Unlocked,
        Self::SignedOutEverywhere,
        Self::Idle,
        Self::Revoked,
    ];

    /// The word for it in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::EndedByUser => "ended-by-user",
            Self::EndedByAdministrator => "ended-by-administrator",
            Self::Expired => "expired",
            Self::Evicted => "evicted",
            Self::UserDeleted => "user-deleted",
            Self::UserDeactivated => "user-deactivated",
            Self::FactorEnrolled => "factor-enrolled",
            Self::FactorsReset => "factors-reset",
            Self::PasswordSet => "password-set",
            Self::Unlocked => "unlocked",
            Self::SignedOutEverywhere => "signed-out-everywhere",
            Self::Idle => "idle",
            Self::Revoked => "revoked",
        }
    }
}

/// What decides how long a session lives that nobody ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Its absolute end.
    pub expires_at: Timestamp,
    /// When its token was last shown, as far as whoever asks knows.
    pub seen_at: Timestamp,
    /// How long it may be idle; `None`: that does not matter.
    pub idle: Option<Duration>,
}

/// The end of a session that nobody ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

impl Life {
    /// When it is over, and why.
    pub fn due(self) -> Due {
        let idle_at = self.idle.map(|idle| self.seen_at + idle).filter(|at| *at < self.expires_at);
        idle_at.map_or(Due { at: self.expires_at, reason: EndReason::Expired }, |at| Due {
            at,
            reason: EndReason::Idle,
        })
    }
}

impl Due {
    /// From when on the ledger may tell it. Absolute ends move no more. An idle one does, as long as a row may
    /// still have to learn of a later use.
    pub fn told_from(self) -> Timestamp {
        match self.reason {
            EndReason::Idle => self.at + limits::IDLE_GRACE,
            _ => self.at,
        }
    }
}

/// Whether a session that has not been ended is live at `now`.
///
/// Everything that asks "is it live?" asks here: lists, token checks, and preconditions of commands.
/// A deactivated or deleted user's sessions are ended in the commit that deactivates or deletes, so
/// what is left to decide is time: at the very instant of its end a session is no longer live.
pub fn live(life: Life, now: Timestamp) -> bool {
    now < life.due().at
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_mins(5);

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn a_session_is_gone_at_the_instant_of_its_expiry_however_often_it_is_seen() {
        for (idle, seen_at) in [(None, 0), (None, 999_999), (Some(IDLE), 999_999)] {
            let life = Life { expires_at: at(1_000_000), seen_at: at(seen_at), idle };
            assert!(live(life, at(999_999)));
            assert!(!live(life, at(1_000_000)));
            assert!(!live(life, at(1_000_001)));
            assert_eq!(life.due(), Due { at: at(1_000_000), reason: EndReason::Expired });
            assert_eq!(life.due().told_from(), at(1_000_000));
        }
    }

    #[test]
    fn a_session_is_gone_when_it_was_idle_for_its_time_and_the_ledger_tells_it_later() {
        let life = Life { expires_at: at(1_000_000), seen_at: at(7_000), idle: Some(IDLE) };
        assert!(live(life, at(306_999)));
        assert!(!live(life, at(307_000)));
        assert_eq!(life.due(), Due { at: at(307_000), reason: EndReason::Idle });
        assert_eq!(life.due().told_from(), at(427_000));
    }

    #[test]
    fn what_ends_by_both_at_once_expires() {
        let life = Life { expires_at: at(300_000), seen_at: at(0), idle: Some(IDLE) };
        assert_eq!(life.due().reason, EndReason::Expired);
    }
}
