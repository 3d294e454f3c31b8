//! What is said on a socket, both ways: one JSON object a text frame.

use serde_json::{Map, Value, json};

/// What a client says.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The handshake, with the version that the client would speak.
    Connect {
        /// The version; empty when it is none.
        version: String,
    },
    /// Is anybody there?
    Ping {
        /// What the answer repeats.
        id: Option<Value>,
    },
    /// Calls a method.
    Method(MethodCall),
    /// Wants to hear of something.
    Sub(Sub),
    /// Wants to hear of it no more.
    Unsub {
        /// The subscription's id.
        id: String,
    },
    /// It should be one of these, and is not.
    Malformed(&'static str),
    /// Anything else, which is passed over: a pong among others.
    Other,
}

/// A method that is called.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodCall {
    /// What the answer repeats: text or a number.
    pub id: Value,
    /// The method's name.
    pub name: String,
    /// Its parameters, by place.
    pub params: Vec<Value>,
}

/// A subscription that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Sub {
    /// Its id, drawn by the client.
    pub id: String,
    /// The stream's name.
    pub stream: String,
    /// Its parameters: the event's name, and what older clients send behind it.
    pub params: Vec<Value>,
}

impl Heard {
    /// Reads a frame; `None` when it is no JSON object.
    pub fn read(text: &str) -> Option<Self> {
        let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else { return None };
        Some(match fields.get("msg").and_then(Value::as_str) {
            Some("connect") => {
                Self::Connect { version: take_text(&mut fields, "version").unwrap_or_default() }
            }
            Some("ping") => Self::Ping { id: fields.remove("id") },
            Some("method") => {
                method(fields).map_or(Self::Malformed("Malformed method invocation"), Self::Method)
            }
            Some("sub") => sub(fields).map_or(Self::Malformed("Malformed subscription"), Self::Sub),
            Some("unsub") => take_text(&mut fields, "id")
                .map_or(Self::Malformed("Malformed unsubscription"), |id| Self::Unsub { id }),
            _ => Self::Other,
        })
    }
}

fn method(mut fields: Map<String, Value>) -> Option<MethodCall> {
    let id = fields.remove("id").filter(|id| id.is_string() || id.is_number())?;
    Some(MethodCall { id, name: take_text(&mut fields, "method")?, params: params(&mut fields)? })
}

fn sub(mut fields: Map<String, Value>) -> Option<Sub> {
    let id = take_text(&mut fields, "id")?;
    Some(Sub { id, stream: take_text(&mut fields, "name")?, params: params(&mut fields)? })
}

/// Parameters may be left out; what else is no list is none.
fn params(fields: &mut Map<String, Value>) -> Option<Vec<Value>> {
    match fields.remove("params") {
        None => Some(Vec::new()),
        Some(Value::Array(params)) => Some(params),
        Some(_) => None,
    }
}

fn take_text(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The first frame of all. It has no `msg`, and clients pass it over.
pub fn server_id() -> String {
    json!({ "server_id": "0" }).to_string()
}

/// The handshake is done.
pub fn connected(session: &str) -> String {
    json!({ "msg": "connected", "session": session }).to_string()
}

/// The version that we speak, to a client that speaks another.
pub fn failed() -> String {
    json!({ "msg": "failed", "version": VERSION }).to_string()
}

/// The version of the protocol.
pub const VERSION: &str = "1";

/// Is anybody there?
pub fn ping() -> String {
    json!({ "msg": "ping" }).to_string()
}

/// Yes.
pub fn pong(id: Option<Value>) -> String {
    let mut pong = json!({ "msg": "pong" });
    if let Some(id) = id {
        pong["id"] = id;
    }
    pong.to_string()
}

/// Answers a method, in two frames. A client takes the very presence of `error` for a failure, and a method
/// that has nothing to say has no `result` either.
pub fn answered(id: &Value, outcome: Result<Option<Value>, Value>) -> [String; 2] {
    let mut result = json!({ "msg": "result", "id": id });
    match outcome {
        Ok(Some(value)) => result["result"] = value,
        Ok(None) => {}
        Err(error) => result["error"] = error,
    }
    [result.to_string(), json!({ "msg": "updated", "methods": [id] }).to_string()]
}

/// The user that a socket belongs to from now on.
pub fn user_added(id: &str, username: &str, name: Option<&str>) -> String {
    let mut fields = json!({ "username": username });
    if let Some(name) = name {
        fields["name"] = json!(name);
    }
    json!({ "msg": "added", "collection": "users", "id": id, "fields": fields }).to_string()
}

/// A subscription stands.
pub fn ready(id: &str) -> String {
    json!({ "msg": "ready", "subs": [id] }).to_string()
}

/// A subscription stands no more, or was refused.
pub fn nosub(id: &str, error: Option<Value>) -> String {
    let mut nosub = json!({ "msg": "nosub", "id": id });
    if let Some(error) = error {
        nosub["error"] = error;
    }
    nosub.to_string()
}

/// Something happened on a stream. Clients spread `args` unguarded: it is a list, always.
pub fn changed(stream: &str, event: &str, args: &[&str]) -> String {
    let fields = json!({ "eventName": event, "args": args });
    json!({ "msg": "changed", "collection": stream, "id": "id", "fields": fields }).to_string()
}

/// A frame that cannot be answered in any other way.
pub fn malformed(reason: &str) -> String {
    json!({ "msg": "error", "reason": reason }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_for_what_they_are() {
        let connect = r#"{"msg":"connect","version":"1","support":["1","pre2"],"session":"old"}"#;
        assert_eq!(Heard::read(connect), Some(Heard::Connect { version: "1".into() }));
        assert_eq!(Heard::read(r#"{"msg":"ping"}"#), Some(Heard::Ping { id: None }));
        assert_eq!(Heard::read(r#"{"msg":"ping","id":"x"}"#), Some(Heard::Ping { id: Some(json!("x")) }));
        let call =
            MethodCall { id: json!("7"), name: "login".into(), params: vec![json!({ "resume": "t" })] };
        let text = r#"{"msg":"method","id":"7","method":"login","params":[{"resume":"t"}]}"#;
        assert_eq!(Heard::read(text), Some(Heard::Method(call)));
        let sub = Sub { id: "s".into(), stream: "x".into(), params: Vec::new() };
        assert_eq!(Heard::read(r#"{"msg":"sub","id":"s","name":"x"}"#), Some(Heard::Sub(sub)));
        assert_eq!(Heard::read(r#"{"msg":"unsub","id":"s"}"#), Some(Heard::Unsub { id: "s".into() }));
        for other in [r#"{"server_id":"0"}"#, r#"{"msg":"pong"}"#, r#"{"msg":7}"#, "{}"] {
            assert_eq!(Heard::read(other), Some(Heard::Other), "{other}");
        }
    }

    #[test]
    fn what_lacks_a_part_is_malformed_and_what_is_no_object_is_nothing() {
        for text in [
            r#"{"msg":"method","method":"m"}"#,
            r#"{"msg":"method","id":{},"method":"m"}"#,
            r#"{"msg":"method","id":"1"}"#,
            r#"{"msg":"method","id":"1","method":"m","params":{}}"#,
            r#"{"msg":"sub","id":1,"name":"x"}"#,
            r#"{"msg":"sub","id":"1"}"#,
            r#"{"msg":"unsub"}"#,
        ] {
            assert!(matches!(Heard::read(text), Some(Heard::Malformed(_))), "{text}");
        }
        for text in ["", "null", "7", "[]", "\"ping\"", "{", "{}x", "h", "a[\"\"]"] {
            assert_eq!(Heard::read(text), None, "{text}");
        }
        assert_eq!(Heard::read(&format!("{{\"a\":{}", "[".repeat(50_000))), None);
    }

    #[test]
    fn a_success_has_no_error_and_nothing_has_neither() {
        let id = json!("1");
        assert_eq!(answered(&id, Ok(None))[0], r#"{"id":"1","msg":"result"}"#);
        assert_eq!(answered(&id, Ok(Some(Value::Null)))[0], r#"{"id":"1","msg":"result","result":null}"#);
        assert_eq!(answered(&id, Err(json!({})))[0], r#"{"error":{},"id":"1","msg":"result"}"#);
        assert_eq!(answered(&id, Ok(None))[1], r#"{"methods":["1"],"msg":"updated"}"#);
    }
}
