//! The caller's own.

mod code_body;
mod emails;
mod end_session;
mod factors;
mod password;
mod sessions;
mod show;

pub use emails::{
    Change as EmailsChange, Confirm as EmailsConfirm, List as EmailsList, Verify as EmailsVerify,
};
pub use end_session::EndSession;
pub use factors::{
    BeginTotp, ConfirmTotp, EnableMail, RemoveMail, RemoveTotp, ReplaceRecoveryCodes, Show as FactorsShow,
};
pub use password::ChangePassword;
pub use sessions::Sessions;
pub use show::{Me, Myself};

use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, StepUp, WithoutFactor};

/// Anybody may look after its own factors and addresses, so as to enrol a factor too; what differs is the step-up.
const fn policy<E: Endpoint>(step_up: StepUp) -> Policy<E> {
    Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Principal,
        step_up,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    }
}
