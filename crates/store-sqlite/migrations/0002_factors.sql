-- Second factors, and what a list of users is sorted by.

ALTER TABLE workspace ADD COLUMN key_fingerprint BLOB;    -- of the cluster key that seeds are sealed with

CREATE TABLE authenticators (
    user_no   INTEGER PRIMARY KEY,
    begun_seq INTEGER NOT NULL,
    seed      BLOB    NOT NULL,               -- sealed
    last_step INTEGER                         -- of the last code accepted; NULL until it is enrolled
) STRICT;

CREATE TABLE recovery_codes (
    user_no INTEGER NOT NULL,
    hash    BLOB    NOT NULL,
    PRIMARY KEY (user_no, hash)
) STRICT, WITHOUT ROWID;

ALTER TABLE users ADD COLUMN name_key TEXT;               -- the name, its case folded
ALTER TABLE users ADD COLUMN last_login_at INTEGER;       -- by the sessions in the history
UPDATE users SET name_key = folded(name);
UPDATE users SET last_login_at = latest.at
    FROM (SELECT user_no, MAX(opened_at) AS at FROM session_history GROUP BY user_no) AS latest
    WHERE latest.user_no = users.user_no;
CREATE INDEX users_by_name ON users (name_key, name, user_no);
