//! The list of endpoints: the only one. The router, the printed table and the refusal tests come from it.

use crate::app::{App, mount};
use crate::ddp::{self, Methods};
use crate::endpoint::{Declaration, Version};
use crate::{method_call, v1, v2};
use axum::Router;
use std::sync::Arc;

macro_rules! endpoints {
    ($($endpoint:path),+ $(,)?) => {
        /// Every endpoint as data, in the order of the docs.
        pub fn declarations() -> Vec<Declaration> {
            vec![$(Declaration::of::<$endpoint>()),+]
        }

        /// Those of one version of the API.
        pub fn declarations_of(version: Version) -> Vec<Declaration> {
            declarations().into_iter().filter(|declaration| declaration.version() == version).collect()
        }

        /// Every endpoint on its routes.
        pub(crate) fn routes(app: &Arc<App>) -> Router {
            let router = Router::new();
            let mut methods = Methods::default();
            $(let router = mount::<$endpoint>(router, &mut methods, app);)+
            let methods = Arc::new(methods);
            ddp::mount(method_call::mount(router, &methods, app), &methods, app)
        }
    };
}

endpoints![
    v1::Login,
    v1::Logout,
    v1::Me,
    v1::Info,
    v1::sessions::List,
    v1::sessions::ListAll,
    v1::sessions::Info,
    v1::sessions::InfoAdmin,
    v1::sessions::LogoutMe,
    v1::sessions::Logout,
    v1::UsersList,
    v1::UsersInfo,
    v1::UsersCreate,
    v1::UsersUpdate,
    v1::UsersSetActiveStatus,
    v1::UsersDelete,
    v1::UsersLogout,
    v1::UsersLogoutOtherClients,
    v1::UsersRemoveOtherTokens,
    v1::GeneratePersonalToken,
    v1::ListPersonalTokens,
    v1::RemovePersonalToken,
    v1::permissions::ListAll,
    v1::permissions::Update,
    v1::roles::List,
    v1::roles::AddUserToRole,
    v1::roles::RemoveUserFromRole,
    v1::mail_factor::EnableEmail,
    v1::mail_factor::DisableEmail,
    v1::mail_factor::SendEmailCode,
    ddp::Login,
    ddp::Logout,
    v1::totp::Enable,
    v1::totp::ValidateTempToken,
    v1::totp::Disable,
    v1::totp::RegenerateCodes,
    v1::totp::CheckCodesRemaining,
    v2::SessionsList,
    v2::SessionsExport,
    v2::SessionsStream,
    v2::SessionsShow,
    v2::SessionsEnd,
    v2::RevocationsPreview,
    v2::RevocationsExecute,
    v2::RevocationsShow,
    v2::Audit,
    v2::UsersList,
    v2::UsersSessions,
    v2::UsersContain,
    v2::UsersActivate,
    v2::UsersResetFactors,
    v2::UsersTokens,
    v2::TokensEnd,
    v2::ServiceTokensList,
    v2::ServiceTokensMake,
    v2::ServiceTokensRotate,
    v2::ServiceTokensRevoke,
    v2::Introspect,
    v2::StatsLive,
    v2::StatsSignIns,
    v2::ViewsList,
    v2::ViewsPut,
    v2::ViewsDelete,
    v2::FilterComplete,
    v2::SessionSignIn,
    v2::SessionSignOut,
    v2::Me,
    v2::MeSessions,
    v2::MeEndSession,
    v2::MeChangePassword,
    v2::MeFactors,
    v2::MeBeginTotp,
    v2::MeConfirmTotp,
    v2::MeRemoveTotp,
    v2::MeReplaceRecoveryCodes,
    v2::MeEnableMail,
    v2::MeRemoveMail,
    v2::MeEmailsList,
    v2::MeEmailsChange,
    v2::MeEmailsVerify,
    v2::MeEmailsConfirm,
];
