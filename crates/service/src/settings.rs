//! What an operator may set, as far as the use cases need it.

use rollcall_model::failure::FailureLimit;
use rollcall_model::{RoleSet, limits};
use std::time::Duration;

/// Settings of the use cases, with the contract's defaults.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a login token lives from its sign-in.
    pub session_lifetime: Duration,
    /// How long a session may be idle; `None` for ever.
    pub session_idle: Option<Duration>,
    /// Live sessions of one user.
    pub sessions_per_user: usize,
    /// How long a proved second factor is remembered.
    pub step_up_window: Duration,
    /// Wrong passwords of one user.
    pub user_failures: FailureLimit,
    /// Wrong passwords from one address.
    pub address_failures: FailureLimit,
    /// Wrong second-factor codes of one user.
    pub code_failures: FailureLimit,
    /// KiB of memory that a new password's hash takes. Less than by default is for test workspaces only.
    pub argon2_kib: u32,
    /// How old what is answered of tokens may be on a node of several.
    pub revocation_bound: Duration,
    /// How long details of events are kept; `None` for ever.
    pub keep_details: Option<Duration>,
    /// How long ended sessions are kept; `None` for ever.
    pub keep_ended: Option<Duration>,
    /// Sessions of past instants that are held in memory at the most, all together.
    pub as_of_sessions: usize,
    /// Roles whose holders must have a factor: until they have enrolled one, they can only enrol one.
    pub factor_required_of: RoleSet,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            session_lifetime: limits::SESSION_LIFETIME,
            session_idle: None,
            sessions_per_user: limits::SESSIONS_PER_USER,
            step_up_window: limits::STEP_UP_WINDOW,
            user_failures: limits::USER_FAILURES,
            address_failures: limits::ADDRESS_FAILURES,
            code_failures: limits::CODE_FAILURES,
            argon2_kib: limits::ARGON2_KIB,
            revocation_bound: limits::REVOCATION_BOUND,
            keep_details: Some(limits::KEEP_DETAILS),
            keep_ended: Some(limits::KEEP_ENDED),
            as_of_sessions: limits::AS_OF_SESSIONS,
            factor_required_of: RoleSet::EMPTY,
        }
    }
}
