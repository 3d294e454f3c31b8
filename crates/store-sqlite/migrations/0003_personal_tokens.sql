-- Personal access tokens. Step-ups are remembered for tokens of both kinds: a login token's number is its
-- session's, and no personal token has the same.

CREATE TABLE personal_tokens (
    made_seq         INTEGER PRIMARY KEY,
    user_no          INTEGER NOT NULL,
    token            BLOB    NOT NULL,              -- its SHA-256
    name             TEXT    NOT NULL,
    last_part        TEXT    NOT NULL,              -- the last characters of it
    bypasses_step_up INTEGER NOT NULL,
    made_at          INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX personal_tokens_by_user ON personal_tokens (user_no, name);

ALTER TABLE step_ups RENAME COLUMN session TO token;
