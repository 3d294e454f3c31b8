-- What is read of the past, and filters that are saved.

-- Sessions have a history; what there is most of, openings and endings, is found by number and not in it.
CREATE INDEX ledger_by_session ON ledger (session) WHERE session IS NOT NULL AND kind NOT IN (4, 5);
-- The sweep fills it, between commits; of live sessions the index of the process knows the ids.
CREATE INDEX session_history_by_id ON session_history (id) WHERE id <> '';

CREATE TABLE views (
    user_no    INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    q          TEXT    NOT NULL,
    sort       TEXT    NOT NULL,
    shared     INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_no, name)
) STRICT, WITHOUT ROWID;
