//! What a request brings to authenticate with, by the version of the API.

use crate::app::lossy;
use crate::endpoint::{Method, Route, Version};
use crate::guard::Credentials;
use crate::refusal::Refusal;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, ORIGIN};

const X_USER_ID: HeaderName = HeaderName::from_static("x-user-id");
const X_AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The console's cookie, where the page came by TLS: no other host can set it.
pub const COOKIE_BY_TLS: &str = "__Host-rollcall";
/// The same on `http://localhost`, where that name cannot be set.
pub const COOKIE_ON_LOCALHOST: &str = "rollcall";

/// A user's id and its token in two headers; in v2 also a bearer token (RFC 6750 §2.1), or the console's cookie.
/// Refuses a cookie that comes with a change from a page that is not ours.
pub fn of(headers: &HeaderMap, route: Route) -> Result<Option<Credentials>, Refusal> {
    let text = |name: &HeaderName| headers.get(name).map(|value| lossy(value).into_owned());
    if route.version() == Version::V2
        && let Some(authorization) = text(&AUTHORIZATION)
    {
        let token = bearer(&authorization).map(str::to_owned);
        return Ok(token.map(|token| Credentials { user_id: None, token, is_bearer: true }));
    }
    if let (Some(user_id), Some(token)) = (text(&X_USER_ID), text(&X_AUTH_TOKEN)) {
        return Ok(Some(Credentials { user_id: Some(user_id), token, is_bearer: false }));
    }
    let cookie = if route.version() == Version::V2 { cookie(headers) } else { None };
    if cookie.is_some() && route.method != Method::Get && !is_from_our_page(headers) {
        return Err(Refusal::ForeignOrigin);
    }
    Ok(cookie.map(|token| Credentials { user_id: None, token, is_bearer: false }))
}

/// The token of an `Authorization` header; its scheme's case does not matter.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let named = |name: &str| {
        headers.get_all(COOKIE).iter().find_map(|cookies| {
            let cookies = cookies.to_str().ok()?;
            let pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(given, _)| *given == name).map(|(_, value)| value.to_owned())
        })
    };
    named(COOKIE_BY_TLS).or_else(|| named(COOKIE_ON_LOCALHOST))
}

/// Whether the browser says that the page is ours. One that says nothing is too old to be trusted with it.
fn is_from_our_page(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let authority = origin.and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    authority.is_some() && authority == headers.get(HOST).and_then(|host| host.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{delete, get};
    use axum::http::HeaderValue;

    const READ: Route = get("/api/v2/sessions");
    const CHANGE: Route = delete("/api/v2/sessions/{id}");
    const V1: Route = get("/api/v1/me");

    fn token(route: Route, headers: &[(&'static str, &str)]) -> Result<Option<String>, Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        of(&map, route).map(|credentials| credentials.map(|credentials| credentials.token))
    }

    #[test]
    fn a_bearer_goes_before_the_pair_and_the_pair_before_the_cookie_and_v1_knows_the_pair_only() {
        let pair = [("x-user-id", "u"), ("x-auth-token", "pair")];
        let all = [&pair[..], &[("authorization", "bEaReR one"), ("cookie", "a=b; rollcall=two")]].concat();
        assert_eq!(token(READ, &all), Ok(Some("one".into())));
        assert_eq!(token(V1, &all), Ok(Some("pair".into())));
        assert_eq!(token(READ, &pair), Ok(Some("pair".into())));
        assert_eq!(token(READ, &[("cookie", "x=y; rollcall=two")]), Ok(Some("two".into())));
        let both = [("cookie", "rollcall=two; __Host-rollcall=three")];
        assert_eq!(token(READ, &both), Ok(Some("three".into())));
        assert_eq!(token(V1, &both), Ok(None));
        // What is said to authorise and is no bearer's token is not made good by a cookie.
        assert_eq!(token(READ, &[("authorization", "Basic eDp5"), ("cookie", "rollcall=two")]), Ok(None));
    }

    #[test]
    fn a_cookie_changes_something_from_our_own_pages_only() {
        let cookie = ("cookie", "rollcall=two");
        let foreign = Err(Refusal::ForeignOrigin);
        let taken = Ok(Some("two".to_owned()));
        for (headers, expected) in [
            (vec![cookie, ("sec-fetch-site", "same-origin")], &taken),
            (vec![cookie, ("sec-fetch-site", "same-site"), ("host", "a"), ("origin", "http://a")], &foreign),
            (vec![cookie, ("sec-fetch-site", "none")], &foreign),
            (vec![cookie, ("host", "a:8080"), ("origin", "http://a:8080")], &taken),
            (vec![cookie, ("host", "a"), ("origin", "http://b")], &foreign),
            (vec![cookie, ("host", "a"), ("origin", "null")], &foreign),
            (vec![cookie, ("host", "a")], &foreign),
        ] {
            assert_eq!(&token(CHANGE, &headers), expected, "{headers:?}");
        }
        assert_eq!(token(READ, &[cookie]), taken);
    }
}
