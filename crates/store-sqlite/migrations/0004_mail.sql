-- Codes by mail, and mails on their way.

ALTER TABLE users ADD COLUMN wants_mail INTEGER NOT NULL DEFAULT 0;   -- asked for codes by mail

CREATE TABLE mailed_codes (                   -- not used so far
    user_no  INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    until_at INTEGER NOT NULL,
    PRIMARY KEY (user_no, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE mails (                          -- not delivered so far
    queued_seq INTEGER PRIMARY KEY,
    about      TEXT    NOT NULL,
    queued_at  INTEGER NOT NULL,
    until_at   INTEGER NOT NULL,              -- of no use from then on
    due_at     INTEGER NOT NULL,              -- not tried before
    attempts   INTEGER NOT NULL,
    sealed     BLOB    NOT NULL
) STRICT;
