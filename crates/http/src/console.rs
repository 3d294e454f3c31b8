//! The console: what `cargo xtask web` built in `web/dist`, within the binary; or one page that says how to build it.
//!
//! **Invariants**
//! - Pages load what is ours alone, and no script or style that stands in the page itself.
//! - A name of a file holds its hash, so the file is kept for a year; the page that names them is asked for each time.

use crate::app::Answered;
use crate::compression::{self, Coding};
use axum::body::Body;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, Response, StatusCode};
use data_encoding::HEXLOWER;
use rust_embed::{Embed, EmbeddedFile};
use std::borrow::Cow;

/// The build's output, with a compressed copy beside each file. In a debug build it is read from its folder.
#[derive(Embed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Built;

const PAGE: &str = "index.html";
/// Files whose names hold their hashes.
const HASHED: &str = "assets/";

const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASKED_FOR: HeaderValue = HeaderValue::from_static("no-cache");
/// Only what is ours, and whatever script makes of text has to go through the framework's own templates.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types svelte-trusted-html",
);
const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

/// What is said where the console was not built.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Rollcall</title></head>\n\
    <body>\n<h1>Rollcall</h1>\n<p>The server runs. Its console was not built with it: \
    <code>cargo xtask web</code> builds it, and <code>cargo xtask run</code> builds and serves it.</p>\n\
    <p>The API is at <a href=\"/api/reference\">/api/reference</a>.</p>\n</body>\n</html>\n";

/// What a browser asks for that is not the API's: a file, or the page, which stands at every address of the console.
/// `None` for what only a program can have meant.
pub fn answer(method: &Method, path: &str, asked: &HeaderMap) -> Option<Answered> {
    if !matches!(*method, Method::GET | Method::HEAD) || path.starts_with("/api/") {
        return None;
    }
    let name = path.trim_start_matches('/');
    if name != PAGE && !is_copy(name) && Built::get(name).is_some() {
        return file(name, asked);
    }
    if path != "/" && !wants_page(asked) {
        return None;
    }
    Some(file(PAGE, asked).unwrap_or_else(not_built))
}

/// A file of the build, as the client takes it.
fn file(name: &str, asked: &HeaderMap) -> Option<Answered> {
    let whole = Built::get(name)?;
    let tag = tag(&whole);
    let mut response = if asked.get(IF_NONE_MATCH).is_some_and(|held| *held == tag) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let smaller = [Coding::Brotli, Coding::Gzip].into_iter().find_map(|coding| {
            let taken = compression::takes(asked, coding);
            taken
                .then(|| Built::get(&format!("{name}.{}", extension(coding))))
                .flatten()
                .map(|file| (coding, file))
        });
        let (coding, file) = smaller.map_or((None, whole), |(coding, file)| (Some(coding), file));
        let mut response = Response::new(body(file));
        if let Some(coding) = coding {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(CACHE_CONTROL, if name.starts_with(HASHED) { KEPT } else { ASKED_FOR });
    headers.insert(ETAG, tag);
    headers.insert(VARY, HeaderValue::from(ACCEPT_ENCODING));
    headers.append(VARY, HeaderValue::from(ACCEPT));
    guarded(headers);
    Some(response)
}

fn not_built() -> Answered {
    let mut response = Response::new(Body::from(NOT_BUILT));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(PAGE)));
    headers.insert(CACHE_CONTROL, ASKED_FOR);
    guarded(headers);
    response
}

fn guarded(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(COOP, SAME_ORIGIN);
}

fn body(file: EmbeddedFile) -> Body {
    match file.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    }
}

fn tag(file: &EmbeddedFile) -> HeaderValue {
    let hash = HEXLOWER.encode(&file.metadata.sha256_hash()[..16]);
    HeaderValue::try_from(format!("\"{hash}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// A program that asks for a path that is not there is told so; only a browser shows a page.
fn wants_page(asked: &HeaderMap) -> bool {
    asked
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn is_copy(name: &str) -> bool {
    [Coding::Brotli, Coding::Gzip].iter().any(|coding| name.rsplit('.').next() == Some(extension(*coding)))
}

const fn extension(coding: Coding) -> &'static str {
    match coding {
        Coding::Brotli => "br",
        Coding::Gzip => "gz",
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
