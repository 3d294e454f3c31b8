-- A receipt tells how late each node was, and not only the one that finished it.
ALTER TABLE revocations ADD COLUMN lags TEXT;  -- node:microseconds, with spaces between
UPDATE revocations SET lags = node || ':' || lag_us WHERE node IS NOT NULL;
ALTER TABLE revocations DROP COLUMN node;
ALTER TABLE revocations DROP COLUMN lag_us;
