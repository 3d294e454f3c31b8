//! All tables of a store, as every engine has them. What an engine keeps besides is its own: which migrations it had,
//! and leases of nodes that are gone.

use super::Value;

/// A table, by names that all engines share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns; those of the primary key are the first.
    pub columns: &'static [&'static str],
    /// How many columns the primary key has.
    pub key: usize,
}

impl Table {
    /// The key of one of its rows.
    pub fn key_of(&self, row: &[Value]) -> Vec<Value> {
        row.iter().take(self.key).cloned().collect()
    }
}

const fn table(name: &'static str, key: usize, columns: &'static [&'static str]) -> Table {
    Table { name, columns, key }
}

/// A session's opening; the column by which [`SESSIONS`] is keyed.
pub const SESSIONS: Table = table(
    "sessions",
    1,
    &["opened_seq", "id", "user_no", "token", "opened_at", "expires_at", "seen_at", "ip", "agent", "host"],
);

/// Endings whose sessions still stand among the others.
pub const ENDED_SESSIONS: Table =
    table("ended_sessions", 1, &["opened_seq", "ended_seq", "ended_at", "reason"]);

/// Personal access tokens: number and user are the first two columns.
pub const PERSONAL_TOKENS: Table = table(
    "personal_tokens",
    1,
    &["made_seq", "user_no", "token", "name", "last_part", "bypasses_step_up", "made_at"],
);

/// Service tokens: the number is the first column.
pub const SERVICE_TOKENS: Table = table(
    "service_tokens",
    1,
    &[
        "made_seq",
        "name",
        "secret",
        "before_secret",
        "before_until",
        "scopes",
        "networks",
        "expires_at",
        "made_at",
        "made_by",
        "last_used_at",
        "revoked_at",
    ],
);

/// All of them, by name.
pub const TABLES: &[Table] = &[
    table("authenticators", 1, &["user_no", "begun_seq", "seed", "last_step"]),
    ENDED_SESSIONS,
    table("failures", 1, &["key", "count", "first_at", "blocked_until"]),
    table("frozen_sets", 1, &["id", "sessions"]),
    table(
        "ledger",
        1,
        &["seq", "at", "kind", "outcome", "actor", "subject", "session", "live", "digest", "hash"],
    ),
    table("ledger_detail", 1, &["seq", "detail"]),
    table("ledger_head", 1, &["one", "seq", "at", "live", "hash"]),
    table("mailed_codes", 2, &["user_no", "hash", "until_at"]),
    table("mails", 1, &["queued_seq", "about", "queued_at", "until_at", "due_at", "attempts", "sealed"]),
    table("permissions", 1, &["id", "roles", "updated_at"]),
    PERSONAL_TOKENS,
    table("recovery_codes", 2, &["user_no", "hash"]),
    table(
        "revocations",
        1,
        &[
            "id",
            "maker",
            "caller",
            "made_at",
            "expires_at",
            "after_seq",
            "filter",
            "digest",
            "count",
            "begun_seq",
            "begun_at",
            "reason",
            "gone_through",
            "ended",
            "finished_seq",
            "finished_at",
            "newer",
            "lags",
        ],
    ),
    SERVICE_TOKENS,
    table(
        "session_history",
        1,
        &[
            "opened_seq",
            "ended_seq",
            "ended_at",
            "reason",
            "id",
            "user_no",
            "opened_at",
            "expires_at",
            "seen_at",
            "ip",
            "agent",
            "host",
        ],
    ),
    SESSIONS,
    table("step_ups", 3, &["token", "agent", "ip", "until_at"]),
    table("texts", 1, &["no", "text"]),
    table("user_emails", 2, &["user_no", "place", "address", "address_key", "verified"]),
    table(
        "users",
        1,
        &[
            "user_no",
            "id",
            "username",
            "username_key",
            "name",
            "kind",
            "active",
            "roles",
            "password",
            "created_at",
            "updated_at",
            "deleted_at",
            "bio",
            "nickname",
            "status_text",
            "require_password_change",
            "custom_fields",
            "name_key",
            "last_login_at",
            "wants_mail",
        ],
    ),
    table("views", 2, &["user_no", "name", "q", "sort", "shared", "updated_at"]),
    table("workspace", 1, &["one", "test", "had_administrator", "key_fingerprint"]),
];
