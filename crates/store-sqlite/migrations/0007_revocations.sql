-- Sets of sessions that previews froze, and what became of them.

CREATE TABLE revocations (
    id           TEXT    PRIMARY KEY,
    maker        INTEGER NOT NULL,            -- a user's number
    caller       INTEGER,                     -- the session that the preview was made with
    made_at      INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    after_seq    INTEGER NOT NULL,            -- where the ledger ended: what was opened behind it is newer
    filter       TEXT    NOT NULL,
    digest       BLOB    NOT NULL,            -- of the set
    count        INTEGER NOT NULL,
    begun_seq    INTEGER,
    begun_at     INTEGER,
    reason       TEXT,
    gone_through INTEGER NOT NULL DEFAULT 0,  -- sessions of the set
    ended        INTEGER NOT NULL DEFAULT 0,  -- those of them that it ended
    finished_seq INTEGER,
    finished_at  INTEGER,
    newer        INTEGER,
    node         TEXT,                        -- that finished it
    lag_us       INTEGER
) STRICT;

-- Apart from their rows, which are written at each step.
CREATE TABLE frozen_sets (                    -- not ended so far
    id       TEXT PRIMARY KEY,
    sessions BLOB NOT NULL                    -- distances of their numbers, seven bits a byte
) STRICT;
