//! A page of the console, in a browser that keeps its cookie.

use crate::client::{Answer, Caller};
use serde_json::json;

impl Caller {
    /// A page that came from this origin.
    #[must_use]
    pub fn page_of(&self, origin: &str) -> Self {
        let (_, host) = origin.split_once("://").unwrap();
        self.with("host", host).with("origin", origin)
    }

    /// Signs the page in.
    pub async fn sign_in_page(&self, user: &str, password: &str) -> Answer {
        self.v2("POST", "session", Some(&json!({ "user": user, "password": password }))).await
    }

    /// The page with the cookie that it was told to keep.
    #[must_use]
    pub fn keeping(&self, signed_in: &Answer) -> Self {
        assert_eq!(signed_in.status, 201, "{signed_in:?}");
        let (name, value, _) = signed_in.set_cookie();
        self.with("cookie", &format!("{name}={value}"))
    }
}

impl Answer {
    /// A cookie that is to be kept: its name, its value, and the rest; all of them empty where there is none.
    pub fn set_cookie(&self) -> (&str, &str, &str) {
        let (cookie, attributes) = self.header("set-cookie").split_once("; ").unwrap_or_default();
        let (name, value) = cookie.split_once('=').unwrap_or_default();
        (name, value, attributes)
    }
}
