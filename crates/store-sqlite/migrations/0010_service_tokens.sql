-- Service tokens. A revoked one stays, so that what it did is told by its name.

CREATE TABLE service_tokens (
    made_seq      INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL,
    secret        BLOB    NOT NULL,              -- its SHA-256
    before_secret BLOB,                          -- that of the one before its rotation
    before_until  INTEGER,
    scopes        TEXT    NOT NULL,              -- permissions, a space between them
    networks      TEXT    NOT NULL,              -- the same; none: anywhere
    expires_at    INTEGER NOT NULL,
    made_at       INTEGER NOT NULL,
    made_by       INTEGER NOT NULL,              -- a user's number
    last_used_at  INTEGER,
    revoked_at    INTEGER
) STRICT;

-- A permission that there was not: administrators hold it, as in a new workspace.
INSERT INTO permissions (id, roles, updated_at)
    SELECT 'introspect-tokens', 1, updated_at FROM permissions WHERE id = 'manage-service-tokens';
