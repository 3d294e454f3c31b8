//! What a request brings to authenticate with, by the version of the API.

use crate::app::lossy;
use crate::endpoint::{Method, Route, Version};
use crate::guard::{Credentials, Way};
use crate::page::Page;
use crate::refusal::Refusal;
use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderName};

const X_USER_ID: HeaderName = HeaderName::from_static("x-user-id");
const X_AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// A user's id and its token in two headers; in v2 also a bearer token (RFC 6750 §2.1), or the console's cookie.
/// Refuses a cookie that comes with a change from a page that is not ours.
pub fn of(headers: &HeaderMap, route: Route, page: Page) -> Result<Option<Credentials>, Refusal> {
    let text = |name: &HeaderName| headers.get(name).map(|value| lossy(value).into_owned());
    if route.version() == Version::V2
        && let Some(authorization) = text(&AUTHORIZATION)
    {
        let token = bearer(&authorization).map(str::to_owned);
        return Ok(token.map(|token| Credentials { user_id: None, token, way: Way::Bearer }));
    }
    if let (Some(user_id), Some(token)) = (text(&X_USER_ID), text(&X_AUTH_TOKEN)) {
        return Ok(Some(Credentials { user_id: Some(user_id), token, way: Way::Pair }));
    }
    if route.version() == Version::V1 {
        return Ok(None);
    }
    let cookie = page.cookie_name().value_in(headers);
    if cookie.is_some() && route.method != Method::Get && !page.is_ours() {
        return Err(Refusal::ForeignOrigin);
    }
    Ok(cookie.map(|token| Credentials { user_id: None, token, way: Way::Cookie }))
}

/// The token of an `Authorization` header; its scheme's case does not matter.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{delete, get};
    use crate::page::PlainHttp;
    use axum::http::HeaderValue;

    const READ: Route = get("/api/v2/sessions");
    const CHANGE: Route = delete("/api/v2/sessions/{id}");
    const V1: Route = get("/api/v1/me");

    fn token(route: Route, headers: &[(&'static str, &str)]) -> Result<Option<String>, Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let page = Page::of(&map, None, PlainHttp::Localhost);
        of(&map, route, page).map(|credentials| credentials.map(|credentials| credentials.token))
    }

    #[test]
    fn a_bearer_goes_before_the_pair_and_the_pair_before_the_cookie_and_v1_knows_the_pair_only() {
        let pair = [("x-user-id", "u"), ("x-auth-token", "pair")];
        let local = [("host", "localhost:3000"), ("cookie", "a=b; rollcall=two")];
        let all = [&pair[..], &[("authorization", "bEaReR one")], &local].concat();
        assert_eq!(token(READ, &all), Ok(Some("one".into())));
        assert_eq!(token(V1, &all), Ok(Some("pair".into())));
        assert_eq!(token(READ, &pair), Ok(Some("pair".into())));
        assert_eq!(token(READ, &local), Ok(Some("two".into())));
        // Where it came by TLS, anybody on the way could have set the other one.
        let both = [("cookie", "rollcall=two; __Host-rollcall=three")];
        assert_eq!(token(READ, &both), Ok(Some("three".into())));
        assert_eq!(token(READ, &[("host", "a.test"), local[1]]), Ok(None));
        assert_eq!(token(V1, &both), Ok(None));
        // What is said to authorise and is no bearer's token is not made good by a cookie.
        assert_eq!(
            token(READ, &[("authorization", "Basic eDp5"), ("cookie", "__Host-rollcall=two")]),
            Ok(None)
        );
    }

    #[test]
    fn a_cookie_changes_something_from_our_own_pages_only() {
        let cookie = ("cookie", "__Host-rollcall=two");
        let taken = Ok(Some("two".to_owned()));
        assert_eq!(token(CHANGE, &[cookie, ("sec-fetch-site", "same-origin")]), taken);
        assert_eq!(token(CHANGE, &[cookie]), Err(Refusal::ForeignOrigin));
        assert_eq!(token(READ, &[cookie]), taken);
    }
}
