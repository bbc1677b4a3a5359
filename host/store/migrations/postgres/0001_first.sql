-- The first schema: tables and columns as in SQLite's. Times are milliseconds since 1970, uuids are hyphenated text, digests are 32
-- bytes, JSON is text (`jsonb` refuses U+0000 and changes numbers). Whose a row is stands on every row that belongs to a user.
-- What hangs on a task has no foreign key to it: each entry would then lock and rewrite the wide row of its task.

-- The one clock of leases and due times. Tests replace it.
CREATE FUNCTION skep_now() RETURNS bigint LANGUAGE sql VOLATILE AS
    $$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

CREATE TABLE users (
    id          text PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    email       text UNIQUE,
    plan        text NOT NULL,
    created_at  bigint NOT NULL
);

CREATE TABLE agents (
    id          text PRIMARY KEY,
    user_id     text NOT NULL REFERENCES users ON DELETE CASCADE,
    name        text NOT NULL,
    -- One agent of each user is what its tasks run as.
    is_default  boolean NOT NULL,
    created_at  bigint NOT NULL,
    UNIQUE (user_id, name)
);
CREATE UNIQUE INDEX agents_default ON agents (user_id) WHERE is_default;

CREATE TABLE keys (
    id          text PRIMARY KEY,
    kind        text NOT NULL,
    user_id     text NOT NULL REFERENCES users ON DELETE CASCADE,
    agent_id    text REFERENCES agents ON DELETE CASCADE,
    -- sha256 of the whole key; the secret is nowhere.
    hash        bytea NOT NULL,
    created_at  bigint NOT NULL,
    revoked_at  bigint
);
CREATE INDEX keys_user ON keys (user_id);
CREATE INDEX keys_agent ON keys (agent_id) WHERE agent_id IS NOT NULL;

CREATE TABLE tasks (
    id                text COLLATE "C" PRIMARY KEY,
    parent            text COLLATE "C",
    user_id           text NOT NULL,
    agent_id          text NOT NULL,
    kind              text NOT NULL,
    driver            text NOT NULL,
    priority          smallint NOT NULL,
    input             text NOT NULL,
    estimate_key      text NOT NULL,
    created_at        bigint NOT NULL,
    state             text NOT NULL,
    percent           bigint NOT NULL DEFAULT 0,
    current_agent     text,
    current_phase     text,
    completed_phases  text NOT NULL DEFAULT '[]',
    output            text,
    failure           text,
    -- The personality that a failure names.
    failed_agent      text,
    started_at        bigint,
    completed_at      bigint,
    wake_at           bigint,
    deliveries        bigint NOT NULL DEFAULT 0,
    strikes           bigint NOT NULL DEFAULT 0,
    cancel_requested  boolean NOT NULL DEFAULT false
) WITH (fillfactor = 85);
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

-- Who may write a task's outcome until when; the lock of this row is the fence. A row lives from the first claim to the end of the
-- task; `host` is null while nobody has it. Narrow, and with room on its page: heartbeats and entries rewrite it.
CREATE TABLE leases (
    task           text COLLATE "C" PRIMARY KEY,
    user_id        text NOT NULL,
    agent_id       text NOT NULL,
    -- The fencing token: each claim adds one.
    token          bigint NOT NULL,
    until          bigint NOT NULL,
    host           text,
    -- It was claimed alone.
    suspect        boolean NOT NULL,
    -- Entries and bytes of the task's journal, and how many entries there were when it was claimed.
    entries        bigint NOT NULL DEFAULT 0,
    claim_entries  bigint NOT NULL DEFAULT 0,
    bytes          bigint NOT NULL DEFAULT 0,
    -- The last position that an entry or event of the task has.
    pos            bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Starts of hosts: leases of a host that is not the present one of its installation are taken back.
CREATE TABLE hosts (
    host          text PRIMARY KEY,
    installation  text NOT NULL,
    started_at    bigint NOT NULL
);
CREATE INDEX hosts_installation ON hosts (installation);

CREATE TABLE entries (
    task      text COLLATE "C" NOT NULL,
    scope     text NOT NULL,
    ordinal   bigint NOT NULL,
    pos       bigint NOT NULL,
    user_id   text NOT NULL,
    -- The claim that wrote it. It never falls as `pos` rises: the fence is what keeps it so.
    token     bigint NOT NULL,
    at        bigint NOT NULL,
    kind      text NOT NULL,
    -- What makes a second append equal.
    hash      text NOT NULL,
    -- False while only the start of a call is known.
    answered  boolean NOT NULL,
    body      text NOT NULL,
    PRIMARY KEY (task, scope, ordinal),
    UNIQUE (task, pos)
);

CREATE TABLE events (
    task     text COLLATE "C" NOT NULL,
    pos      bigint NOT NULL,
    user_id  text NOT NULL,
    at       bigint NOT NULL,
    event    text NOT NULL,
    data     text NOT NULL,
    PRIMARY KEY (task, pos)
);

-- Time that a personality worked on a task, summed up as its phases end.
CREATE TABLE personality_work (
    task         text COLLATE "C" NOT NULL,
    personality  text NOT NULL,
    user_id      text NOT NULL,
    wall_us      bigint NOT NULL,
    -- Its last phase ended well.
    finished     boolean NOT NULL,
    last_at      bigint NOT NULL,
    PRIMARY KEY (task, personality)
);
CREATE INDEX personality_work_user ON personality_work (user_id, personality);

CREATE TABLE blobs (
    digest      bytea PRIMARY KEY,
    size        bigint NOT NULL,
    created_at  bigint NOT NULL
);
CREATE INDEX blobs_age ON blobs (created_at);

-- The content of blobs, 256 KiB a row.
CREATE TABLE blob_chunks (
    digest  bytea NOT NULL REFERENCES blobs ON DELETE CASCADE,
    part    integer NOT NULL,
    bytes   bytea NOT NULL,
    PRIMARY KEY (digest, part)
);

-- Blobs that entries of a task name.
CREATE TABLE entry_blobs (
    task    text COLLATE "C" NOT NULL,
    digest  bytea NOT NULL REFERENCES blobs,
    PRIMARY KEY (task, digest)
);
CREATE INDEX entry_blobs_digest ON entry_blobs (digest);

-- The workspace of a task: its present files, and the base that diffs are against.
CREATE TABLE workspace_files (
    task     text COLLATE "C" NOT NULL,
    base     boolean NOT NULL,
    path     text COLLATE "C" NOT NULL,
    user_id  text NOT NULL,
    blob     bytea NOT NULL REFERENCES blobs,
    size     bigint NOT NULL,
    version  bigint NOT NULL,
    PRIMARY KEY (task, base, path)
);
CREATE INDEX workspace_files_blob ON workspace_files (blob);

-- A key is bytes here: a guest may put U+0000 into one, which `text` refuses.
CREATE TABLE kv (
    agent_id  text NOT NULL,
    plugin    text NOT NULL,
    key       bytea NOT NULL,
    user_id   text NOT NULL,
    value     bytea NOT NULL,
    PRIMARY KEY (agent_id, plugin, key)
);

-- Messages from one agent of a user to another. The text is UTF-8 in bytes, for the same reason.
CREATE TABLE messages (
    agent_id    text NOT NULL,
    id          text NOT NULL,
    user_id     text NOT NULL,
    sender      text NOT NULL,
    text        bytea NOT NULL,
    created_at  bigint NOT NULL,
    PRIMARY KEY (agent_id, id)
);

-- Tokens by month, which stay when their tasks are deleted, and by task.
CREATE TABLE usage (
    user_id        text NOT NULL,
    month          text NOT NULL,
    agent_id       text NOT NULL,
    model          text NOT NULL,
    input_tokens   bigint NOT NULL,
    output_tokens  bigint NOT NULL,
    PRIMARY KEY (user_id, month, agent_id, model)
);

CREATE TABLE task_usage (
    task           text COLLATE "C" PRIMARY KEY,
    user_id        text NOT NULL,
    input_tokens   bigint NOT NULL,
    output_tokens  bigint NOT NULL
);

-- Answers kept for Idempotency-Key. `status` is null while the first request runs.
CREATE TABLE answers (
    caller      text NOT NULL,
    method      text NOT NULL,
    path        text NOT NULL,
    key         text NOT NULL,
    body_hash   bytea NOT NULL,
    created_at  bigint NOT NULL,
    status      integer,
    location    text,
    body        bytea,
    PRIMARY KEY (caller, method, path, key)
);
CREATE INDEX answers_age ON answers (created_at);

CREATE TABLE plugins (
    digest        bytea PRIMARY KEY REFERENCES blobs,
    manifest      text NOT NULL,
    size          bigint NOT NULL,
    installed_at  bigint NOT NULL
);

-- One row that a health check changes to see whether the database accepts writes.
CREATE TABLE probe (
    id     integer PRIMARY KEY CHECK (id = 1),
    count  bigint NOT NULL
);
INSERT INTO probe (id, count) VALUES (1, 0);
