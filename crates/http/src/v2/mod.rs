//! API v2: our own (docs/reference/v2.md). One file per endpoint; names in snake case, flat items, RFC 3339 times, and problem
//! documents for what is refused.

mod audit;
mod complete;
mod count;
mod cursor;
mod event;
mod fields;
mod introspect;
mod item;
mod me;
mod page;
pub mod problem;
mod revocations;
mod search;
mod service_tokens;
mod session;
mod sessions;
mod sheet;
mod stats;
mod user;
mod users;
mod views;

pub use audit::Audit;
pub use complete::Complete as FilterComplete;
pub use introspect::Introspect;
pub use me::{
    BeginTotp as MeBeginTotp, ChangePassword as MeChangePassword, ConfirmTotp as MeConfirmTotp,
    EmailsChange as MeEmailsChange, EmailsConfirm as MeEmailsConfirm, EmailsList as MeEmailsList,
    EmailsVerify as MeEmailsVerify, EnableMail as MeEnableMail, EndSession as MeEndSession,
    FactorsShow as MeFactors, Me, RemoveMail as MeRemoveMail, RemoveTotp as MeRemoveTotp,
    ReplaceRecoveryCodes as MeReplaceRecoveryCodes, Sessions as MeSessions,
};
pub use revocations::{
    Execute as RevocationsExecute, Preview as RevocationsPreview, Show as RevocationsShow,
};
pub use service_tokens::{
    List as ServiceTokensList, Make as ServiceTokensMake, Revoke as ServiceTokensRevoke,
    Rotate as ServiceTokensRotate,
};
pub use session::{SignIn as SessionSignIn, SignOut as SessionSignOut};
pub use sessions::{
    End as SessionsEnd, Export as SessionsExport, List as SessionsList, Show as SessionsShow,
    Stream as SessionsStream,
};
pub use stats::{Live as StatsLive, SignIns as StatsSignIns};
pub use users::{
    Activate as UsersActivate, Contain as UsersContain, EndToken as TokensEnd, List as UsersList,
    ResetFactors as UsersResetFactors, Sessions as UsersSessions, Tokens as UsersTokens,
};
pub use views::{Delete as ViewsDelete, List as ViewsList, Put as ViewsPut};
