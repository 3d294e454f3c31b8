//! Every statement, once. Each connection has all of them prepared from its beginning: statements are sent behind one
//! another without waiting, and one that had to be prepared first would lose its place.

use rollcall_store::UserSortKey;

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:literal;)+) => {
        $($(#[$doc])* pub const $name: &str = $sql;)+
        /// All of them.
        pub const ALL: &[&str] = &[$($sql),+];
    };
}

statements! {
    HEAD = "SELECT seq, at, live, hash, needs FROM ledger_head";
    HEAD_AND_TIME = "SELECT seq, at, live, hash, needs, (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint
        FROM ledger_head";
    /// Whoever commits holds it until the commit: so one commits after another, on all nodes.
    LOCK_HEAD = "SELECT seq, at, live, hash, needs FROM ledger_head WHERE one = 1 FOR UPDATE";
    SET_HEAD = "UPDATE ledger_head SET seq = $1, at = $2, live = $3, hash = $4 WHERE one = 1";
    APPEND_EVENTS = "INSERT INTO ledger (seq, at, kind, outcome, actor, subject, session, live, digest, hash)
        SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::smallint[], $4::smallint[], $5::bigint[],
            $6::bigint[], $7::bigint[], $8::bigint[], $9::bytea[], $10::bytea[])";
    APPEND_DETAILS = "INSERT INTO ledger_detail (seq, detail) SELECT * FROM UNNEST($1::bigint[], $2::bytea[])";
    EVENTS_AFTER = "SELECT seq, at, kind, outcome, actor, subject, session, live, digest, hash, detail
        FROM ledger LEFT JOIN ledger_detail USING (seq) WHERE seq > $1 ORDER BY seq LIMIT $2";
    EVENTS_BEFORE = "SELECT seq, at, kind, outcome, actor, subject, session, live, digest, hash, detail
        FROM ledger LEFT JOIN ledger_detail USING (seq) WHERE seq < $1 ORDER BY seq DESC LIMIT $2";
    /// Opening and ending are found by their numbers, the rest by an index that neither is in.
    EVENTS_OF_SESSION = "SELECT seq, at, kind, outcome, actor, subject, session, live, digest, hash, detail
        FROM ledger LEFT JOIN ledger_detail USING (seq) WHERE seq IN (
            SELECT $1::bigint UNION ALL SELECT $2::bigint UNION ALL
            SELECT * FROM (SELECT seq FROM ledger
                WHERE session = $1 AND session IS NOT NULL AND kind NOT IN (4, 5) ORDER BY seq LIMIT $3) AS further)
        ORDER BY seq";
    MOMENTS = "SELECT seq, at, live FROM ledger WHERE seq = ANY ($1::bigint[]) ORDER BY seq";
    NAMES_OF_USERS = "SELECT user_no, id, username, deleted_at IS NOT NULL FROM users
        WHERE user_no = ANY ($1::bigint[])";
    IDS_OF_SESSIONS = "SELECT opened_seq, id FROM sessions WHERE opened_seq = ANY ($1::bigint[])
        UNION ALL SELECT opened_seq, id FROM session_history WHERE opened_seq = ANY ($1::bigint[]) AND id <> ''";
    /// Of those that wait to be moved there are few.
    ENDED_SESSION = "SELECT user_no, u.id, username, name, roles,
            opened_seq, s.id, opened_at, expires_at, seen_at, ip, agents.text, hosts.text, ended_seq, ended_at, reason
        FROM (SELECT opened_seq, ended_seq, ended_at, reason, id, user_no, opened_at, expires_at, seen_at, ip, agent, host
                FROM session_history WHERE id = $1 AND id <> ''
            UNION ALL
            SELECT opened_seq, ended_seq, ended_at, reason, id, user_no, opened_at, expires_at, seen_at, ip, agent, host
                FROM ended_sessions JOIN sessions USING (opened_seq) WHERE id = $1) AS s
            JOIN users AS u USING (user_no)
            LEFT JOIN texts AS agents ON agents.no = s.agent LEFT JOIN texts AS hosts ON hosts.no = s.host";
    SIGN_INS_BEFORE = "SELECT opened_seq, opened_at, ip, text FROM (
            SELECT opened_seq, opened_at, ip, agent FROM sessions WHERE opened_seq < $1
            UNION ALL SELECT opened_seq, opened_at, ip, agent FROM session_history WHERE opened_seq < $1
            ORDER BY opened_seq DESC LIMIT $2) AS newest LEFT JOIN texts ON no = agent ORDER BY opened_seq DESC";
    /// How far the next sessions go, and those of them that had not ended by an event.
    STOOD_UP_TO = "SELECT MAX(opened_seq) FROM (
        SELECT opened_seq FROM sessions WHERE opened_seq > $1 AND opened_seq <= $2
        UNION ALL SELECT opened_seq FROM session_history WHERE opened_seq > $1 AND opened_seq <= $2
        ORDER BY opened_seq LIMIT $3) AS next";
    STOOD = "SELECT opened_seq, id, user_no, opened_at, expires_at, ended_at, ip, agent, host FROM (
            SELECT opened_seq, id, user_no, opened_at, expires_at, ended_seq, ended_at, ip, agent, host
                FROM sessions LEFT JOIN ended_sessions USING (opened_seq)
                WHERE opened_seq > $1 AND opened_seq <= $2
            UNION ALL
            SELECT opened_seq, id, user_no, opened_at, expires_at, ended_seq, ended_at, ip, agent, host
                FROM session_history WHERE opened_seq > $1 AND opened_seq <= $2) AS looked_at
        WHERE ended_seq IS NULL OR ended_seq > $3 ORDER BY opened_seq";
    OWNERS_EVER = "SELECT user_no, id, username, name, roles FROM users WHERE user_no = ANY ($1::bigint[])";
    TEXTS = "SELECT no, text FROM texts WHERE no = ANY ($1::bigint[])";
    TIME_OF_EVENT = "SELECT at FROM ledger WHERE seq = $1";

    WORKSPACE = "SELECT test, had_administrator, EXISTS (SELECT 1 FROM users), key_fingerprint FROM workspace";
    SET_KEY = "UPDATE workspace SET key_fingerprint = $1";
    INSERT_WORKSPACE = "INSERT INTO workspace (one, test, had_administrator) VALUES (1, $1, false)";
    SET_HAD_ADMINISTRATOR = "UPDATE workspace SET had_administrator = true";
    PERMISSIONS = "SELECT id, roles, updated_at FROM permissions ORDER BY id";
    SET_PERMISSION = "UPDATE permissions SET roles = $2, updated_at = $3 WHERE id = $1";
    INSERT_PERMISSION = "INSERT INTO permissions (id, roles, updated_at) VALUES ($1, $2, $3)";

    FIND_TEXTS = "SELECT no, text FROM texts WHERE text = ANY ($1::text[])";
    INSERT_TEXTS = "INSERT INTO texts (text) SELECT * FROM UNNEST($1::text[]) ON CONFLICT (text) DO NOTHING";
    ALL_TEXTS = "SELECT no, text FROM texts";

    INSERT_USER = "INSERT INTO users (user_no, id, username, username_key, name, kind, active, roles, password,
            created_at, updated_at, bio, nickname, status_text, require_password_change, custom_fields, name_key)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    INSERT_EMAIL = "INSERT INTO user_emails (user_no, place, address, address_key, verified)
        VALUES ($1, $2, $3, $4, $5)";
    CHANGE_USER = "UPDATE users SET username = $2, username_key = $3, name = $4, name_key = $5, bio = $6, nickname = $7,
            status_text = $8, require_password_change = $9, custom_fields = $10, updated_at = $11
        WHERE user_no = $1";
    DROP_EMAILS = "DELETE FROM user_emails WHERE user_no = $1";
    DELETE_USER = "UPDATE users SET deleted_at = $2, updated_at = $2, username_key = NULL, active = false
        WHERE user_no = $1";
    ERASE_USER = "UPDATE users SET username = '', name = NULL, name_key = NULL, roles = 0, password = '', bio = '',
            nickname = '', status_text = '', custom_fields = '', updated_at = $2
        WHERE user_no = $1";
    NAMED = "SELECT user_no, id, username, deleted_at IS NOT NULL FROM users
        WHERE id = $1 OR username_key = $2 OR (deleted_at IS NOT NULL AND username = $1)
            OR user_no IN (SELECT user_no FROM user_emails WHERE address_key = $2)
        ORDER BY user_no";
    FREE_EMAILS = "UPDATE user_emails SET address_key = NULL WHERE user_no = $1";
    SET_ACTIVE = "UPDATE users SET active = $2, updated_at = $3 WHERE user_no = $1";
    SET_ROLES = "UPDATE users SET roles = $2, updated_at = $3 WHERE user_no = $1";
    SET_PASSWORD = "UPDATE users SET password = $2, updated_at = $3 WHERE user_no = $1";
    SET_HASH = "UPDATE users SET password = $2 WHERE user_no = $1";
    PASSWORDS = "SELECT user_no, password FROM users WHERE user_no = ANY ($1::bigint[]) AND deleted_at IS NULL";
    /// A hash of each kind and cost: what stands before the salt, in bcrypt's form `$2b$10$…`, in the others
    /// `$argon2id$…$salt$hash`.
    PASSWORD_SAMPLES = "SELECT MIN(password) FROM users WHERE deleted_at IS NULL
        GROUP BY CASE WHEN password LIKE '$2%' THEN substr(password, 1, 7)
            ELSE regexp_replace(password, '\\$[^$]*\\$[^$]*$', '') END";
    OWNERS = "SELECT user_no, id, username, name, roles, active, begun_seq, last_step, wants_mail,
            EXISTS (SELECT 1 FROM user_emails AS e WHERE e.user_no = users.user_no AND verified),
            EXISTS (SELECT 1 FROM user_emails AS e WHERE e.user_no = users.user_no AND NOT verified)
        FROM users LEFT JOIN authenticators USING (user_no)
        WHERE user_no = ANY ($1::bigint[]) AND deleted_at IS NULL";
    /// Those of whom a decision may know something that is not so any more: all of whom there is an event, but for
    /// sessions that came and went, step-ups, observations and mails.
    USERS_CHANGED_AFTER = "SELECT DISTINCT subject FROM ledger
        WHERE seq > $1 AND subject IS NOT NULL AND kind NOT IN (4, 5, 6, 7, 8, 26)";
    ALL_OWNERS = "SELECT user_no, id, username, name, roles FROM users WHERE deleted_at IS NULL";
    USERS_OF_USERNAMES = "SELECT username_key, user_no FROM users WHERE username_key = ANY ($1::text[])";
    USERS_OF_EMAILS = "SELECT address_key, user_no FROM user_emails WHERE address_key = ANY ($1::text[])";
    USER_OF_ID = "SELECT user_no FROM users WHERE id = $1 AND deleted_at IS NULL";
    USER_OF_USERNAME = "SELECT user_no FROM users WHERE username_key = $1";
    USER_OF_EMAIL = "SELECT user_no FROM user_emails WHERE address_key = $1";
    USERS = "SELECT user_no, id, username, name, roles, active, kind, created_at, updated_at, bio, nickname,
            status_text, require_password_change, custom_fields, last_login_at, password, begun_seq, last_step,
            seed, (SELECT COUNT(*) FROM recovery_codes AS codes WHERE codes.user_no = users.user_no), wants_mail
        FROM users LEFT JOIN authenticators USING (user_no)
        WHERE user_no = ANY ($1::bigint[]) AND deleted_at IS NULL";
    FIND_USERS = "SELECT user_no, id, username, name, roles, active, kind, created_at, updated_at, bio, nickname,
            status_text, require_password_change, custom_fields, last_login_at
        FROM users WHERE deleted_at IS NULL AND username_key > $1
            AND ($2::text = '' OR strpos(username_key, $2) > 0 OR strpos(name_key, $3::text) > 0 OR EXISTS (
                SELECT 1 FROM user_emails AS e WHERE e.user_no = users.user_no AND strpos(address_key, $2) > 0))
        ORDER BY username_key LIMIT $4";
    COUNT_USERS = "SELECT COUNT(*) FROM users WHERE deleted_at IS NULL
        AND ($1::text IS NULL OR user_no IN (SELECT user_no FROM user_emails WHERE address_key = $1))";
    EMAILS = "SELECT user_no, address, verified FROM user_emails WHERE user_no = ANY ($1::bigint[])
        ORDER BY user_no, place";
    ALL_EMAILS = "SELECT user_no, address FROM user_emails WHERE address_key IS NOT NULL AND user_no > $1";
    ACTIVE_ADMINISTRATORS = "SELECT COUNT(*) FROM users
        WHERE deleted_at IS NULL AND active AND roles & $1 <> 0";

    VIEWS = "SELECT user_no, id, username, views.name, q, sort, shared, views.updated_at
        FROM views JOIN users USING (user_no) WHERE deleted_at IS NULL AND (user_no = $1 OR shared)
        ORDER BY views.name, user_no LIMIT $2";
    PUT_VIEW = "INSERT INTO views (user_no, name, q, sort, shared, updated_at)
        SELECT $1::bigint, $2::text, $3::text, $4::text, $5::boolean, $6::bigint
        WHERE (SELECT COUNT(*) FROM views WHERE user_no = $1 AND name <> $2) < $7
        ON CONFLICT (user_no, name) DO UPDATE
        SET q = excluded.q, sort = excluded.sort, shared = excluded.shared, updated_at = excluded.updated_at";
    DROP_VIEW = "DELETE FROM views WHERE user_no = $1 AND name = $2";
    DROP_VIEWS = "DELETE FROM views WHERE user_no = $1";

    BEGIN_AUTHENTICATOR = "INSERT INTO authenticators (user_no, begun_seq, seed, last_step) VALUES ($1, $2, $3, NULL)
        ON CONFLICT (user_no) DO UPDATE
        SET begun_seq = excluded.begun_seq, seed = excluded.seed, last_step = NULL";
    FACTORS = "SELECT user_no, last_step IS NOT NULL, wants_mail AND EXISTS (
            SELECT 1 FROM user_emails AS e WHERE e.user_no = users.user_no AND verified)
        FROM users LEFT JOIN authenticators USING (user_no)
        WHERE deleted_at IS NULL AND user_no IN (
            SELECT user_no FROM authenticators WHERE last_step IS NOT NULL
            UNION SELECT user_no FROM users WHERE wants_mail)";
    SET_LAST_STEP = "UPDATE authenticators SET last_step = $2 WHERE user_no = $1";
    DROP_AUTHENTICATOR = "DELETE FROM authenticators WHERE user_no = $1";
    INSERT_RECOVERY_CODE = "INSERT INTO recovery_codes (user_no, hash) VALUES ($1, $2)";
    FIND_RECOVERY_CODES = "SELECT user_no, hash FROM recovery_codes
        WHERE (user_no, hash) IN (SELECT * FROM UNNEST($1::bigint[], $2::bytea[]))";
    DROP_RECOVERY_CODE = "DELETE FROM recovery_codes WHERE user_no = $1 AND hash = $2";
    DROP_RECOVERY_CODES = "DELETE FROM recovery_codes WHERE user_no = $1";
    SET_WANTS_MAIL = "UPDATE users SET wants_mail = $2 WHERE user_no = $1";
    MAILED_CODES = "SELECT user_no, hash, until_at FROM mailed_codes WHERE user_no = ANY ($1::bigint[])
        ORDER BY user_no, until_at, hash";
    PUT_MAILED_CODE = "INSERT INTO mailed_codes (user_no, hash, until_at) VALUES ($1, $2, $3)
        ON CONFLICT (user_no, hash) DO UPDATE SET until_at = excluded.until_at";
    DROP_MAILED_CODE = "DELETE FROM mailed_codes WHERE user_no = $1 AND hash = $2";
    DROP_MAILED_CODES = "DELETE FROM mailed_codes WHERE user_no = $1";
    DROP_OVER_MAILED_CODES = "DELETE FROM mailed_codes WHERE until_at <= $1";
    LEASE = "INSERT INTO leases AS held (name, holder, until_at)
        VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $3)
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at
        WHERE held.holder = excluded.holder
            OR held.until_at <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    RELEASE = "DELETE FROM leases WHERE name = $1 AND holder = $2";
    /// In the place of its last one; what nodes said that are gone since yesterday goes.
    REPORT = "WITH gone AS (
            DELETE FROM node_reports WHERE at < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 86400000)
        INSERT INTO node_reports AS said (node, at, followed, lag_us)
        VALUES ($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, $2, $3)
        ON CONFLICT (node) DO UPDATE SET at = excluded.at, followed = excluded.followed, lag_us = excluded.lag_us";
    REPORTS = "SELECT node, followed, lag_us FROM node_reports
        WHERE at >= (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1";
    INSERT_MAIL = "INSERT INTO mails (queued_seq, about, queued_at, until_at, due_at, attempts, sealed)
        VALUES ($1, $2, $3, $4, $3, 0, $5)";
    COUNT_MAILS = "SELECT COUNT(*) FROM mails";
    DUE_MAILS = "SELECT queued_seq, about, queued_at, until_at, attempts, sealed FROM mails
        WHERE due_at <= $1 OR until_at <= $1 ORDER BY until_at > $1, queued_seq LIMIT $2";
    DROP_MAIL = "DELETE FROM mails WHERE queued_seq = $1";
    PUT_MAIL_OFF = "UPDATE mails SET due_at = $2, attempts = attempts + 1 WHERE queued_seq = $1";

    INSERT_SESSIONS = "INSERT INTO sessions
            (opened_seq, id, user_no, token, opened_at, expires_at, seen_at, ip, agent, host)
        SELECT no, id, user_no, token, opened_at, expires_at, opened_at, ip, agent, host
        FROM UNNEST($1::bigint[], $2::text[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bigint[],
            $7::bytea[], $8::bigint[], $9::bigint[])
            AS opened (no, id, user_no, token, opened_at, expires_at, ip, agent, host)";
    SESSION_FACTS = "SELECT opened_seq, id, user_no, expires_at, seen_at FROM sessions AS s
        WHERE opened_seq = ANY ($1::bigint[])
        AND NOT EXISTS (SELECT 1 FROM ended_sessions AS e WHERE e.opened_seq = s.opened_seq)";
    STANDING_SESSIONS = "SELECT opened_seq, id, user_no, token, opened_at, expires_at, seen_at, ip, agent, host
        FROM sessions AS s WHERE NOT EXISTS (SELECT 1 FROM ended_sessions AS e WHERE e.opened_seq = s.opened_seq)
        ORDER BY opened_seq";
    /// Endings, by their kind in the ledger.
    ENDED_AFTER = "SELECT session FROM ledger WHERE seq > $1 AND kind = 5 AND session IS NOT NULL";
    /// What is looked up for each row stands in a question of its own: of a join the planner may think that it is cheaper
    /// to go through all users for a session, and of a table that was small once, through all of it for each.
    SESSIONS_AFTER = "SELECT u.user_no, u.id, username, name, roles,
            opened_seq, s.id, token, opened_at, expires_at, seen_at, ip,
            (SELECT text FROM texts WHERE no = s.agent), (SELECT text FROM texts WHERE no = s.host)
        FROM sessions AS s CROSS JOIN LATERAL (
            SELECT user_no, id, username, name, roles FROM users
            WHERE users.user_no = s.user_no AND deleted_at IS NULL OFFSET 0) AS u
        WHERE opened_seq > $1
            AND (SELECT e.opened_seq FROM ended_sessions AS e WHERE e.opened_seq = s.opened_seq) IS NULL
        ORDER BY opened_seq";
    /// Users with other roles or names, by those kinds in the ledger.
    OWNERS_CHANGED_AFTER = "SELECT user_no, id, username, name, roles FROM users WHERE deleted_at IS NULL
        AND user_no = ANY (ARRAY(SELECT subject FROM ledger WHERE seq > $1 AND kind IN (20, 21, 23)))";
    HASH_OF_EVENT = "SELECT hash FROM ledger WHERE seq = $1";
    /// Who was made, whose factors and tokens are others than before and who was erased, by those kinds in the ledger,
    /// and whether permissions are others.
    SUBJECTS_AFTER = "SELECT DISTINCT kind, subject FROM ledger WHERE seq > $1 AND kind IN (2, 3, 15, 17, 22, 24, 25, 27)";
    FACTORS_AFTER = "SELECT user_no,
            (SELECT last_step FROM authenticators AS a WHERE a.user_no = users.user_no) IS NOT NULL,
            wants_mail AND EXISTS (SELECT 1 FROM user_emails AS e WHERE e.user_no = users.user_no AND verified)
        FROM users WHERE deleted_at IS NULL
            AND user_no = ANY (ARRAY(SELECT subject FROM ledger WHERE seq > $1 AND kind IN (3, 15, 17)))";
    PERSONAL_AFTER = "SELECT user_no, id, username, users.name, roles,
            made_seq, token, p.name, last_part, bypasses_step_up, made_at
        FROM personal_tokens AS p CROSS JOIN LATERAL (
            SELECT id, username, name, roles FROM users WHERE users.user_no = p.user_no OFFSET 0) AS users
        WHERE user_no = ANY (ARRAY(SELECT subject FROM ledger WHERE seq > $1 AND kind IN (24, 25)))
        ORDER BY made_seq";
    /// A session's windows, and those of all personal tokens of whoever proved a factor with one. (Not where it is known
    /// to be of a session: then the index of the ledger by sessions would do, all of it.)
    STEP_UPS_AFTER = "SELECT token, agent, ip, until_at FROM step_ups WHERE token = ANY (ARRAY(
            SELECT session FROM ledger WHERE seq > $1 AND kind = 6
            UNION SELECT made_seq FROM personal_tokens WHERE user_no = ANY (ARRAY(
                SELECT subject FROM ledger WHERE seq > $1 AND kind = 6 AND session IS NULL))))
        ORDER BY until_at";
    PERMISSIONS_AFTER = "SELECT id, roles, updated_at FROM permissions
        WHERE EXISTS (SELECT 1 FROM ledger WHERE seq > $1 AND kind = 22)";
    SEEN_SINCE = "SELECT opened_seq, seen_at FROM sessions WHERE seen_at >= $1 ORDER BY opened_seq";
    INSERT_ENDINGS = "INSERT INTO ended_sessions (opened_seq, ended_seq, ended_at, reason)
        SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[])";
    ENDED_ADDRESSES = "SELECT user_no, ip, opened_at FROM session_history WHERE opened_seq >= $1
        UNION ALL SELECT user_no, ip, opened_at FROM ended_sessions AS e CROSS JOIN LATERAL (
            SELECT user_no, ip, opened_at FROM sessions AS s WHERE s.opened_seq = e.opened_seq OFFSET 0) AS opened
            WHERE opened_seq >= $1";
    NOTE_SEEN = "UPDATE sessions AS s SET seen_at = GREATEST(s.seen_at, seen.at)
        FROM UNNEST($1::bigint[], $2::bigint[]) AS seen (no, at) WHERE s.opened_seq = seen.no";
    NOTE_SEEN_IN_HISTORY = "UPDATE session_history AS s SET seen_at = GREATEST(s.seen_at, seen.at)
        FROM UNNEST($1::bigint[], $2::bigint[]) AS seen (no, at) WHERE s.opened_seq = seen.no";
    /// Ended sessions go to history, with what their users' rows keep of them. Several nodes may sweep: each takes
    /// what no other has.
    SWEEP = "WITH moved AS (
            DELETE FROM ended_sessions WHERE opened_seq IN (
                SELECT opened_seq FROM ended_sessions ORDER BY opened_seq LIMIT $1 FOR UPDATE SKIP LOCKED)
            RETURNING opened_seq, ended_seq, ended_at, reason),
        gone AS (DELETE FROM sessions AS s USING moved WHERE s.opened_seq = moved.opened_seq RETURNING s.*),
        kept AS (
            UPDATE users SET last_login_at = GREATEST(last_login_at, latest.at)
            FROM (SELECT user_no, MAX(opened_at) AS at FROM gone GROUP BY user_no) AS latest
            WHERE latest.user_no = users.user_no)
        INSERT INTO session_history
            SELECT opened_seq, ended_seq, ended_at, reason, id, user_no, opened_at, expires_at, seen_at, ip, agent, host
            FROM moved JOIN gone USING (opened_seq)";

    OLDEST_DETAIL = "SELECT at FROM ledger WHERE seq = (SELECT MIN(seq) FROM ledger_detail)";
    FORGET_DETAILS = "DELETE FROM ledger_detail WHERE seq IN (
        SELECT seq FROM (SELECT seq, at FROM ledger_detail JOIN ledger USING (seq) ORDER BY seq LIMIT $2) AS oldest
        WHERE at < $1)";
    /// A stretch of the history: its last session, when that was opened, and how many there are.
    HISTORY_STRETCH = "SELECT MAX(opened_seq), MAX(opened_at), COUNT(*) FROM (
        SELECT opened_seq, opened_at FROM session_history WHERE opened_seq > $1 ORDER BY opened_seq LIMIT $2) AS next";
    FORGET_SESSIONS = "DELETE FROM session_history WHERE opened_seq > $1 AND opened_seq <= $2 AND ended_at < $3";
    /// The details that are about a user: of what was done to it, and of what it did to nobody else.
    ERASE_DETAILS = "DELETE FROM ledger_detail WHERE seq > $2 AND seq <= $3 AND seq IN (
        SELECT seq FROM ledger WHERE seq > $2 AND seq <= $3
            AND (subject = $1 OR (actor = $1 AND subject IS NULL)))";
    ERASE_MAILS = "DELETE FROM mails WHERE queued_seq > $2 AND queued_seq <= $3 AND queued_seq IN (
        SELECT seq FROM ledger WHERE seq > $2 AND seq <= $3 AND subject = $1)";
    ERASE_SESSIONS = "UPDATE session_history SET id = '', ip = decode(repeat('00', 16), 'hex'), agent = 0, host = 0
        WHERE opened_seq > $2 AND opened_seq <= $3 AND user_no = $1";
    ERASED_AFTER = "SELECT subject FROM ledger WHERE seq > $1 AND kind = 27 AND subject IS NOT NULL";

    INSERT_PREVIEW = "WITH frozen AS (INSERT INTO frozen_sets (id, sessions) VALUES ($1, $10))
        INSERT INTO revocations (id, maker, caller, made_at, expires_at, after_seq, filter, digest, count)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// Of a user's previews that were not begun, those behind the newest.
    DROP_OLDEST_PREVIEWS = "WITH dropped AS (
            DELETE FROM revocations WHERE begun_seq IS NULL AND id IN (
                SELECT id FROM revocations WHERE maker = $1 AND begun_seq IS NULL
                ORDER BY after_seq DESC, made_at DESC OFFSET $2)
            RETURNING id)
        DELETE FROM frozen_sets USING dropped WHERE frozen_sets.id = dropped.id";
    DROP_OVER_PREVIEWS = "WITH dropped AS (
            DELETE FROM revocations WHERE begun_seq IS NULL AND expires_at <= $1 RETURNING id)
        DELETE FROM frozen_sets USING dropped WHERE frozen_sets.id = dropped.id";
    /// Whoever decides on it holds it: a sweep lets it be.
    REVOCATION_FACTS = "SELECT id, maker, caller, made_at, expires_at, after_seq, filter, digest, count,
            begun_seq, begun_at, reason, gone_through, ended, finished_seq, finished_at, newer, lags
        FROM revocations WHERE id = ANY ($1::text[]) FOR UPDATE";
    REVOCATION = "SELECT id, maker, caller, made_at, expires_at, after_seq, filter, digest, count,
            begun_seq, begun_at, reason, gone_through, ended, finished_seq, finished_at, newer, lags,
            (SELECT hash FROM ledger WHERE seq = finished_seq)
        FROM revocations WHERE id = $1";
    FROZEN_SET = "SELECT sessions FROM frozen_sets WHERE id = $1";
    REVOCATIONS_UNDER_WAY = "SELECT id FROM revocations WHERE begun_seq IS NOT NULL AND finished_seq IS NULL
        ORDER BY begun_seq";
    BEGIN_REVOCATION = "UPDATE revocations SET begun_seq = $2, begun_at = $3, reason = $4 WHERE id = $1";
    SET_PROGRESS = "UPDATE revocations SET gone_through = $2, ended = $3 WHERE id = $1";
    FINISH_REVOCATION = "UPDATE revocations
        SET finished_seq = $2, finished_at = $3, newer = $4, lags = $5 WHERE id = $1";
    DROP_FROZEN_SET = "DELETE FROM frozen_sets WHERE id = $1";
    FORGET_RECEIPTS = "DELETE FROM revocations WHERE finished_at < $1";
    /// Those of a user that is erased, but for what is under way.
    DROP_REVOCATIONS_OF = "WITH dropped AS (
            DELETE FROM revocations WHERE maker = $1 AND (begun_seq IS NULL OR finished_seq IS NOT NULL) RETURNING id)
        DELETE FROM frozen_sets USING dropped WHERE frozen_sets.id = dropped.id";

    INSERT_PERSONAL_TOKEN = "INSERT INTO personal_tokens
            (made_seq, user_no, token, name, last_part, bypasses_step_up, made_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    DROP_PERSONAL_TOKEN = "DELETE FROM personal_tokens WHERE made_seq = $1";
    PERSONAL_FACTS = "SELECT user_no, made_seq, name FROM personal_tokens WHERE user_no = ANY ($1::bigint[])
        ORDER BY made_seq";
    PERSONAL_TOKENS = "SELECT user_no, id, username, users.name, roles,
            made_seq, token, personal_tokens.name, last_part, bypasses_step_up, made_at
        FROM personal_tokens JOIN users USING (user_no) WHERE user_no = $1 ORDER BY made_seq";
    ALL_PERSONAL_TOKENS = "SELECT user_no, id, username, users.name, roles,
            made_seq, token, personal_tokens.name, last_part, bypasses_step_up, made_at
        FROM personal_tokens JOIN users USING (user_no) ORDER BY made_seq";

    INSERT_SERVICE_TOKEN = "INSERT INTO service_tokens
            (made_seq, name, secret, scopes, networks, expires_at, made_at, made_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ROTATE_SERVICE_TOKEN = "UPDATE service_tokens
        SET secret = $2, before_secret = $3, before_until = $4, expires_at = $5 WHERE made_seq = $1";
    REVOKE_SERVICE_TOKEN = "UPDATE service_tokens SET revoked_at = $2 WHERE made_seq = $1";
    SERVICE_TOKENS = "SELECT made_seq, name, secret, before_secret, before_until, scopes, networks, expires_at,
            made_at, made_by, last_used_at, revoked_at
        FROM service_tokens ORDER BY made_seq";
    /// The same, when one of them changed, by those kinds in the ledger.
    SERVICE_TOKENS_AFTER = "SELECT made_seq, name, secret, before_secret, before_until, scopes, networks, expires_at,
            made_at, made_by, last_used_at, revoked_at
        FROM service_tokens WHERE EXISTS (SELECT 1 FROM ledger WHERE seq > $1 AND kind IN (32, 33, 34))
        ORDER BY made_seq";
    NOTE_SERVICE_USE = "UPDATE service_tokens AS t SET last_used_at = GREATEST(t.last_used_at, used.at)
        FROM UNNEST($1::bigint[], $2::bigint[]) AS used (no, at) WHERE t.made_seq = used.no";

    PUT_STEP_UP = "INSERT INTO step_ups (token, agent, ip, until_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (token, agent, ip) DO UPDATE SET until_at = excluded.until_at";
    DROP_STEP_UPS = "DELETE FROM step_ups WHERE token = ANY ($1::bigint[])";
    DROP_OVER_STEP_UPS = "DELETE FROM step_ups WHERE until_at <= $1";
    STEP_UPS = "SELECT token, agent, ip, until_at FROM step_ups ORDER BY until_at";

    FAILURES = "SELECT key, count, first_at, blocked_until FROM failures WHERE key = ANY ($1::bytea[])";
    FAILURES_BETWEEN = "SELECT key, count, first_at, blocked_until FROM failures WHERE key >= $1 AND key < $2";
    PUT_FAILURES = "INSERT INTO failures (key, count, first_at, blocked_until)
        SELECT * FROM UNNEST($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[])
        ON CONFLICT (key) DO UPDATE
        SET count = excluded.count, first_at = excluded.first_at, blocked_until = excluded.blocked_until";
    DROP_FAILURES = "DELETE FROM failures WHERE key = ANY ($1::bytea[])";
    DROP_STALE_FAILURES = "DELETE FROM failures WHERE blocked_until <= $1 AND first_at <= $2";
    DROP_OLDEST_UNKNOWN_NAMES = "DELETE FROM failures WHERE key IN (
        SELECT key FROM failures WHERE key >= '\\x03' AND key < '\\x04' ORDER BY first_at DESC OFFSET $1)";
}

/// A page of users: those with the address $1 or all, $2 at the most after $3, in this order. What is absent is
/// lowest.
pub fn users_page(sort: &[(UserSortKey, bool)]) -> String {
    let mut sql = String::from(
        "SELECT user_no, id, username, name, roles, active, kind, created_at, updated_at, bio, nickname,
            status_text, require_password_change, custom_fields, last_login_at
        FROM users ",
    );
    // Who stands in a session says when it was opened; only this order needs to know it of everybody.
    if sort.iter().any(|(key, _)| *key == UserSortKey::LastLogin) {
        sql.push_str(
            "LEFT JOIN (SELECT user_no, MAX(opened_at) AS at FROM sessions GROUP BY user_no) AS standing
                USING (user_no) ",
        );
    }
    sql.push_str(
        "WHERE deleted_at IS NULL
            AND ($1::text IS NULL OR user_no IN (SELECT user_no FROM user_emails WHERE address_key = $1))
        ORDER BY ",
    );
    for (key, falls) in sort {
        let direction = if *falls { " DESC NULLS LAST, " } else { " NULLS FIRST, " };
        let columns: &[&str] = match key {
            UserSortKey::Username => &["username_key"],
            UserSortKey::Name => &["name_key", "name"],
            // Numbers are given in the order of making.
            UserSortKey::CreatedAt => &["user_no"],
            UserSortKey::LastLogin => &["GREATEST(last_login_at, standing.at)"],
            UserSortKey::Active => &["active"],
        };
        for column in columns {
            sql.push_str(column);
            sql.push_str(direction);
        }
    }
    sql.push_str("user_no LIMIT $2 OFFSET $3");
    sql
}
