-- As in SQLite's; text that anyone may write is bytea, since `text` refuses U+0000.
-- Users' agents: running state, autonomy, conversations, templates, secrets, files, skills, approvals, limits, logs.

-- `inactive` or `active`; an agent answers and ticks only while it is active.
ALTER TABLE agents ADD COLUMN status text NOT NULL DEFAULT 'inactive';
ALTER TABLE agents ADD COLUMN started_at bigint;
-- What the last start gave (`enableAutonomy` aside): holds until the stop, also over a restart of the host.
ALTER TABLE agents ADD COLUMN settings text NOT NULL DEFAULT '{}';
-- What PATCH config made of it.
ALTER TABLE agents ADD COLUMN config text NOT NULL DEFAULT '{}';
-- As an elizaOS client gave it.
ALTER TABLE agents ADD COLUMN character text;
-- The last start: `pending`, `deploying`, `ready` or `failed`, its step and how far it is.
ALTER TABLE agents ADD COLUMN deploy_state text NOT NULL DEFAULT 'pending';
ALTER TABLE agents ADD COLUMN deploy_step text NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN deploy_percent bigint NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN last_seen_at bigint;
-- Autonomy. `paused_at` is set by the loop itself after five failed ticks in a row; enabling clears it.
ALTER TABLE agents ADD COLUMN autonomy boolean NOT NULL DEFAULT false;
ALTER TABLE agents ADD COLUMN tick_interval_ms bigint NOT NULL DEFAULT 30000;
ALTER TABLE agents ADD COLUMN room text;
ALTER TABLE agents ADD COLUMN next_tick_at bigint;
ALTER TABLE agents ADD COLUMN last_tick_at bigint;
ALTER TABLE agents ADD COLUMN failed_ticks bigint NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN paused_at bigint;
CREATE INDEX agents_due ON agents (next_tick_at) WHERE autonomy AND status = 'active' AND paused_at IS NULL;

-- Never two ticks of one agent at once.
CREATE UNIQUE INDEX tasks_tick ON tasks (agent_id) WHERE kind = 'tick' AND state IN ('queued', 'running', 'waiting');
CREATE INDEX tasks_agent ON tasks (agent_id, created_at DESC);

-- Conversations. `kind` is `autonomy`, `chat` or `session`.
CREATE TABLE rooms (
    id          text PRIMARY KEY,
    user_id     text NOT NULL REFERENCES users ON DELETE CASCADE,
    agent_id    text NOT NULL REFERENCES agents ON DELETE CASCADE,
    kind        text NOT NULL,
    -- The last position of its messages.
    pos         bigint NOT NULL DEFAULT 0,
    created_at  bigint NOT NULL
);
CREATE INDEX rooms_agent ON rooms (agent_id, kind, created_at DESC);
CREATE INDEX rooms_user ON rooms (user_id);

CREATE TABLE room_messages (
    room        text NOT NULL REFERENCES rooms ON DELETE CASCADE,
    pos         bigint NOT NULL,
    -- A UUID; derived from the task's address for what a turn wrote, so that a second insert is a no-op.
    id          text NOT NULL UNIQUE,
    user_id     text NOT NULL,
    agent_id    text NOT NULL,
    -- `user`, `assistant` or `system`.
    role        text NOT NULL,
    -- Who said it, for people: an agent's name, or a client's own user id.
    author      text NOT NULL,
    text        bytea NOT NULL,
    metadata    text,
    -- The turn or tick that wrote it or answers it.
    task        text,
    created_at  bigint NOT NULL,
    PRIMARY KEY (room, pos)
);
CREATE INDEX room_messages_agent ON room_messages (agent_id, created_at DESC);

-- One-time text for the next tick. `task` is the tick that consumed it, set in the transaction of that tick's context.
CREATE TABLE instructions (
    id          text PRIMARY KEY,
    agent_id    text NOT NULL REFERENCES agents ON DELETE CASCADE,
    user_id     text NOT NULL,
    text        bytea NOT NULL,
    queued_at   bigint NOT NULL,
    task        text
);
CREATE INDEX instructions_queued ON instructions (agent_id, queued_at, id) WHERE task IS NULL;

-- elizaOS: a session is a room with an idle limit.
CREATE TABLE sessions (
    id               text PRIMARY KEY,
    room             text NOT NULL REFERENCES rooms ON DELETE CASCADE,
    user_id          text NOT NULL,
    agent_id         text NOT NULL REFERENCES agents ON DELETE CASCADE,
    -- The client's own id of its user.
    sender           text NOT NULL,
    metadata         text NOT NULL,
    timeout          text NOT NULL,
    created_at       bigint NOT NULL,
    last_activity    bigint NOT NULL,
    expires_at       bigint NOT NULL,
    renewals         bigint NOT NULL DEFAULT 0
);
CREATE INDEX sessions_user ON sessions (user_id, created_at DESC);

-- elizaOS: one question and its answer. Its state is that of its task.
CREATE TABLE jobs (
    id          text PRIMARY KEY,
    user_id     text NOT NULL,
    agent_id    text NOT NULL REFERENCES agents ON DELETE CASCADE,
    room        text NOT NULL,
    task        text COLLATE "C" NOT NULL REFERENCES tasks ON DELETE CASCADE,
    sender      text NOT NULL,
    content     bytea NOT NULL,
    metadata    text NOT NULL,
    created_at  bigint NOT NULL,
    expires_at  bigint NOT NULL
);
CREATE INDEX jobs_user ON jobs (user_id, created_at DESC);
CREATE INDEX jobs_task ON jobs (task);

-- `agent_id` is empty for the user's own level.
CREATE TABLE templates (
    user_id     text NOT NULL REFERENCES users ON DELETE CASCADE,
    agent_id    text NOT NULL,
    name        text NOT NULL,
    text        bytea NOT NULL,
    updated_at  bigint NOT NULL,
    PRIMARY KEY (user_id, agent_id, name)
);

-- A user's data key, sealed by the key-encryption key. Without it no secret of the user can be opened.
CREATE TABLE data_keys (
    user_id     text PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    sealed      bytea NOT NULL,
    -- How often secrets were written with it: the version of what was written last.
    writes      bigint NOT NULL DEFAULT 0,
    created_at  bigint NOT NULL
);

CREATE TABLE secrets (
    user_id     text NOT NULL REFERENCES users ON DELETE CASCADE,
    name        text NOT NULL,
    -- Which of the user's writes stored it; part of what the seal is bound to, as is `hosts`.
    version     bigint NOT NULL,
    sealed      bytea NOT NULL,
    -- The last four characters of a long value, for people.
    suffix      bytea,
    -- JSON list of hosts; null where only the plugins' grants say.
    hosts       text,
    updated_at  bigint NOT NULL,
    PRIMARY KEY (user_id, name)
);

-- The lasting workspace of an agent.
CREATE TABLE agent_files (
    agent_id     text NOT NULL REFERENCES agents ON DELETE CASCADE,
    path         text NOT NULL,
    user_id      text NOT NULL,
    blob         bytea NOT NULL REFERENCES blobs,
    size         bigint NOT NULL,
    version      bigint NOT NULL,
    modified_at  bigint NOT NULL,
    PRIMARY KEY (agent_id, path)
);
CREATE INDEX agent_files_blob ON agent_files (blob);
CREATE INDEX agent_files_user ON agent_files (user_id);

-- Plugins that a user installed, by the version (the sha256 of the package) in each role.
CREATE TABLE skills (
    user_id       text NOT NULL REFERENCES users ON DELETE CASCADE,
    id            text NOT NULL,
    -- What new calls go to; null while the first version is held.
    live          bytea,
    -- A newer version that waits for a grant.
    held          bytea,
    -- What `rollback` goes back to.
    previous      bytea,
    installed_at  bigint NOT NULL,
    updated_at    bigint NOT NULL,
    PRIMARY KEY (user_id, id)
);

-- One package of a skill. A version that has no role any more stays until no task is left that may have begun on it.
CREATE TABLE skill_versions (
    user_id       text NOT NULL REFERENCES users ON DELETE CASCADE,
    id            text NOT NULL,
    digest        bytea NOT NULL REFERENCES blobs,
    -- The component in it; the package itself where that is a bare component, null where there is only text.
    component     bytea REFERENCES blobs,
    version       text NOT NULL,
    description   text NOT NULL,
    -- JSON; null without a component.
    manifest      text,
    -- Text of SKILL.md, where the package has one.
    instructions  text,
    size          bigint NOT NULL,
    -- Since when it has no role; null while it has one.
    left_at       bigint,
    PRIMARY KEY (user_id, id, digest)
);
CREATE INDEX skill_versions_digest ON skill_versions (digest);
CREATE INDEX skill_versions_component ON skill_versions (component);
CREATE INDEX skill_versions_left ON skill_versions (left_at) WHERE left_at IS NOT NULL;

-- What a user granted to which component; JSON list of capabilities.
CREATE TABLE grants (
    user_id       text NOT NULL REFERENCES users ON DELETE CASCADE,
    digest        bytea NOT NULL,
    capabilities  text NOT NULL,
    granted_at    bigint NOT NULL,
    PRIMARY KEY (user_id, digest)
);

-- Bound to agent, tool, arguments and bytes; usable once.
CREATE TABLE approvals (
    id              text PRIMARY KEY,
    user_id         text NOT NULL REFERENCES users ON DELETE CASCADE,
    agent_id        text NOT NULL REFERENCES agents ON DELETE CASCADE,
    task            text REFERENCES tasks ON DELETE CASCADE,
    tool            text NOT NULL,
    arguments_hash  text NOT NULL,
    arguments       text NOT NULL,
    digest          bytea NOT NULL,
    origin          text NOT NULL,
    -- `pending`, `approved`, `rejected`, `used` or `expired`; expired is also pending or approved after `expires_at`.
    status          text NOT NULL,
    reason          text,
    created_at      bigint NOT NULL,
    expires_at      bigint NOT NULL,
    decided_at      bigint,
    decided_by      text,
    used_at         bigint,
    -- The place that used it.
    used_by         text
);
CREATE INDEX approvals_user ON approvals (user_id, created_at DESC);
CREATE INDEX approvals_task ON approvals (task) WHERE task IS NOT NULL;

-- Requests taken out of a window by all hosts together; hosts take several at a time.
CREATE TABLE rate_windows (
    user_id    text NOT NULL,
    surface    text NOT NULL,
    length_ms  bigint NOT NULL,
    starts_at  bigint NOT NULL,
    taken      bigint NOT NULL,
    PRIMARY KEY (user_id, surface, length_ms, starts_at)
);
CREATE INDEX rate_windows_age ON rate_windows (starts_at);

-- What agents and plugins logged, for their user.
CREATE TABLE logs (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Ids do not commit in order. Who follows a log reads by transaction, and only what no open one can come before.
    tx        bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    user_id   text NOT NULL,
    agent_id  text NOT NULL,
    task      text,
    at        bigint NOT NULL,
    level     text NOT NULL,
    message   bytea NOT NULL
);
CREATE INDEX logs_user ON logs (user_id, tx, id);
CREATE INDEX logs_age ON logs (at);

-- Short-lived tokens of `connect`.
CREATE TABLE gateway_tokens (
    hash        bytea PRIMARY KEY,
    user_id     text NOT NULL REFERENCES users ON DELETE CASCADE,
    agent_id    text NOT NULL REFERENCES agents ON DELETE CASCADE,
    expires_at  bigint NOT NULL
);
