//! The list of endpoints: the only one. The router, the printed table and the refusal tests come from it.

use crate::app::{App, mount};
use crate::endpoint::Declaration;
use crate::v1;
use axum::Router;
use std::sync::Arc;

macro_rules! endpoints {
    ($($endpoint:path),+ $(,)?) => {
        /// Every endpoint as data, in the order of the docs.
        pub fn declarations() -> Vec<Declaration> {
            vec![$(Declaration::of::<$endpoint>()),+]
        }

        /// Every endpoint on its routes.
        pub(crate) fn routes(app: &Arc<App>) -> Router {
            let router = Router::new();
            $(let router = mount::<$endpoint>(router, app);)+
            router
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
    v1::UsersCreate,
    v1::UsersDelete,
];
