//! Why a socket is closed by us: codes of RFC 6455 §7.4.1, with a reason for people.

/// A code and a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    /// The code.
    pub code: u16,
    /// The reason, short enough for a control frame.
    pub reason: &'static str,
}

const GOING_AWAY: u16 = 1001;
const PROTOCOL_ERROR: u16 = 1002;
const UNSUPPORTED: u16 = 1003;
const INVALID_TEXT: u16 = 1007;
const POLICY: u16 = 1008;

impl Close {
    /// The session that the socket was bound to has ended.
    pub const SESSION_ENDED: Self = Self { code: POLICY, reason: "force_logout" };
    /// The server stops.
    pub const STOPPING: Self = Self { code: GOING_AWAY, reason: "the server is stopping" };
    /// Nothing was heard for too long.
    pub const SILENT: Self = Self { code: GOING_AWAY, reason: "nothing was heard for 60 s" };
    /// The first frame was not the handshake, or none came in time.
    pub const NO_HANDSHAKE: Self = Self { code: PROTOCOL_ERROR, reason: "expected connect" };
    /// The handshake was for a version that is not spoken here.
    pub const OTHER_VERSION: Self = Self { code: PROTOCOL_ERROR, reason: "expected version 1" };
    /// The frames are not as RFC 6455 has them.
    pub const BAD_FRAME: Self = Self { code: PROTOCOL_ERROR, reason: "bad frame" };
    /// A binary frame.
    pub const BINARY: Self = Self { code: UNSUPPORTED, reason: "expected text" };
    /// A text frame that is no JSON object.
    pub const NOT_JSON: Self = Self { code: UNSUPPORTED, reason: "expected a JSON object" };
    /// A text frame that is not UTF-8.
    pub const NOT_TEXT: Self = Self { code: INVALID_TEXT, reason: "expected UTF-8" };
    /// A frame past its bound.
    pub const TOO_LONG: Self = Self { code: POLICY, reason: "a frame has at most 64 KiB" };
    /// Too many methods that are not answered yet.
    pub const TOO_MANY_METHODS: Self = Self { code: POLICY, reason: "at most 100 methods at once" };
    /// Too many subscriptions.
    pub const TOO_MANY_SUBSCRIPTIONS: Self = Self { code: POLICY, reason: "at most 100 subscriptions" };
}
