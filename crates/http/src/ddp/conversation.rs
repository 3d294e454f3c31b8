//! What is said on one socket, as a state that neither reads nor writes: frames and instants go in, what to
//! say and what to do comes out. [`super::socket`] does the rest.
//!
//! **Invariants:** what a client asks is done in the order in which it asked; a ping is answered at once; what
//! waits and what is subscribed to is bounded.

use super::Close;
use super::message::{self, Heard, MethodCall, Sub};
use super::subscriptions::{Subscribed, Subscriptions};
use rollcall_model::limits;
use std::collections::VecDeque;
use tokio::time::Instant;

/// The state of one socket.
pub struct Conversation {
    /// Whether the handshake is done.
    connected: bool,
    began_at: Instant,
    /// When the other end was last heard.
    heard_at: Instant,
    /// When it was last asked whether it is there.
    asked_at: Instant,
    waiting: VecDeque<Work>,
    /// Methods that are not answered: those that wait, and the one that is under way.
    methods: usize,
    subscriptions: Subscriptions,
}

/// Something that is to be done in its turn.
#[derive(Debug, PartialEq)]
pub enum Work {
    /// A method is to be called.
    Method(MethodCall),
    /// A subscription is to be looked at.
    Sub(Sub),
    /// A subscription is to end.
    Unsub {
        /// Its id.
        id: String,
    },
}

/// What to say now, and whether to close after it.
#[derive(Debug, Default, PartialEq)]
pub struct Reaction {
    /// The frame.
    pub say: Option<String>,
    /// How to close.
    pub close: Option<Close>,
}

impl Reaction {
    fn say(text: String) -> Self {
        Self { say: Some(text), close: None }
    }

    fn close(close: Close) -> Self {
        Self { say: None, close: Some(close) }
    }
}

impl Conversation {
    /// A socket that was just opened.
    pub fn new(now: Instant) -> Self {
        Self {
            connected: false,
            began_at: now,
            heard_at: now,
            asked_at: now,
            waiting: VecDeque::new(),
            methods: 0,
            subscriptions: Subscriptions::default(),
        }
    }

    /// Takes in a text frame. `draw` gives the conversation an id when its handshake is right.
    pub fn heard(&mut self, text: &str, now: Instant, draw: impl FnOnce() -> String) -> Reaction {
        self.alive(now);
        let Some(heard) = Heard::read(text) else { return Reaction::close(Close::NOT_JSON) };
        if !self.connected {
            return self.handshake(&heard, draw);
        }
        match heard {
            Heard::Ping { id } => return Reaction::say(message::pong(id)),
            Heard::Malformed(reason) => return Reaction::say(message::malformed(reason)),
            // A second handshake changes nothing.
            Heard::Connect { .. } | Heard::Other => {}
            Heard::Method(call) => {
                self.methods += 1;
                if self.methods > limits::METHODS_PER_SOCKET {
                    return Reaction::close(Close::TOO_MANY_METHODS);
                }
                self.waiting.push_back(Work::Method(call));
            }
            Heard::Sub(sub) => self.waiting.push_back(Work::Sub(sub)),
            Heard::Unsub { id } => self.waiting.push_back(Work::Unsub { id }),
        }
        Reaction::default()
    }

    fn handshake(&mut self, heard: &Heard, draw: impl FnOnce() -> String) -> Reaction {
        match heard {
            Heard::Connect { version } if version == message::VERSION => {
                self.connected = true;
                Reaction::say(message::connected(&draw()))
            }
            Heard::Connect { .. } => {
                Reaction { say: Some(message::failed()), close: Some(Close::OTHER_VERSION) }
            }
            _ => Reaction::close(Close::NO_HANDSHAKE),
        }
    }

    /// The other end sent something.
    pub fn alive(&mut self, now: Instant) {
        (self.heard_at, self.asked_at) = (now, now);
    }

    /// Whether so much waits that nothing more should be read.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= limits::FRAMES_WAITING
    }

    /// What is to be done next. A method is under way until [`answered`](Self::answered).
    pub fn next_work(&mut self) -> Option<Work> {
        self.waiting.pop_front()
    }

    /// The method that was under way is answered.
    pub fn answered(&mut self) {
        self.methods -= 1;
    }

    /// Subscribes a socket of this user, or of nobody.
    pub fn subscribe(&mut self, sub: Sub, user_id: Option<&str>) -> Reaction {
        match self.subscriptions.add(sub, user_id) {
            Subscribed::Answer(text) => Reaction::say(text),
            Subscribed::TooMany => Reaction::close(Close::TOO_MANY_SUBSCRIPTIONS),
        }
    }

    /// Ends a subscription, whether there is one or not.
    pub fn unsubscribe(&mut self, id: &str) -> String {
        self.subscriptions.remove(id)
    }

    /// Ends all subscriptions.
    pub fn unsubscribe_all(&mut self) -> Vec<String> {
        self.subscriptions.clear()
    }

    /// What a socket of this user hears when its session has ended; nothing, when it does not listen.
    pub fn force_logout(&self, user_id: &str, session_id: &str) -> Option<String> {
        self.subscriptions.force_logout(user_id, session_id)
    }

    /// When [`at`](Self::at) has to be asked next.
    pub fn due(&self) -> Instant {
        if self.connected {
            (self.asked_at + limits::PING_AFTER).min(self.heard_at + limits::SILENCE_MAX)
        } else {
            self.began_at + limits::HANDSHAKE_TIME
        }
    }

    /// What silence comes to.
    pub fn at(&mut self, now: Instant) -> Reaction {
        if now < self.due() {
            Reaction::default()
        } else if !self.connected {
            Reaction::close(Close::NO_HANDSHAKE)
        } else if now >= self.heard_at + limits::SILENCE_MAX {
            Reaction::close(Close::SILENT)
        } else {
            self.asked_at = now;
            Reaction::say(message::ping())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const CONNECT: &str = r#"{"msg":"connect","version":"1","support":["1"]}"#;

    struct Scene {
        conversation: Conversation,
        began: Instant,
    }

    impl Scene {
        fn new() -> Self {
            let began = Instant::now();
            Self { conversation: Conversation::new(began), began }
        }

        fn connected() -> Self {
            let mut scene = Self::new();
            let said = scene.hear(CONNECT, 0);
            assert_eq!(said, Reaction::say(r#"{"msg":"connected","session":"drawn"}"#.into()));
            scene
        }

        fn hear(&mut self, text: &str, at_s: u64) -> Reaction {
            let now = self.began + Duration::from_secs(at_s);
            self.conversation.heard(text, now, || "drawn".into())
        }

        fn at(&mut self, at_s: u64) -> Reaction {
            self.conversation.at(self.began + Duration::from_secs(at_s))
        }
    }

    #[test]
    fn a_conversation_begins_with_its_handshake() {
        for first in
            [r#"{"msg":"ping"}"#, r#"{"msg":"method","id":"1","method":"login"}"#, r#"{"server_id":"0"}"#]
        {
            assert_eq!(Scene::new().hear(first, 0), Reaction::close(Close::NO_HANDSHAKE), "{first}");
        }
        for version in [r#""2""#, r#""pre2""#, "1", "null"] {
            let connect = format!(r#"{{"msg":"connect","version":{version}}}"#);
            let failed = Reaction {
                say: Some(r#"{"msg":"failed","version":"1"}"#.into()),
                close: Some(Close::OTHER_VERSION),
            };
            assert_eq!(Scene::new().hear(&connect, 0), failed, "{version}");
        }
        assert_eq!(Scene::connected().hear(CONNECT, 0), Reaction::default());
    }

    #[test]
    fn a_handshake_has_ten_seconds() {
        let mut scene = Scene::new();
        assert_eq!(scene.at(9), Reaction::default());
        assert_eq!(scene.at(10), Reaction::close(Close::NO_HANDSHAKE));
    }

    #[test]
    fn what_is_no_json_object_ends_it() {
        for text in ["", "x", "[]", "7"] {
            assert_eq!(Scene::new().hear(text, 0), Reaction::close(Close::NOT_JSON));
            assert_eq!(Scene::connected().hear(text, 0), Reaction::close(Close::NOT_JSON));
        }
    }

    #[test]
    fn pings_are_answered_at_once_with_their_id() {
        let mut scene = Scene::connected();
        scene.hear(r#"{"msg":"method","id":"1","method":"m"}"#, 0);
        let pong = Reaction::say(r#"{"id":"x","msg":"pong"}"#.into());
        assert_eq!(scene.hear(r#"{"msg":"ping","id":"x"}"#, 1), pong);
        assert_eq!(scene.hear(r#"{"msg":"ping"}"#, 1), Reaction::say(r#"{"msg":"pong"}"#.into()));
    }

    #[test]
    fn who_is_silent_is_asked_and_then_left() {
        let mut scene = Scene::connected();
        let ping = || Reaction::say(r#"{"msg":"ping"}"#.into());
        assert_eq!(scene.at(24), Reaction::default());
        assert_eq!(scene.at(25), ping());
        assert_eq!(scene.at(26), Reaction::default());
        assert_eq!(scene.at(50), ping());
        assert_eq!(scene.at(60), Reaction::close(Close::SILENT));
        let mut scene = Scene::connected();
        assert_eq!(scene.at(25), ping());
        // Whatever is heard counts.
        assert_eq!(scene.hear(r#"{"msg":"pong"}"#, 30), Reaction::default());
        assert_eq!(scene.at(54), Reaction::default());
        assert_eq!(scene.at(55), ping());
        assert_eq!(scene.at(89), ping());
        assert_eq!(scene.at(90), Reaction::close(Close::SILENT));
    }

    #[test]
    fn a_hundred_methods_may_be_open_and_what_is_answered_makes_room() {
        let mut scene = Scene::connected();
        let method = r#"{"msg":"method","id":"1","method":"m"}"#;
        for _ in 0..100 {
            assert_eq!(scene.hear(method, 0), Reaction::default());
        }
        assert!(matches!(scene.conversation.next_work(), Some(Work::Method(_))));
        scene.conversation.answered();
        assert_eq!(scene.hear(method, 0), Reaction::default());
        assert_eq!(scene.hear(method, 0), Reaction::close(Close::TOO_MANY_METHODS));
    }

    #[test]
    fn what_waits_is_bounded_and_comes_in_its_order() {
        let mut scene = Scene::connected();
        for n in 0..limits::FRAMES_WAITING {
            assert!(!scene.conversation.is_full());
            scene.hear(&format!(r#"{{"msg":"unsub","id":"{n}"}}"#), 0);
        }
        assert!(scene.conversation.is_full());
        assert_eq!(scene.conversation.next_work(), Some(Work::Unsub { id: "0".into() }));
        assert_eq!(scene.conversation.next_work(), Some(Work::Unsub { id: "1".into() }));
        assert!(!scene.conversation.is_full());
    }

    #[test]
    fn the_hundred_and_first_subscription_ends_it() {
        let mut scene = Scene::connected();
        let sub = |n: usize| Sub {
            id: n.to_string(),
            stream: "stream-notify-all".into(),
            params: vec!["anything".into()],
        };
        for n in 0..100 {
            let ready = Reaction::say(format!(r#"{{"msg":"ready","subs":["{n}"]}}"#));
            assert_eq!(scene.conversation.subscribe(sub(n), None), ready);
        }
        // One that stands is no further one.
        assert!(scene.conversation.subscribe(sub(5), None).close.is_none());
        let one_more = scene.conversation.subscribe(sub(100), None);
        assert_eq!(one_more, Reaction::close(Close::TOO_MANY_SUBSCRIPTIONS));
    }
}
