-- The first schema. Times are milliseconds since 1970, uuids are hyphenated text, JSON is text, digests are 32 bytes.
-- Whose a row is stands on every row that belongs to a user.

CREATE TABLE users (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    email       TEXT UNIQUE,
    plan        TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE agents (
    id          TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    -- One agent of each user is what its tasks run as.
    is_default  INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (user_id, name)
) STRICT;
CREATE UNIQUE INDEX agents_default ON agents (user_id) WHERE is_default = 1;

CREATE TABLE keys (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    agent_id    TEXT REFERENCES agents (id) ON DELETE CASCADE,
    -- sha256 of the whole key; the secret is nowhere.
    hash        BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT;
CREATE INDEX keys_user ON keys (user_id);
CREATE INDEX keys_agent ON keys (agent_id) WHERE agent_id IS NOT NULL;

CREATE TABLE tasks (
    id                TEXT PRIMARY KEY,
    parent            TEXT,
    user_id           TEXT NOT NULL,
    agent_id          TEXT NOT NULL,
    kind              TEXT NOT NULL,
    driver            TEXT NOT NULL,
    priority          INTEGER NOT NULL,
    input             TEXT NOT NULL,
    estimate_key      TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    state             TEXT NOT NULL,
    percent           INTEGER NOT NULL DEFAULT 0,
    current_agent     TEXT,
    current_phase     TEXT,
    completed_phases  TEXT NOT NULL DEFAULT '[]',
    output            TEXT,
    failure           TEXT,
    -- The personality that a failure names.
    failed_agent      TEXT,
    started_at        INTEGER,
    completed_at      INTEGER,
    wake_at           INTEGER,
    deliveries        INTEGER NOT NULL DEFAULT 0,
    strikes           INTEGER NOT NULL DEFAULT 0,
    cancel_requested  INTEGER NOT NULL DEFAULT 0
) STRICT;
-- The queue in claim order; suspects are few and apart, so that they are never stepped over one by one.
CREATE INDEX tasks_queue ON tasks (priority DESC, created_at, id) WHERE state = 'queued' AND strikes = 0;
CREATE INDEX tasks_suspects ON tasks (priority DESC, created_at, id) WHERE state = 'queued' AND strikes > 0;
CREATE INDEX tasks_waiting ON tasks (wake_at) WHERE state = 'waiting';
CREATE INDEX tasks_user ON tasks (user_id, created_at DESC, id DESC);
CREATE INDEX tasks_unfinished ON tasks (state, user_id) WHERE state IN ('queued', 'running', 'waiting');
CREATE INDEX tasks_children ON tasks (parent) WHERE parent IS NOT NULL;
CREATE INDEX tasks_durations ON tasks (estimate_key, completed_at DESC) WHERE state = 'completed';
CREATE INDEX tasks_ended ON tasks (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX tasks_failed_agent ON tasks (user_id, failed_agent) WHERE failed_agent IS NOT NULL;

-- Who may write a task's outcome until when. A row lives from the first claim to the end of the task; `host` is null while nobody has it.
CREATE TABLE leases (
    task           TEXT PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    -- The fencing token: each claim adds one.
    token          INTEGER NOT NULL,
    until          INTEGER NOT NULL,
    host           TEXT,
    -- It was claimed alone.
    suspect        INTEGER NOT NULL,
    -- Entries and bytes of the task's journal, and how many entries there were when it was claimed.
    entries        INTEGER NOT NULL DEFAULT 0,
    claim_entries  INTEGER NOT NULL DEFAULT 0,
    bytes          INTEGER NOT NULL DEFAULT 0,
    -- The last position that an entry or event of the task has.
    pos            INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_held ON leases (until) WHERE host IS NOT NULL;

-- Starts of hosts: leases of a host that is not the present one of its installation are taken back.
CREATE TABLE hosts (
    host          TEXT PRIMARY KEY,
    installation  TEXT NOT NULL,
    started_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
    task      TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    scope     TEXT NOT NULL,
    ordinal   INTEGER NOT NULL,
    pos       INTEGER NOT NULL,
    user_id   TEXT NOT NULL,
    -- The claim that wrote it. It never falls as `pos` rises: the fence is what keeps it so.
    token     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    -- What makes a second append equal.
    hash      TEXT NOT NULL,
    -- 0 while only the start of a call is known.
    answered  INTEGER NOT NULL,
    body      TEXT NOT NULL,
    PRIMARY KEY (task, scope, ordinal),
    UNIQUE (task, pos)
) STRICT;

CREATE TABLE events (
    task     TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    pos      INTEGER NOT NULL,
    user_id  TEXT NOT NULL,
    at       INTEGER NOT NULL,
    event    TEXT NOT NULL,
    data     TEXT NOT NULL,
    PRIMARY KEY (task, pos)
) STRICT, WITHOUT ROWID;

-- Time that a personality worked on a task, summed up as its phases end.
CREATE TABLE personality_work (
    task         TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    personality  TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    wall_us      INTEGER NOT NULL,
    -- Its last phase ended well.
    finished     INTEGER NOT NULL,
    last_at      INTEGER NOT NULL,
    PRIMARY KEY (task, personality)
) STRICT, WITHOUT ROWID;
CREATE INDEX personality_work_user ON personality_work (user_id, personality);

-- Content is in files beside the database; a row is made after its file is durable.
CREATE TABLE blobs (
    digest      BLOB PRIMARY KEY,
    size        INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_age ON blobs (created_at);

-- Blobs that entries of a task name.
CREATE TABLE entry_blobs (
    task    TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    digest  BLOB NOT NULL REFERENCES blobs (digest),
    PRIMARY KEY (task, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_blobs_digest ON entry_blobs (digest);

-- The workspace of a task: its present files, and the base that diffs are against.
CREATE TABLE workspace_files (
    task     TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    base     INTEGER NOT NULL,
    path     TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    blob     BLOB NOT NULL REFERENCES blobs (digest),
    size     INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    PRIMARY KEY (task, base, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX workspace_files_blob ON workspace_files (blob);

CREATE TABLE kv (
    agent_id  TEXT NOT NULL,
    plugin    TEXT NOT NULL,
    key       TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    value     BLOB NOT NULL,
    PRIMARY KEY (agent_id, plugin, key)
) STRICT, WITHOUT ROWID;

-- Messages from one agent of a user to another.
CREATE TABLE messages (
    agent_id    TEXT NOT NULL,
    id          TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    sender      TEXT NOT NULL,
    text        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (agent_id, id)
) STRICT;

-- Tokens by month, which stay when their tasks are deleted, and by task.
CREATE TABLE usage (
    user_id        TEXT NOT NULL,
    month          TEXT NOT NULL,
    agent_id       TEXT NOT NULL,
    model          TEXT NOT NULL,
    input_tokens   INTEGER NOT NULL,
    output_tokens  INTEGER NOT NULL,
    PRIMARY KEY (user_id, month, agent_id, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_usage (
    task           TEXT PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    user_id        TEXT NOT NULL,
    input_tokens   INTEGER NOT NULL,
    output_tokens  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Answers kept for Idempotency-Key. `status` is null while the first request runs.
CREATE TABLE answers (
    caller      TEXT NOT NULL,
    method      TEXT NOT NULL,
    path        TEXT NOT NULL,
    key         TEXT NOT NULL,
    body_hash   BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    status      INTEGER,
    location    TEXT,
    body        BLOB,
    PRIMARY KEY (caller, method, path, key)
) STRICT;
CREATE INDEX answers_age ON answers (created_at);

CREATE TABLE plugins (
    digest        BLOB PRIMARY KEY REFERENCES blobs (digest),
    manifest      TEXT NOT NULL,
    size          INTEGER NOT NULL,
    installed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row that the writer changes to see whether the database accepts writes again.
CREATE TABLE probe (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    count  INTEGER NOT NULL
) STRICT;
INSERT INTO probe (id, count) VALUES (1, 0);
