//! Bodies of `method.call`: what is a call of the method is taken apart into its id and its parameters, and
//! anything else is refused.

use bytes::Bytes;
use rollcall_http::input::Body;
use rollcall_http::method_call::open;
use rollcall_http::refusal::Refusal;
use rollcall_http::written::{Written, parse};
use serde_json::Value;

const NAME: &str = "2fa:enable";

/// Takes a body apart, as JSON and as a form.
pub fn method_call(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    let (id, body) = open(&Body::Json(bytes.clone()), NAME);
    let read: Option<Value> = serde_json::from_slice(data).ok();
    let message = read.as_ref().and_then(|read| serde_json::from_str(read["message"].as_str()?).ok());
    let is_call = |message: &Value| {
        (message["id"].is_string() || message["id"].is_number())
            && message["method"] == NAME
            && message["params"].is_array()
    };
    match body {
        Body::Params(params) => {
            assert!(id.is_string() || id.is_number());
            if let Some(message) = message.filter(is_call) {
                assert!(message["id"] == id || twice(data));
                assert!(message["params"] == Value::from(params) || twice(data));
            }
        }
        Body::Unusable(refusal) => {
            assert!(matches!(*refusal, Refusal::NotJson | Refusal::NotACall), "{refusal:?}");
            assert!(message.is_none_or(|message| !is_call(&message)) || twice(data), "a call is refused");
            assert!(*refusal != Refusal::NotJson || read.is_none());
        }
        other => panic!("{other:?}"),
    }
    if let (_, Body::Unusable(refusal)) = open(&Body::Form(bytes), NAME) {
        assert_eq!(*refusal, Refusal::NotACall);
    }
}

/// Whether the name comes twice: then the first is taken, and a plain reader keeps the last.
fn twice(data: &[u8]) -> bool {
    let Some(Written::Object(pairs)) = parse(data) else { return false };
    pairs.iter().filter(|(name, _)| name == "message").count() > 1
}
