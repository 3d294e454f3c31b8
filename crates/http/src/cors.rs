//! Pages of other origins: which of them browsers let read our answers. Nobody, unless the operator names
//! them.
//!
//! A browser asks beforehand (a preflight, `OPTIONS`) and looks at the real answer again, so both carry the
//! permission, refusals too: a page that cannot read "code needed" cannot ask for the code. Cookies are not
//! read here, so `Access-Control-Allow-Credentials` is never sent.

use crate::app::Answered;
use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL, CONTENT_TYPE, HeaderMap,
    HeaderValue, ORIGIN, VARY,
};
use axum::http::{Method, Response, StatusCode};
use axum::middleware::{Next, from_fn};
use std::net::Ipv6Addr;
use std::num::NonZeroU16;
use std::sync::Arc;

/// Whose pages may read answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Our own only: nothing is said of origins, and a preflight is a wrong method like any other.
    #[default]
    Nobody,
    /// Everybody's.
    Anybody,
    /// Those of these origins.
    These(Vec<Origin>),
}

/// An origin as browsers write it: `scheme://host[:port]` in small letters, without the scheme's own port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// The word for all origins.
const ANY: &str = "*";

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, HEAD, PATCH");
/// The last two are not upstream's: without them no page can prove a second factor.
const HEADERS: HeaderValue = HeaderValue::from_static(
    "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token, x-visitor-token, \
     Authorization, X-2fa-Code, X-2fa-Method",
);
const EXPOSED: HeaderValue =
    HeaderValue::from_static("X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset");
const VARIES: HeaderValue = HeaderValue::from_static("Origin");

/// Puts the permission around everything that a router serves, its refusals included.
pub(crate) fn around(router: Router, origins: AllowedOrigins) -> Router {
    if origins == AllowedOrigins::Nobody {
        return router;
    }
    let origins = Arc::new(origins);
    router.layer(from_fn(move |request: Request, next: Next| {
        let origins = origins.clone();
        async move {
            if is_preflight(request.method(), request.headers()) {
                return origins.preflight(request.headers());
            }
            let permission = origins.permission(request.headers());
            let mut response = next.run(request).await;
            for (name, value) in &permission {
                // An answer may vary by more than the origin.
                response.headers_mut().append(name, value.clone());
            }
            response
        }
    }))
}

impl AllowedOrigins {
    /// Reads a list of origins, or `*` alone. Says which of the words cannot be used.
    pub fn parse(words: &[&str]) -> Result<Self, usize> {
        match words {
            [] => Ok(Self::Nobody),
            [ANY] => Ok(Self::Anybody),
            _ => {
                let origins =
                    words.iter().enumerate().map(|(number, word)| Origin::parse(word).ok_or(number));
                origins.collect::<Result<_, _>>().map(Self::These)
            }
        }
    }

    /// What [`AllowedOrigins::parse`] reads as the same.
    pub fn words(&self) -> Vec<String> {
        match self {
            Self::Nobody => Vec::new(),
            Self::Anybody => vec![ANY.into()],
            Self::These(origins) => origins.iter().map(|origin| origin.0.clone()).collect(),
        }
    }

    /// What `Access-Control-Allow-Origin` says to a request; nothing to a page that may not read.
    ///
    /// Only a value that is on the list letter by letter is echoed. Browsers send one `Origin`, and write it
    /// in one way.
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        match self {
            Self::Nobody => None,
            Self::Anybody => Some(HeaderValue::from_static(ANY)),
            Self::These(origins) => {
                let mut given = headers.get_all(ORIGIN).iter();
                let (Some(origin), None) = (given.next(), given.next()) else { return None };
                origins.iter().any(|one| one.0.as_bytes() == origin.as_bytes()).then(|| origin.clone())
            }
        }
    }

    /// Whether what is answered depends on the origin, which caches must know.
    fn varies(&self) -> bool {
        matches!(self, Self::These(_))
    }

    /// What is added to a real answer. A request that names no origin is answered as if there were none; one
    /// of an origin that is not allowed is served, for it may come from a program, but no page can read it.
    fn permission(&self, headers: &HeaderMap) -> HeaderMap {
        let mut permission = HeaderMap::new();
        if !headers.contains_key(ORIGIN) {
            return permission;
        }
        if self.varies() {
            permission.insert(VARY, VARIES);
        }
        if let Some(origin) = self.allowed(headers) {
            permission.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            permission.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        permission
    }

    /// The answer to a preflight. The path is not looked at: which ones there are is told to nobody here.
    fn preflight(&self, headers: &HeaderMap) -> Answered {
        let origin = self.allowed(headers);
        let (status, text) = match origin {
            Some(_) => (StatusCode::OK, ""),
            None => (StatusCode::FORBIDDEN, "Invalid origin"),
        };
        let mut response = Response::new(text.into());
        *response.status_mut() = status;
        let answer = response.headers_mut();
        answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.varies() {
            answer.insert(VARY, VARIES);
        }
        if let Some(origin) = origin {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        } else {
            answer.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }
        response
    }
}

/// Whether a browser asks beforehand.
fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    let asks = headers.contains_key(ORIGIN) || headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    method == Method::OPTIONS && asks
}

impl Origin {
    /// Reads one. What could never be equal to what a browser sends is refused: a path, a user, a pattern,
    /// letters that browsers write in another way. So is `null`, which is what any page can call itself.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://")?;
        let (host, port) = match authority.rsplit_once(':') {
            // A colon within brackets is the address's.
            Some((host, port)) if !port.ends_with(']') => (host, Some(self::port(port)?)),
            _ => (authority, None),
        };
        if !is_scheme(scheme) {
            return None;
        }
        let host = self::host(host)?;
        let own = matches!((scheme, port.map(NonZeroU16::get)), ("http", Some(80)) | ("https", Some(443)));
        Some(Self(match port.filter(|_| !own) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }))
    }
}

fn is_scheme(text: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(rest)
}

fn host(text: &str) -> Option<String> {
    if let Some(address) = text.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        // Browsers write these without dots, we with them.
        return Some(format!("[{address}]")).filter(|_| address.to_ipv4_mapped().is_none());
    }
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    Some(text.to_owned()).filter(|text| !text.is_empty() && text.bytes().all(letter))
}

fn port(text: &str) -> Option<NonZeroU16> {
    // `parse` takes a sign too.
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    fn list() -> AllowedOrigins {
        AllowedOrigins::parse(&["https://app.example.test", "http://localhost:8080"]).unwrap()
    }

    #[test]
    fn an_origin_is_read_into_the_form_that_browsers_send() {
        for (text, expected) in [
            ("https://app.example.test", "https://app.example.test"),
            ("HTTPS://App.Example.TEST", "https://app.example.test"),
            ("https://app.example.test:443", "https://app.example.test"),
            ("http://app.example.test:80", "http://app.example.test"),
            ("http://app.example.test:443", "http://app.example.test:443"),
            ("http://localhost:08080", "http://localhost:8080"),
            ("http://192.0.2.7:65535", "http://192.0.2.7:65535"),
            ("http://[2001:DB8:0:0::7]", "http://[2001:db8::7]"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://xn--mnchen-3ya.example.test", "https://xn--mnchen-3ya.example.test"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("app://.", "app://."),
        ] {
            assert_eq!(Origin::parse(text).map(|origin| origin.0).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_refused() {
        for text in [
            "",
            "null",
            "*",
            "app.example.test",
            "https://",
            "://app.example.test",
            "https:/app.example.test",
            "https://app.example.test/",
            "https://app.example.test/path",
            "https://app.example.test?x",
            "https://user@app.example.test",
            "https://*.example.test",
            "https://app.example.test:",
            "https://app.example.test:0",
            "https://app.example.test:+80",
            "https://app.example.test:65536",
            "https://app.example.test:80:80",
            "https://:80",
            "https://münchen.example.test",
            "https://app example.test",
            "https://app.example.test\r\nx: y",
            " https://app.example.test",
            "1https://app.example.test",
            "https://[::1",
            "https://[::1]x",
            "https://[::g]",
            "https://[::ffff:192.0.2.7]",
            "https://::1",
        ] {
            assert_eq!(Origin::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn any_origin_is_a_word_of_its_own() {
        assert_eq!(AllowedOrigins::parse(&[]), Ok(AllowedOrigins::Nobody));
        assert_eq!(AllowedOrigins::parse(&["*"]), Ok(AllowedOrigins::Anybody));
        assert_eq!(AllowedOrigins::parse(&["https://app.example.test", "*"]), Err(1));
        assert_eq!(AllowedOrigins::parse(&["*", "*"]), Err(0));
        for origins in [AllowedOrigins::Nobody, AllowedOrigins::Anybody, list()] {
            let words = origins.words();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            assert_eq!(AllowedOrigins::parse(&words), Ok(origins));
        }
    }

    #[test]
    fn only_the_one_origin_on_the_list_is_echoed() {
        let allowed = |values: &[&str]| {
            let pairs: Vec<_> = values.iter().map(|value| ("origin", *value)).collect();
            list().allowed(&headers(&pairs))
        };
        for good in ["https://app.example.test", "http://localhost:8080"] {
            assert_eq!(allowed(&[good]), Some(good.parse().unwrap()));
            assert_eq!(allowed(&[good, "http://evil.test"]), None);
            assert_eq!(allowed(&[good, good]), None);
        }
        for bad in [
            "",
            "null",
            "*",
            "http://evil.test",
            "http://app.example.test",
            "https://app.example.test:8443",
            "https://app.example.test.evil.test",
            "https://evil.app.example.test",
            "https://APP.example.test",
            "https://app.example.test http://localhost:8080",
            "https://app.example.test, http://localhost:8080",
            "é",
        ] {
            assert_eq!(allowed(&[bad]), None, "{bad:?}");
        }
        assert_eq!(allowed(&[]), None);
        let any = AllowedOrigins::Anybody.allowed(&headers(&[("origin", "http://evil.test")]));
        assert_eq!(any, Some(HeaderValue::from_static("*")));
        assert_eq!(AllowedOrigins::Nobody.allowed(&headers(&[("origin", "http://evil.test")])), None);
    }

    #[test]
    fn a_preflight_is_options_of_somebody_who_says_so() {
        let (origin, method) = (("origin", "x"), ("access-control-request-method", "GET"));
        for (sent, expected) in
            [(&[][..], false), (&[origin], true), (&[method], true), (&[origin, method], true)]
        {
            assert_eq!(is_preflight(&Method::OPTIONS, &headers(sent)), expected, "{sent:?}");
            assert!(!is_preflight(&Method::GET, &headers(sent)));
        }
    }
}
