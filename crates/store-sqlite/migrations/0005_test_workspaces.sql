-- A demo is one kind of test workspace: one whose people are invented.

ALTER TABLE workspace RENAME COLUMN demo TO test;
