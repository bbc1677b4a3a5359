-- Everybody at work on a task, as a JSON array of agent and phase: several work at the same time, `current_agent` is the first.
ALTER TABLE tasks ADD COLUMN at_work TEXT NOT NULL DEFAULT '[]';

-- What was live on a host when it last looked: after a restart the version that served goes on while its file holds one that may not.
CREATE TABLE live_plugins (
    installation  TEXT NOT NULL,
    kind          TEXT NOT NULL,
    name          TEXT NOT NULL,
    digest        BLOB NOT NULL REFERENCES plugins (digest),
    -- The file that it came from.
    path          TEXT NOT NULL,
    -- The version that it replaced and that is taken back when it traps.
    previous      BLOB,
    -- JSON array of digests that were taken back and are not loaded again while their file has them.
    rejected      TEXT NOT NULL,
    PRIMARY KEY (installation, kind, name)
) STRICT, WITHOUT ROWID;
