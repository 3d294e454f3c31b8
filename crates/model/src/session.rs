//! A session: one sign-in of one user on one device. Whether it is live is decided here.

use crate::clock::Timestamp;
use crate::ids::{SessionId, SessionNo};
use crate::token::TokenHash;
use crate::user::Owner;
use std::net::IpAddr;
use std::sync::Arc;

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
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 12] = [
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
        }
    }
}

/// Whether a session that has not been ended is live at `now`.
///
/// Everything that asks "is it live?" asks here: lists, token checks, and preconditions of commands.
/// A deactivated or deleted user's sessions are ended in the commit that deactivates or deletes, so
/// what is left to decide is time: at the very instant of its expiry a session is no longer live.
pub fn live(expires_at: Timestamp, now: Timestamp) -> bool {
    now < expires_at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_gone_at_the_instant_of_its_expiry() {
        let end = Timestamp::from_ms(1_000);
        assert!(live(end, Timestamp::from_ms(999)));
        assert!(!live(end, end));
        assert!(!live(end, Timestamp::from_ms(1_001)));
    }
}
