//! What a socket listens to. One event is ever pushed: `<user id>/force_logout` on `stream-notify-user`. The
//! other events and streams that clients ask for at their start are accepted, and stay silent.

use super::errors;
use super::message::{self, Sub};
use rollcall_model::limits;
use serde_json::Value;
use std::collections::HashMap;

/// The stream of a user's own events.
const NOTIFY_USER: &str = "stream-notify-user";

/// Subscriptions by id: stream and event.
#[derive(Default)]
pub struct Subscriptions(HashMap<String, (Stream, String)>);

/// Streams of events, by who may listen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    User,
    LoggedIn,
    All,
}

impl Stream {
    fn parse(name: &str) -> Option<Self> {
        match name {
            NOTIFY_USER => Some(Self::User),
            "stream-notify-logged" => Some(Self::LoggedIn),
            "stream-notify-all" => Some(Self::All),
            _ => None,
        }
    }

    /// Whether a user, or nobody, may listen to this event.
    fn admits(self, event: &str, user_id: Option<&str>) -> bool {
        match self {
            Self::User => {
                let whose = event.split_once('/').map(|(user_id, _)| user_id);
                whose.is_some() && whose == user_id
            }
            Self::LoggedIn => user_id.is_some(),
            Self::All => true,
        }
    }
}

/// What a subscription is answered.
pub enum Subscribed {
    /// With this frame.
    Answer(String),
    /// There are too many.
    TooMany,
}

impl Subscriptions {
    /// Adds one for this user, or for nobody; one that stands is answered as it was.
    pub fn add(&mut self, sub: Sub, user_id: Option<&str>) -> Subscribed {
        let refused = |error| Subscribed::Answer(message::nosub(&sub.id, Some(error)));
        let Some(stream) = Stream::parse(&sub.stream) else {
            return refused(errors::no_such_stream(&sub.stream));
        };
        let Some(Value::String(event)) = sub.params.into_iter().next() else {
            return refused(errors::match_failed());
        };
        if !stream.admits(&event, user_id) {
            return refused(errors::not_allowed());
        }
        if self.0.len() >= limits::SUBSCRIPTIONS_PER_SOCKET && !self.0.contains_key(&sub.id) {
            return Subscribed::TooMany;
        }
        let ready = message::ready(&sub.id);
        self.0.insert(sub.id, (stream, event));
        Subscribed::Answer(ready)
    }

    /// Ends one; a client waits for this answer, whether there was one or not.
    pub fn remove(&mut self, id: &str) -> String {
        self.0.remove(id);
        message::nosub(id, None)
    }

    /// Ends all.
    pub fn clear(&mut self) -> Vec<String> {
        self.0.drain().map(|(id, _)| message::nosub(&id, None)).collect()
    }

    /// What is heard of the end of a session of this user, when this is listened to.
    pub fn force_logout(&self, user_id: &str, session_id: &str) -> Option<String> {
        let event = format!("{user_id}/force_logout");
        let listens = self.0.values().any(|(stream, name)| *stream == Stream::User && *name == event);
        listens.then(|| message::changed(NOTIFY_USER, &event, &[session_id]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn add(subscriptions: &mut Subscriptions, stream: &str, params: &[Value], user: Option<&str>) -> Value {
        let sub = Sub { id: "s".into(), stream: stream.into(), params: params.to_vec() };
        match subscriptions.add(sub, user) {
            Subscribed::Answer(text) => serde_json::from_str(&text).unwrap(),
            Subscribed::TooMany => panic!("too many"),
        }
    }

    #[test]
    fn who_may_listen_to_what() {
        let mine = json!("ann/force_logout");
        for (stream, event, user, error) in [
            ("stream-notify-user", mine.clone(), Some("ann"), Value::Null),
            ("stream-notify-user", json!("ann/notification"), Some("ann"), Value::Null),
            ("stream-notify-user", mine.clone(), Some("bob"), json!("not-allowed")),
            ("stream-notify-user", mine, None, json!("not-allowed")),
            ("stream-notify-user", json!("force_logout"), Some("ann"), json!("not-allowed")),
            ("stream-notify-user", json!("/force_logout"), Some("ann"), json!("not-allowed")),
            ("stream-notify-user", json!(7), Some("ann"), json!(400)),
            ("stream-notify-logged", json!("x"), Some("ann"), Value::Null),
            ("stream-notify-logged", json!("x"), None, json!("not-allowed")),
            ("stream-notify-all", json!("x"), None, Value::Null),
            ("stream-room-messages", json!("x"), Some("ann"), json!(404)),
        ] {
            let answer = add(&mut Subscriptions::default(), stream, std::slice::from_ref(&event), user);
            let wanted = if error.is_null() { "ready" } else { "nosub" };
            assert_eq!(
                (&answer["msg"], &answer["error"]["error"]),
                (&json!(wanted), &error),
                "{stream} {event}"
            );
        }
        assert_eq!(add(&mut Subscriptions::default(), "stream-notify-all", &[], None)["error"]["error"], 400);
    }

    #[test]
    fn an_ending_is_heard_by_who_listens_for_it() {
        let mut subscriptions = Subscriptions::default();
        add(&mut subscriptions, "stream-notify-user", &[json!("ann/notification")], Some("ann"));
        assert_eq!(subscriptions.force_logout("ann", "id"), None);
        add(
            &mut subscriptions,
            "stream-notify-user",
            &[json!("ann/force_logout"), json!(false)],
            Some("ann"),
        );
        assert_eq!(subscriptions.force_logout("bob", "id"), None);
        let heard: Value = serde_json::from_str(&subscriptions.force_logout("ann", "sid").unwrap()).unwrap();
        let fields = json!({ "eventName": "ann/force_logout", "args": ["sid"] });
        let wanted =
            json!({ "msg": "changed", "collection": "stream-notify-user", "id": "id", "fields": fields });
        assert_eq!(heard, wanted);
        assert_eq!(subscriptions.remove("s"), r#"{"id":"s","msg":"nosub"}"#);
        assert_eq!(subscriptions.force_logout("ann", "sid"), None);
    }
}
