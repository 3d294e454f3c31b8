-- The ledger and the rows of the present. Rows are keyed by the ledger's number of what made them, and
-- the hot tables have no other index: that is what makes commits cheap.

CREATE TABLE workspace (
    one               INTEGER PRIMARY KEY CHECK (one = 1),
    demo              INTEGER NOT NULL,
    had_administrator INTEGER NOT NULL
) STRICT;

CREATE TABLE permissions (
    id         TEXT PRIMARY KEY,
    roles      INTEGER NOT NULL,              -- one bit a role
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    live INTEGER NOT NULL,
    hash BLOB    NOT NULL
) STRICT;
INSERT INTO ledger_head VALUES (1, 0, 0, 0, zeroblob(32));

CREATE TABLE ledger (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    actor   INTEGER NOT NULL,                 -- a user's number, or below zero: the server, the operator, anyone
    subject INTEGER,
    session INTEGER,
    live    INTEGER NOT NULL,
    digest  BLOB    NOT NULL,
    hash    BLOB    NOT NULL
) STRICT;

CREATE TABLE ledger_detail (                  -- personal data, erasable on its own
    seq    INTEGER PRIMARY KEY,
    detail BLOB NOT NULL                      -- 16 bytes of salt, then JSON
) STRICT;

CREATE TABLE texts (                          -- user agents and hosts, each kept once
    no   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE users (
    user_no                 INTEGER PRIMARY KEY,
    id                      TEXT    NOT NULL UNIQUE,
    username                TEXT    NOT NULL,
    username_key            TEXT    UNIQUE,   -- NULL once deleted: the name is free again
    name                    TEXT,
    kind                    TEXT    NOT NULL,
    active                  INTEGER NOT NULL,
    roles                   INTEGER NOT NULL, -- one bit a role
    password                TEXT    NOT NULL, -- its hash
    created_at              INTEGER NOT NULL,
    updated_at              INTEGER NOT NULL,
    deleted_at              INTEGER,
    bio                     TEXT    NOT NULL,
    nickname                TEXT    NOT NULL,
    status_text             TEXT    NOT NULL,
    require_password_change INTEGER NOT NULL,
    custom_fields           TEXT    NOT NULL
) STRICT;

CREATE TABLE user_emails (
    user_no     INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    address     TEXT    NOT NULL,
    address_key TEXT    UNIQUE,               -- NULL once the user is deleted
    verified    INTEGER NOT NULL,
    PRIMARY KEY (user_no, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    opened_seq INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL,
    user_no    INTEGER NOT NULL,
    token      BLOB    NOT NULL,              -- SHA-256 of the login token
    opened_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    ip         BLOB    NOT NULL,              -- 16 bytes, IPv4 mapped
    agent      INTEGER NOT NULL,
    host       INTEGER NOT NULL
) STRICT;

CREATE TABLE ended_sessions (                 -- endings whose rows still wait to be moved to history
    opened_seq INTEGER PRIMARY KEY,
    ended_seq  INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    reason     INTEGER NOT NULL
) STRICT;

CREATE TABLE session_history (
    opened_seq INTEGER PRIMARY KEY,
    ended_seq  INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    reason     INTEGER NOT NULL,
    id         TEXT    NOT NULL,
    user_no    INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    ip         BLOB    NOT NULL,
    agent      INTEGER NOT NULL,
    host       INTEGER NOT NULL
) STRICT;

CREATE TABLE step_ups (
    session  INTEGER NOT NULL,
    agent    BLOB    NOT NULL,
    ip       BLOB    NOT NULL,
    until_at INTEGER NOT NULL,
    PRIMARY KEY (session, agent, ip)
) STRICT, WITHOUT ROWID;

CREATE TABLE failures (
    key           BLOB    PRIMARY KEY,
    count         INTEGER NOT NULL,
    first_at      INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
