//! The page that a browser sends a request from: whether it is one of ours, and which cookie it can keep.
//!
//! **Invariant:** only for a page of ours, and only where nobody can read it on its way (or the operator allows that), a
//! [`SetCookie`] can be made.

use crate::cookie::{CookieName, SetCookie};
use crate::refusal::Refusal;
use axum::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use rollcall_service::SignedIn;
use std::time::Duration;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where pages that came by plain HTTP may keep the console's cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// On this machine, where nobody is on the way.
    #[default]
    Localhost,
    /// Anywhere.
    Anywhere,
}

/// What a request says of the page that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    is_ours: bool,
    cookie: Option<CookieName>,
}

impl Page {
    /// No page: what comes on a socket.
    pub const NONE: Self = Self { is_ours: false, cookie: None };

    /// The page by a request's headers. `proxy_scheme` is what a trusted proxy says that it was asked by.
    pub fn of(headers: &HeaderMap, proxy_scheme: Option<&str>, plain_http: PlainHttp) -> Self {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        // Without one it is `null`, or a request that only reads: browsers name the origin of changes.
        let origin = text(&ORIGIN).and_then(|origin| origin.split_once("://"));
        let host = text(&HOST);
        // A browser that says nothing is too old to be trusted with a change.
        let is_ours = match headers.get(SEC_FETCH_SITE) {
            Some(site) => site == "same-origin",
            None => origin.is_some() && origin.map(|(_, authority)| authority) == host,
        };
        // How another page came says nothing of how we are reached.
        let reached = origin.filter(|_| is_ours);
        let (scheme, authority) =
            reached.unwrap_or((proxy_scheme.unwrap_or("http"), host.unwrap_or_default()));
        let cookie = match scheme {
            "https" => Some(CookieName::ByTls),
            _ if plain_http == PlainHttp::Anywhere || is_localhost(authority) => {
                Some(CookieName::ByPlainHttp)
            }
            _ => None,
        };
        Self { is_ours, cookie }
    }

    /// Whether it is one of this server's own.
    pub const fn is_ours(self) -> bool {
        self.is_ours
    }

    /// The name by which its browser sends the cookie back. Where none can be kept, a proxy may be on the way that does
    /// not say that it was asked by TLS.
    pub fn cookie_name(self) -> CookieName {
        self.cookie.unwrap_or(CookieName::ByTls)
    }

    /// The cookie that the page is to keep, or why it cannot.
    pub fn cookie(self) -> Result<Cookie, Refusal> {
        if !self.is_ours {
            return Err(Refusal::ForeignOrigin);
        }
        self.cookie.map(Cookie).ok_or(Refusal::InsecureOrigin)
    }
}

/// A cookie that a page of ours can keep.
#[derive(Clone, Copy, Debug)]
pub struct Cookie(CookieName);

impl Cookie {
    /// Has the browser keep a token for so long.
    pub fn keep(self, signed_in: &SignedIn, max_age: Duration) -> SetCookie {
        SetCookie::new(self.0, signed_in.token.clone(), max_age)
    }
}

/// Whether a host, with a port or without, is this machine by its name: browsers let no other claim it.
fn is_localhost(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        // A colon within brackets is the address's.
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    };
    ["localhost", "127.0.0.1", "[::1]"].contains(&host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn page(headers: &[(&'static str, &str)], proxy_scheme: Option<&str>, plain_http: PlainHttp) -> Page {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        Page::of(&map, proxy_scheme, plain_http)
    }

    #[test]
    fn a_page_is_ours_when_the_browser_says_so() {
        let (host, same) = (("host", "a:8080"), ("origin", "http://a:8080"));
        for (headers, ours) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "same-origin"), host, ("origin", "null")], true),
            (vec![host, same, ("sec-fetch-site", "same-site")], false),
            (vec![host, same, ("sec-fetch-site", "cross-site")], false),
            (vec![host, same, ("sec-fetch-site", "none")], false),
            (vec![host, same], true),
            (vec![host, ("origin", "https://a:8080")], true),
            (vec![host, ("origin", "http://a")], false),
            (vec![host, ("origin", "http://b:8080")], false),
            (vec![host, ("origin", "null")], false),
            (vec![host], false),
            (vec![], false),
        ] {
            assert_eq!(page(&headers, None, PlainHttp::Localhost).is_ours, ours, "{headers:?}");
        }
    }

    #[test]
    fn a_cookie_is_kept_where_nobody_reads_it_on_its_way_or_where_that_is_allowed() {
        use CookieName::{ByPlainHttp, ByTls};
        use PlainHttp::{Anywhere, Localhost};
        for (host, origin, proxy, plain_http, cookie) in [
            ("a.test", "https://a.test", None, Localhost, Some(ByTls)),
            ("a.test", "", Some("https"), Localhost, Some(ByTls)),
            ("a.test", "null", Some("https"), Localhost, Some(ByTls)),
            ("a.test", "http://a.test", None, Localhost, None),
            // What the browser says goes before what a proxy says: it is the browser that keeps the cookie.
            ("a.test", "http://a.test", Some("https"), Localhost, None),
            ("a.test", "", Some("http"), Localhost, None),
            ("a.test", "", None, Localhost, None),
            ("a.test", "http://a.test", None, Anywhere, Some(ByPlainHttp)),
            ("a.test", "https://a.test", None, Anywhere, Some(ByTls)),
            ("localhost:3000", "http://localhost:3000", None, Localhost, Some(ByPlainHttp)),
            ("127.0.0.1:3000", "", None, Localhost, Some(ByPlainHttp)),
            ("[::1]", "http://[::1]", None, Localhost, Some(ByPlainHttp)),
            ("[::1]:3000", "http://[::1]:3000", None, Localhost, Some(ByPlainHttp)),
            ("localhost", "https://localhost", None, Localhost, Some(ByTls)),
            // Of another page: its cookie is found, and refused.
            ("localhost", "https://a.test", None, Localhost, Some(ByPlainHttp)),
            ("a.test", "http://localhost", None, Localhost, None),
            ("localhost.test", "http://localhost.test", None, Localhost, None),
            ("127.0.0.1.test", "http://127.0.0.1.test", None, Localhost, None),
            ("[::2]", "http://[::2]", None, Localhost, None),
        ] {
            let headers = [("host", host), ("origin", origin)];
            let headers = if origin.is_empty() { &headers[..1] } else { &headers };
            assert_eq!(
                page(headers, proxy, plain_http).cookie,
                cookie,
                "{headers:?} {proxy:?} {plain_http:?}"
            );
        }
    }
}
