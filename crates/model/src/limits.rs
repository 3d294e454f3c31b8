//! Bounds and defaults, in one place. What an operator may set has its default here.

use crate::failure::FailureLimit;
use std::ops::RangeInclusive;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// How long a login token lives from its sign-in, by default.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(2160);
/// How often it is written down when sessions were last seen. It is the grain of idle time.
pub const SEEN_PERIOD: Duration = MINUTE;
/// How long after its end an idle session's ending is told at the earliest: by then its row knows of a use that
/// it did not know of at the end, on another node too, and one failed writing does no harm.
pub const IDLE_GRACE: Duration = SEEN_PERIOD.saturating_mul(2);
/// The shortest idle time that may be set: some periods, so that the grain is small beside it.
pub const IDLE_MIN: Duration = SEEN_PERIOD.saturating_mul(5);
/// Sessions of which that is written in one step, so that no commit waits for long.
pub const SEEN_AT_ONCE: usize = 1_000;
/// Ended sessions of which it is still to be written; of more than these, history keeps what was written before.
pub const SEEN_OF_ENDED: usize = 200_000;
/// Live sessions of one user; the next sign-in ends the one not seen for longest.
pub const SESSIONS_PER_USER: usize = 50;
/// How long a proved second factor is remembered.
pub const STEP_UP_WINDOW: Duration = Duration::from_mins(30);
/// Remembered windows of one session (one per user agent and address); the oldest goes.
pub const STEP_UP_WINDOWS_PER_SESSION: usize = 8;

/// Personal access tokens of one user.
pub const PERSONAL_TOKENS_PER_USER: usize = 100;
/// Last characters of a personal access token that are kept for its user to know it by.
pub const TOKEN_PART_CHARS: usize = 6;

/// Service tokens of a workspace that are not revoked.
pub const SERVICE_TOKENS: usize = 200;
/// Characters of a service token's name.
pub const SERVICE_NAME_CHARS: usize = 100;
/// Networks that a service token may be bound to.
pub const SERVICE_NETWORKS: usize = 50;
/// How long a service token is good, where it is not said.
pub const SERVICE_LIFE: Duration = Duration::from_hours(90 * 24);
/// How long it may be good at the most.
pub const SERVICE_LIFE_MAX: Duration = Duration::from_hours(365 * 24);
/// How long the secret before a rotation stays good, where it is not said.
pub const SERVICE_OVERLAP: Duration = DAY;
/// How long it may stay good at the most.
pub const SERVICE_OVERLAP_MAX: Duration = Duration::from_hours(7 * 24);

/// Wrong passwords of one user.
pub const USER_FAILURES: FailureLimit =
    FailureLimit { max: 10, window: Duration::from_mins(5), block: Duration::from_mins(5) };
/// Wrong passwords from one address.
pub const ADDRESS_FAILURES: FailureLimit =
    FailureLimit { max: 50, window: Duration::from_mins(5), block: Duration::from_mins(5) };
/// Wrong second-factor codes of one user.
pub const CODE_FAILURES: FailureLimit =
    FailureLimit { max: 5, window: Duration::from_mins(5), block: Duration::from_mins(5) };
/// How long a mailed code is good.
pub const MAILED_CODE_LIFE: Duration = Duration::from_mins(10);
/// Codes mailed to one user with no right one between. The block is as long as a code is good, so that while
/// no further one is mailed, the last one still is.
pub const CODES_MAILED_TO_USER: FailureLimit =
    FailureLimit { max: 5, window: MAILED_CODE_LIFE, block: MAILED_CODE_LIFE };
/// Codes by mail that are asked for from one address.
pub const CODES_MAILED_FROM_ADDRESS: FailureLimit =
    FailureLimit { max: 50, window: Duration::from_mins(10), block: Duration::from_mins(10) };
/// Counters kept for names that nobody has; the oldest go.
pub const UNKNOWN_NAME_COUNTERS: usize = 10_000;
/// How long an address that a user signed in from counts as the user's own.
pub const KNOWN_ADDRESS_FOR: Duration = Duration::from_hours(720);

/// Calls of one address to one endpoint, by default.
pub const RATE_CALLS: u32 = 10;
/// Calls of one principal to all of API v2, by default.
pub const PRINCIPAL_CALLS: u32 = 600;
/// The time in which they are counted, by default.
pub const RATE_WINDOW: Duration = MINUTE;
/// Addresses and endpoints counted at once in one window; past it the oldest half is forgotten.
pub const RATE_KEYS: usize = 200_000;
/// `resume` sign-ins of one connection in a minute.
pub const RESUMES_PER_CONNECTION: u32 = 5;

/// Rows of a page when none are asked for.
pub const PAGE_ROWS_DEFAULT: usize = 50;
/// Rows of a page at the most.
pub const PAGE_ROWS_MAX: usize = 100;
/// Characters of a v1 filter.
pub const FILTER_CHARS: usize = 256;
/// Memory of a compiled filter: of its regular expressions together.
pub const FILTER_PROGRAM_BYTES: usize = 1 << 20;
/// Nesting of a filter's regular expression.
pub const FILTER_NESTING: u32 = 64;
/// Characters of a filter in the filter language.
pub const FILTER_TREE_CHARS: usize = 8_192;
/// Terms of such a filter.
pub const FILTER_TERMS: usize = 250;
/// Parentheses of such a filter within one another.
pub const FILTER_DEPTH: usize = 32;
/// Sessions of a page of API v2, when it is not said how many.
pub const V2_PAGE_DEFAULT: usize = 50;
/// Sessions of a page of API v2 at the most.
pub const V2_PAGE_MAX: usize = 1_000;
/// Characters of a cursor.
pub const CURSOR_CHARS: usize = 8_192;
/// How long a cursor is good.
pub const CURSOR_LIFE: Duration = Duration::from_hours(24);
/// Sessions of an export that are written while the index stands still.
pub const EXPORTED_AT_ONCE: usize = 500;
/// Different filters that a node follows at once.
pub const FEEDS: usize = 256;
/// What a feed remembers of what it said, for who comes back or is slow: more than that and it begins anew.
pub const FEED_KEPT: usize = 4_096;
/// Streams of one user on a node at once.
pub const STREAMS_PER_USER: usize = 64;
/// How often a stream without news says that it is there.
pub const STREAM_HEARTBEAT: Duration = Duration::from_secs(15);
/// Values of a facet that are given; of the rest, how many they are.
pub const FACET_VALUES: usize = 50;
/// Events that the store is asked for at a time, where a filter looks for some.
pub const AUDIT_STRETCH: usize = 1_000;
/// Events that are looked at for one page of the audit, found or not.
pub const AUDIT_LOOKED_AT: usize = 20_000;
/// Events of a session that are told beside its opening and its ending.
pub const SESSION_EVENTS: usize = 200;
/// Instants of a curve.
pub const CURVE_POINTS: usize = 1_000;
/// Sign-ins that the store is asked for at a time.
pub const SIGN_INS_STRETCH: usize = 5_000;
/// Sign-ins that are counted for one answer; of more, the newest.
pub const SIGN_INS_COUNTED: usize = 1_000_000;
/// New users of other nodes whose hashes are asked for one by one; of more, samples of all users' are.
pub const NEW_USERS_ASKED_FOR: usize = 100;
/// Sessions that the store is asked for at a time of those that were live at an instant.
pub const STOOD_STRETCH: usize = 10_000;
/// Instants of the past whose sessions are held in memory at once.
pub const PASTS: usize = 4;
/// Sessions that they have together, by default.
pub const AS_OF_SESSIONS: usize = 2_000_000;
/// The most that may be set.
pub const AS_OF_SESSIONS_MAX: usize = 100_000_000;
/// How long they are held.
pub const PAST_KEPT: Duration = Duration::from_mins(10);
/// How old an instant is when nothing more is told of it: endings by time, and commits that were under way.
pub const PAST_SETTLED: Duration = Duration::from_mins(5);
/// How long sessions are held of an instant that is younger.
pub const YOUNG_PAST_KEPT: Duration = Duration::from_secs(5);
/// Fills that wait for the one under way.
pub const PASTS_WAITING: usize = 16;
/// Saved filters of one user.
pub const VIEWS_PER_USER: usize = 100;
/// Saved filters that are listed, those of others among them.
pub const VIEWS_LISTED: usize = 1_000;
/// Characters of a saved filter's name.
pub const VIEW_NAME_CHARS: usize = 100;
/// Values that are offered to whoever types a filter.
pub const COMPLETIONS: usize = 20;
/// How long one filter may scan before it is refused.
pub const FILTER_TIME: Duration = Duration::from_millis(250);

/// Bytes of an answer from which on compressing it pays.
pub const COMPRESSED_FROM: usize = 4 << 10;
/// Bytes of a request's body.
pub const BODY_BYTES: usize = 1 << 20;
/// Bytes of a request's head.
pub const HEAD_BYTES: usize = 64 << 10;
/// Bytes of a head that are read before the connection is given up without an answer.
pub const HEAD_BYTES_READ: usize = 2 * HEAD_BYTES;
/// Bytes of a body that are always taken; a longer one takes one of the places for long bodies.
pub const SHORT_BODY_BYTES: usize = 16 << 10;
/// Bodies longer than that at once; the next is read when one of them is done. It bounds what strangers
/// can make the server hold before they are refused.
pub const LONG_BODIES: usize = 64;
/// Bytes of a body that are read past its bound, so that the client hears the refusal.
pub const BODY_BYTES_DISCARDED: usize = 8 << 20;
/// How long a client may take over a request's head, and how long a connection may be idle before the next.
pub const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long a client may take over a request's body.
pub const BODY_TIME: Duration = Duration::from_secs(30);
/// Connections at once; the next waits to be accepted.
pub const CONNECTIONS: u32 = 8_192;
/// Connections that wait to be accepted, as far as the system lets them.
pub const ACCEPT_QUEUE: u32 = 4_096;
/// How long a shutdown waits for answers under way.
pub const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Characters of a user agent that are kept.
pub const AGENT_CHARS: usize = 500;
/// Characters of a `Host` header that are kept.
pub const HOST_CHARS: usize = 255;
/// Characters of a name, address or free field.
pub const TEXT_CHARS: usize = 1_000;
/// Roles or addresses in one list.
pub const LIST_ITEMS: usize = 100;
/// Bytes of a parameter that is an object, such as a user's custom fields.
pub const OBJECT_BYTES: usize = 16 << 10;

/// Faults of one request's parameters that are told: a body of many small ones must not make a larger answer.
pub const FAULTS: usize = 20;

/// Bytes of a frame on a socket.
pub const FRAME_BYTES: usize = 64 << 10;
/// Bytes of frames that wait for a socket's other end to read them; past it, nothing more is read from it.
pub const FRAMES_WAITING_BYTES: usize = 256 << 10;
/// Methods of one socket that are not answered yet.
pub const METHODS_PER_SOCKET: usize = 100;
/// Subscriptions of one socket.
pub const SUBSCRIPTIONS_PER_SOCKET: usize = 100;
/// Frames of one socket that wait for the ones before them; past it, nothing more is read from it.
pub const FRAMES_WAITING: usize = 256;
/// How long a socket may take until its handshake.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Silence after which a socket is asked whether its other end is still there.
pub const PING_AFTER: Duration = Duration::from_secs(25);
/// Silence after which a socket is closed.
pub const SILENCE_MAX: Duration = MINUTE;
/// How long a socket's last words may take to be sent; then it is dropped.
pub const LAST_WORDS_TIME: Duration = Duration::from_millis(50);
/// How long a socket that said its last words waits for the other end to close.
pub const LINGER_TIME: Duration = Duration::from_secs(1);
/// How long the answer to an ending waits for what was open for the session to be closed: longer than that
/// takes by itself.
pub const ENDING_HEARD: Duration = Duration::from_secs(1);

/// Commands waiting for the writer; past it a caller is told to come back.
pub const WRITER_QUEUE: usize = 16_384;
/// Commands in one commit.
pub const BATCH_COMMANDS: usize = 4_096;
/// So many that wait go into one commit together; of more, half are left to the next, which is decided meanwhile.
pub const BATCH_AT_LEAST: usize = 32;
/// Events that the index takes in on the thread that brings them: handing over to another costs more than these do.
pub const APPLIED_IN_PLACE: u64 = 64;
/// How often the writer lets others ask before it commits, while any of them does.
pub const GATHERING_ROUNDS: usize = 2;
/// Endings that one command of the expiry sweep carries.
pub const EXPIRED_AT_ONCE: usize = 2_000;
/// How long details of events are kept.
pub const KEEP_DETAILS: Duration = Duration::from_hours(400 * 24);
/// How long ended sessions are kept.
pub const KEEP_ENDED: Duration = Duration::from_hours(90 * 24);
/// The least that both can be set to.
pub const KEEP_MIN: Duration = Duration::from_hours(24);
/// The most.
pub const KEEP_MAX: Duration = Duration::from_hours(3_650 * 24);
/// Details forgotten at a time, and ended sessions looked at.
pub const FORGOTTEN_AT_ONCE: usize = 1_000;
/// Events looked at at a time for what there is of a user that is erased.
pub const ERASED_AT_ONCE: usize = 20_000;
/// Ended sessions moved to history at a time.
pub const SWEPT_AT_ONCE: usize = 1_000;
/// Passwords waiting to be hashed; past it a caller is told to come back.
pub const HASHING_QUEUE: usize = 256;
/// Costs of bcrypt hashes that are verified; a step doubles the time, and the last takes about a second.
pub const BCRYPT_COST: RangeInclusive<u32> = 4..=14;
/// KiB of memory that a hash of ours takes, by default.
pub const ARGON2_KIB: u32 = 19 << 10;
/// The least that may be set, for test workspaces only: argon2id's own.
pub const ARGON2_KIB_MIN: u32 = 8;
/// KiB of memory of an argon2id hash that is verified. Ours take 19 MiB.
pub const ARGON2_MEMORY_KIB: u32 = 64 << 10;
/// Passes of an argon2id hash that is verified. Ours take two.
pub const ARGON2_PASSES: u32 = 10;
/// Lanes of an argon2id hash that is verified. Ours take one.
pub const ARGON2_LANES: u32 = 4;
/// Bytes of a file that holds one password hash.
pub const HASH_FILE_BYTES: u64 = 1 << 10;
/// Reads of the store waiting; past it a caller is told to come back.
pub const READER_QUEUE: usize = 1_024;
/// How often a node asks whether others have committed.
pub const FOLLOW_PERIOD: Duration = Duration::from_millis(20);
/// How often a node tells the others how far it follows, for receipts.
pub const REPORT_PERIOD: Duration = Duration::from_secs(1);
/// How long it tells how late it was.
pub const LAGS_TOLD: Duration = REPORT_PERIOD.saturating_mul(3);
/// How old what a node answers of tokens may be, by default: within that, every node refuses what was ended on any.
pub const REVOCATION_BOUND: Duration = Duration::from_secs(1);
/// The longest that may be set.
pub const REVOCATION_BOUND_MAX: Duration = MINUTE;
/// For how long a node does what only one does; it asks for more when half of it is over.
pub const LEASE: Duration = Duration::from_secs(10);
/// Connections to a database at once, beside the one that commits and the one that follows the ledger, by default.
pub const STORE_CONNECTIONS: usize = 4;
/// The most that may be set.
pub const STORE_CONNECTIONS_MAX: usize = 100;
/// How long a connection to a database may take to be made, by default.
pub const STORE_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one statement of a database may take, by default.
pub const STORE_STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest that may be set for either.
pub const STORE_TIMEOUT_MAX: Duration = Duration::from_mins(10);
/// How much longer to wait for what the database itself says of a statement that takes too long.
pub const STORE_ANSWER_GRACE: Duration = Duration::from_secs(5);
/// Mails waiting to be delivered; past it no further one is queued.
pub const MAILS_QUEUED: u64 = 10_000;
/// How long a mail that brings no code may wait to be delivered.
pub const MAIL_AGE: Duration = Duration::from_secs(3 * DAY.as_secs());
/// Times that a server may put one mail off before it is dropped.
pub const MAIL_ATTEMPTS: u32 = 20;
/// How long to wait after the first failure; each further one doubles it.
pub const MAIL_WAIT: Duration = Duration::from_secs(5);
/// The longest wait for a server that does not answer: short, since a code waits with the mail.
pub const MAIL_SERVER_WAIT_MAX: Duration = MINUTE;
/// The longest wait for a server to take a mail that it put off.
pub const MAIL_WAIT_MAX: Duration = Duration::from_hours(1);
/// Mails handed over in one go.
pub const MAILS_AT_ONCE: usize = 50;
/// How long one step of a delivery may take, by default.
pub const MAIL_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that may be set.
pub const MAIL_TIMEOUT_MAX: Duration = MINUTE;
/// Mails that the outbox keeps; the oldest go.
pub const OUTBOX_MAILS: usize = 100;
/// Bytes of a file whose first line is a secret.
pub const SECRET_BYTES: u64 = 1 << 10;
/// Bytes of the file that a mail server's certificates are read from.
pub const MAIL_FILE_BYTES: u64 = 1 << 20;
/// Different reads and refusals written one by one in a window; the rest are counted together.
pub const OBSERVATIONS: usize = 1_000;
/// The window in which repeats of a read or refusal are counted together.
pub const OBSERVATION_WINDOW: Duration = MINUTE;
/// How long a client is asked to wait when it was turned away.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often the ledger's head is written to the process log, when it moved.
pub const HEAD_LOG_PERIOD: Duration = MINUTE;
/// How often it is looked whether a checkpoint is worth writing.
pub const CHECKPOINT_PERIOD: Duration = Duration::from_mins(10);
/// Events since the last checkpoint that make one worth writing.
pub const CHECKPOINT_EVENTS: u64 = 10_000;
/// Events behind a checkpoint, beside half as many as it has sessions, up to which reading them is quicker than
/// reading every session.
pub const CHECKPOINT_TAIL: u64 = 100_000;
/// How long a preview can be carried out.
pub const PREVIEW_TIME: Duration = MINUTE.saturating_mul(15);
/// For how long after that it is still said that it has expired.
pub const PREVIEW_REMEMBERED: Duration = Duration::from_hours(1);
/// Previews of one user that are not carried out; the next takes the place of the oldest.
pub const PREVIEWS_PER_USER: usize = 10;
/// Sessions that a preview shows.
pub const PREVIEW_SAMPLE: usize = 10;
/// Rows that are read at a time while a set is frozen.
pub const FROZEN_AT_ONCE: usize = 1_000;
/// Sessions of a frozen set that are ended in one step. Each is a burst of work during which lists wait for a core:
/// with 1,000 the slowest list in a hundred took ten milliseconds, with these one; the whole takes half as long again.
pub const REVOKED_AT_ONCE: usize = 50;
/// How long an answer waits for a revocation to be finished.
pub const REVOCATION_WAIT: Duration = Duration::from_secs(30);
/// How often it is looked up meanwhile whether another node has finished it.
pub const REVOCATION_ASKED: Duration = Duration::from_millis(250);
/// How often due work is looked for: expiry, history, observations.
pub const SWEEP_PERIOD: Duration = Duration::from_secs(1);
/// The longest lifetime that may be set.
pub const LIFETIME_MAX: Duration = Duration::from_secs(3_650 * DAY.as_secs());
/// The longest time in which wrong guesses may be counted together.
pub const FAILURE_WINDOW_MAX: Duration = DAY;
/// Bytes of the disk that are kept in reserve beside a store of the data directory's own, so that sessions can be ended
/// when it is full.
pub const RESERVE_BYTES: u64 = 32 << 20;
/// Endings, each in a commit of its own, that the reserve is enough for at the least: when the log cannot begin anew,
/// one takes about 20 KiB of it.
pub const RESERVE_ENDINGS: usize = 1_000;
/// Bytes of a file of settings.
pub const CONFIG_BYTES: u64 = 1 << 20;
