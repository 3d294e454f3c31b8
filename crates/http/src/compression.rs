//! Answers made smaller for clients that take it, where that pays.
//!
//! It costs several times what the answer itself does, and saves a far client more than that. A client on this
//! machine waits longer for the compressor than for the bytes, so it gets them as they are; a small answer fits a
//! packet or two. Only reads are compressed: an answer that holds a token beside what a stranger may choose would
//! tell of it by its length.

use crate::app::{Answered, json};
use axum::http::StatusCode;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue, VARY};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use rollcall_model::limits;
use std::io::Write;
use std::net::IpAddr;

const VARIES: HeaderValue = HeaderValue::from_static("Accept-Encoding");
const GZIP: HeaderValue = HeaderValue::from_static(Coding::Gzip.name());

/// How a body may be made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 7932; too slow to be made for one request.
    Brotli,
    /// RFC 1952.
    Gzip,
}

impl Coding {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// Whether a client takes gzip.
pub fn is_taken(headers: &HeaderMap) -> bool {
    takes(headers, Coding::Gzip)
}

/// Whether a client takes a coding (RFC 9110 §12.5.3).
pub fn takes(headers: &HeaderMap, coding: Coding) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut any = false;
    for said in values.flat_map(|value| value.split(',')) {
        let (name, weight) = said.split_once(';').unwrap_or((said, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1").trim();
        let taken = weight.parse::<f32>().is_ok_and(|weight| weight > 0.0);
        let name = name.trim().to_ascii_lowercase();
        // What is named counts, whatever is said of all others.
        if name.strip_prefix("x-").unwrap_or(&name) == coding.name() {
            return taken;
        }
        if name == "*" {
            any = taken;
        }
    }
    any
}

/// Whether an answer of this length is worth it for a client there.
pub fn pays(bytes: usize, client: IpAddr) -> bool {
    bytes >= limits::COMPRESSED_FROM && !client.to_canonical().is_loopback()
}

/// An answer of this body, smaller for a client that takes it.
pub fn answer(body: Vec<u8>, taken: bool) -> Answered {
    match taken.then(|| gzip(&body)).flatten() {
        Some(smaller) => response(smaller.into(), true),
        None => response(body.into(), false),
    }
}

/// A body that is the same for everybody, made and compressed once.
pub struct Ready {
    body: Bytes,
    smaller: Option<Bytes>,
}

impl Ready {
    /// Of this body.
    pub fn of(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let smaller = gzip(&body).map(Bytes::from);
        Self { body, smaller }
    }

    /// An answer of it, smaller for a client that takes it.
    pub fn answer(&self, taken: bool) -> Answered {
        match self.smaller.clone().filter(|_| taken) {
            Some(smaller) => response(smaller, true),
            None => response(self.body.clone(), false),
        }
    }
}

fn response(body: Bytes, is_gzip: bool) -> Answered {
    let mut response = json(StatusCode::OK, body);
    response.headers_mut().append(VARY, VARIES);
    if is_gzip {
        response.headers_mut().insert(CONTENT_ENCODING, GZIP);
    }
    response
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_taken_by_whoever_says_so() {
        let is_taken = |value: &str| {
            let value = HeaderValue::from_str(value).unwrap();
            super::is_taken(&[(ACCEPT_ENCODING, value)].into_iter().collect())
        };
        for yes in
            ["gzip", "gzip, compress, deflate, br", "br;q=1.0, GZIP;q=0.8", "*", "x-gzip", "br, *;q=0.1"]
        {
            assert!(is_taken(yes), "{yes}");
        }
        for no in ["", "br", "identity", "gzip;q=0", "gzip;q=0, *", "*;q=0", "gzip;q=nonsense", "gzipped"] {
            assert!(!is_taken(no), "{no}");
        }
        assert!(!super::is_taken(&HeaderMap::new()));
    }
}
