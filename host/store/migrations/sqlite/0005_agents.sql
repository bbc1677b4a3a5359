-- Users' agents: running state, autonomy, conversations, templates, secrets, files, skills, approvals, limits, logs.

-- `inactive` or `active`; an agent answers and ticks only while it is active.
ALTER TABLE agents ADD COLUMN status TEXT NOT NULL DEFAULT 'inactive';
ALTER TABLE agents ADD COLUMN started_at INTEGER;
-- What the last start gave (`enableAutonomy` aside): holds until the stop, also over a restart of the host.
ALTER TABLE agents ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
-- What PATCH config made of it.
ALTER TABLE agents ADD COLUMN config TEXT NOT NULL DEFAULT '{}';
-- As an elizaOS client gave it.
ALTER TABLE agents ADD COLUMN character TEXT;
-- The last start: `pending`, `deploying`, `ready` or `failed`, its step and how far it is.
ALTER TABLE agents ADD COLUMN deploy_state TEXT NOT NULL DEFAULT 'pending';
ALTER TABLE agents ADD COLUMN deploy_step TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN deploy_percent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN last_seen_at INTEGER;
-- Autonomy. `paused_at` is set by the loop itself after five failed ticks in a row; enabling clears it.
ALTER TABLE agents ADD COLUMN autonomy INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN tick_interval_ms INTEGER NOT NULL DEFAULT 30000;
ALTER TABLE agents ADD COLUMN room TEXT;
ALTER TABLE agents ADD COLUMN next_tick_at INTEGER;
ALTER TABLE agents ADD COLUMN last_tick_at INTEGER;
ALTER TABLE agents ADD COLUMN failed_ticks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN paused_at INTEGER;
CREATE INDEX agents_due ON agents (next_tick_at) WHERE autonomy = 1 AND status = 'active' AND paused_at IS NULL;

-- Never two ticks of one agent at once.
CREATE UNIQUE INDEX tasks_tick ON tasks (agent_id) WHERE kind = 'tick' AND state IN ('queued', 'running', 'waiting');
CREATE INDEX tasks_agent ON tasks (agent_id, created_at DESC);

-- Conversations. `kind` is `autonomy`, `chat` or `session`.
CREATE TABLE rooms (
    id          TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    agent_id    TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    -- The last position of its messages.
    pos         INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX rooms_agent ON rooms (agent_id, kind, created_at DESC);
CREATE INDEX rooms_user ON rooms (user_id);

CREATE TABLE room_messages (
    room        TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    pos         INTEGER NOT NULL,
    -- A UUID; derived from the task's address for what a turn wrote, so that a second insert is a no-op.
    id          TEXT NOT NULL UNIQUE,
    user_id     TEXT NOT NULL,
    agent_id    TEXT NOT NULL,
    -- `user`, `assistant` or `system`.
    role        TEXT NOT NULL,
    -- Who said it, for people: an agent's name, or a client's own user id.
    author      TEXT NOT NULL,
    text        TEXT NOT NULL,
    metadata    TEXT,
    -- The turn or tick that wrote it or answers it.
    task        TEXT,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (room, pos)
) STRICT;
CREATE INDEX room_messages_agent ON room_messages (agent_id, created_at DESC);

-- One-time text for the next tick. `task` is the tick that consumed it, set in the transaction of that tick's context.
CREATE TABLE instructions (
    id          TEXT PRIMARY KEY,
    agent_id    TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    user_id     TEXT NOT NULL,
    text        TEXT NOT NULL,
    queued_at   INTEGER NOT NULL,
    task        TEXT
) STRICT;
CREATE INDEX instructions_queued ON instructions (agent_id, queued_at, id) WHERE task IS NULL;

-- elizaOS: a session is a room with an idle limit.
CREATE TABLE sessions (
    id               TEXT PRIMARY KEY,
    room             TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id          TEXT NOT NULL,
    agent_id         TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    -- The client's own id of its user.
    sender           TEXT NOT NULL,
    metadata         TEXT NOT NULL,
    timeout          TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    last_activity    INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    renewals         INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id, created_at DESC);

-- elizaOS: one question and its answer. Its state is that of its task.
CREATE TABLE jobs (
    id          TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL,
    agent_id    TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    room        TEXT NOT NULL,
    task        TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    sender      TEXT NOT NULL,
    content     TEXT NOT NULL,
    metadata    TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_user ON jobs (user_id, created_at DESC);
CREATE INDEX jobs_task ON jobs (task);

-- `agent_id` is empty for the user's own level.
CREATE TABLE templates (
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    agent_id    TEXT NOT NULL,
    name        TEXT NOT NULL,
    text        TEXT NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (user_id, agent_id, name)
) STRICT, WITHOUT ROWID;

-- A user's data key, sealed by the key-encryption key. Without it no secret of the user can be opened.
CREATE TABLE data_keys (
    user_id     TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed      BLOB NOT NULL,
    -- How often secrets were written with it: the version of what was written last.
    writes      INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE secrets (
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    -- Which of the user's writes stored it; part of what the seal is bound to, as is `hosts`.
    version     INTEGER NOT NULL,
    sealed      BLOB NOT NULL,
    -- The last four characters of a long value, for people.
    suffix      TEXT,
    -- JSON list of hosts; null where only the plugins' grants say.
    hosts       TEXT,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;

-- The lasting workspace of an agent.
CREATE TABLE agent_files (
    agent_id     TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    path         TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    blob         BLOB NOT NULL REFERENCES blobs (digest),
    size         INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    modified_at  INTEGER NOT NULL,
    PRIMARY KEY (agent_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_files_blob ON agent_files (blob);
CREATE INDEX agent_files_user ON agent_files (user_id);

-- Plugins that a user installed, by the version (the sha256 of the package) in each role.
CREATE TABLE skills (
    user_id       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    id            TEXT NOT NULL,
    -- What new calls go to; null while the first version is held.
    live          BLOB,
    -- A newer version that waits for a grant.
    held          BLOB,
    -- What `rollback` goes back to.
    previous      BLOB,
    installed_at  INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;

-- One package of a skill. A version that has no role any more stays until no task is left that may have begun on it.
CREATE TABLE skill_versions (
    user_id       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    id            TEXT NOT NULL,
    digest        BLOB NOT NULL REFERENCES blobs (digest),
    -- The component in it; the package itself where that is a bare component, null where there is only text.
    component     BLOB REFERENCES blobs (digest),
    version       TEXT NOT NULL,
    description   TEXT NOT NULL,
    -- JSON; null without a component.
    manifest      TEXT,
    -- Text of SKILL.md, where the package has one.
    instructions  TEXT,
    size          INTEGER NOT NULL,
    -- Since when it has no role; null while it has one.
    left_at       INTEGER,
    PRIMARY KEY (user_id, id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX skill_versions_digest ON skill_versions (digest);
CREATE INDEX skill_versions_component ON skill_versions (component);
CREATE INDEX skill_versions_left ON skill_versions (left_at) WHERE left_at IS NOT NULL;

-- What a user granted to which component; JSON list of capabilities.
CREATE TABLE grants (
    user_id       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest        BLOB NOT NULL,
    capabilities  TEXT NOT NULL,
    granted_at    INTEGER NOT NULL,
    PRIMARY KEY (user_id, digest)
) STRICT, WITHOUT ROWID;

-- Bound to agent, tool, arguments and bytes; usable once.
CREATE TABLE approvals (
    id              TEXT PRIMARY KEY,
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    agent_id        TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    task            TEXT REFERENCES tasks (id) ON DELETE CASCADE,
    tool            TEXT NOT NULL,
    arguments_hash  TEXT NOT NULL,
    arguments       TEXT NOT NULL,
    digest          BLOB NOT NULL,
    origin          TEXT NOT NULL,
    -- `pending`, `approved`, `rejected`, `used` or `expired`; expired is also pending or approved after `expires_at`.
    status          TEXT NOT NULL,
    reason          TEXT,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    decided_at      INTEGER,
    decided_by      TEXT,
    used_at         INTEGER,
    -- The place that used it.
    used_by         TEXT
) STRICT;
CREATE INDEX approvals_user ON approvals (user_id, created_at DESC);
CREATE INDEX approvals_task ON approvals (task) WHERE task IS NOT NULL;

-- Requests taken out of a window by all hosts together; hosts take several at a time.
CREATE TABLE rate_windows (
    user_id    TEXT NOT NULL,
    surface    TEXT NOT NULL,
    length_ms  INTEGER NOT NULL,
    starts_at  INTEGER NOT NULL,
    taken      INTEGER NOT NULL,
    PRIMARY KEY (user_id, surface, length_ms, starts_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX rate_windows_age ON rate_windows (starts_at);

-- What agents and plugins logged, for their user.
CREATE TABLE logs (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id   TEXT NOT NULL,
    agent_id  TEXT NOT NULL,
    task      TEXT,
    at        INTEGER NOT NULL,
    level     TEXT NOT NULL,
    message   TEXT NOT NULL
) STRICT;
CREATE INDEX logs_user ON logs (user_id, id);
CREATE INDEX logs_age ON logs (at);

-- Short-lived tokens of `connect`.
CREATE TABLE gateway_tokens (
    hash        BLOB PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    agent_id    TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
