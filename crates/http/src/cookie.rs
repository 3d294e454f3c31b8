//! The console's cookie: it holds the token of a session where no script can read it.

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header::COOKIE;
use std::fmt;
use std::time::Duration;

/// The cookie's name, by how the page came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieName {
    /// By TLS: no other host can set one of this name, and it is never sent in the clear.
    ByTls,
    /// By plain HTTP, where that name cannot be set.
    ByPlainHttp,
}

impl CookieName {
    /// As it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByTls => "__Host-rollcall",
            Self::ByPlainHttp => "rollcall",
        }
    }

    /// What a request brings in the cookie of this name.
    pub fn value_in(self, headers: &HeaderMap) -> Option<String> {
        headers.get_all(COOKIE).iter().find_map(|cookies| {
            let pairs = cookies.to_str().ok()?.split("; ");
            let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
            pairs.find(|(name, _)| *name == self.as_str()).map(|(_, value)| value.to_owned())
        })
    }

    /// Has the browser forget it.
    pub const fn forgotten(self) -> SetCookie {
        SetCookie { name: self, value: String::new(), max_age: Duration::ZERO }
    }
}

/// What a browser is told to keep. It may hold a token: its `Debug` says nothing of it.
pub struct SetCookie {
    name: CookieName,
    value: String,
    max_age: Duration,
}

impl fmt::Debug for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &self.name)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

impl SetCookie {
    pub(crate) const fn new(name: CookieName, value: String, max_age: Duration) -> Self {
        Self { name, value, max_age }
    }

    /// As the header says it; a token has no letter that could not stand there.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let Self { name, value, max_age } = self;
        let secure = if *name == CookieName::ByTls { "; Secure" } else { "" };
        let (name, seconds) = (name.as_str(), max_age.as_secs());
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}{secure}; HttpOnly; SameSite=Strict");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_written_with_all_that_guards_it_and_not_shown_in_debug() {
        let set = |name| SetCookie::new(name, "abc".into(), Duration::from_secs(90));
        assert_eq!(
            set(CookieName::ByTls).header().unwrap(),
            "__Host-rollcall=abc; Path=/; Max-Age=90; Secure; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            set(CookieName::ByPlainHttp).header().unwrap(),
            "rollcall=abc; Path=/; Max-Age=90; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            CookieName::ByTls.forgotten().header().unwrap(),
            "__Host-rollcall=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"
        );
        let set = set(CookieName::ByTls);
        assert!(!format!("{set:?}{:?}", set.header().unwrap()).contains("abc"));
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=b; xrollcall=1; rollcall=2=3"));
        headers.append(COOKIE, HeaderValue::from_static("__Host-rollcall=4"));
        assert_eq!(CookieName::ByPlainHttp.value_in(&headers).as_deref(), Some("2=3"));
        assert_eq!(CookieName::ByTls.value_in(&headers).as_deref(), Some("4"));
    }
}
