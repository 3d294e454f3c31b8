//! Words and rules of Rollcall, without I/O: every other crate speaks in these types.
//!
//! A change goes [`command`] → [`decide`] (on [`facts`]) → [`event`]. Time and randomness are arguments.

pub mod address;
pub mod change;
pub mod clock;
pub mod command;
pub mod decide;
pub mod device;
pub mod event;
pub mod factor;
pub mod facts;
pub mod failure;
pub mod ids;
pub mod limits;
pub mod mail;
pub mod needs;
pub mod permission;
pub mod revocation;
pub mod service_token;
pub mod session;
pub mod step_up;
pub mod text;
pub mod token;
pub mod user;

pub use address::AddressKey;
pub use change::UserChange;
pub use clock::{Clock, Timestamp};
pub use command::{Command, Receipt, Refused};
pub use device::{Device, DeviceType};
pub use event::{Actor, Event, Happening};
pub use ids::{Randomness, RevocationId, Seq, ServiceNo, SessionId, SessionNo, TokenNo, UserId, UserNo};
pub use permission::{Grants, Permission, Role, RoleSet};
pub use service_token::{Networks, Scopes, ServiceSecret, ServiceToken};
pub use session::{EndReason, Session};
pub use token::{Holder, PersonalToken, Token, TokenHash};
pub use user::{NewUser, Owner, User};
