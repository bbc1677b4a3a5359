-- Everybody at work on a task, as a JSON array of agent and phase: several work at the same time, `current_agent` is the first.
ALTER TABLE tasks ADD COLUMN at_work text NOT NULL DEFAULT '[]';

-- What was live on a host when it last looked: after a restart the version that served goes on while its file holds one that may not.
CREATE TABLE live_plugins (
    installation  text NOT NULL,
    kind          text NOT NULL,
    name          text NOT NULL,
    digest        bytea NOT NULL REFERENCES plugins,
    -- The file that it came from.
    path          text NOT NULL,
    -- The version that it replaced and that is taken back when it traps.
    previous      bytea,
    -- JSON array of digests that were taken back and are not loaded again while their file has them.
    rejected      text NOT NULL,
    PRIMARY KEY (installation, kind, name)
);
