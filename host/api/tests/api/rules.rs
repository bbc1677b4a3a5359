//! What every route must do: one row each. A route without a row, or a row without a route, fails `every_route`.

mod skills;

use crate::support::TASK;
use std::collections::BTreeMap;

/// Who may. An admin may everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// Everybody, without a key.
    Open,
    /// Every key.
    Keys,
    /// Every key but those of agents, which get 403.
    Users,
    /// Others get 403.
    Admins,
    /// It is about something of a user: what its key, the key of the agent that it is about and that of another of its agents get, 200
    /// for what the rule says. Strangers get 404.
    Of(u16, u16, u16),
}

/// About a user: for the admin only.
const ADMIN_ON_USER: Who = Who::Of(403, 403, 403);
/// About a user: not for its agents.
const USER_ON_USER: Who = Who::Of(200, 403, 403);
/// About a user: for its agents, too.
const ANY_ON_USER: Who = Who::Of(200, 200, 200);
/// About an agent: not for itself.
const USER_ON_AGENT: Who = Who::Of(200, 403, 404);
/// About an agent: for itself, too.
const AGENT_ON_AGENT: Who = Who::Of(200, 200, 404);

/// What a route must do. In paths and bodies `{user}`, `{agent}`, `{agentId}`, `{taskId}`, `{turn}`, `{runId}`, `{sessionId}`,
/// `{jobId}`, `{id}`, `{key}`, `{digest}`,
/// `{approval}` and `{new}` stand for what the case made.
pub(crate) struct Rule {
    pub(crate) who: Who,
    /// Status when it is well used.
    pub(crate) ok: u16,
    /// Its body then.
    pub(crate) body: &'static str,
    /// Bad input: a path, a body, the status. None where nothing can be bad.
    pub(crate) bad: Option<(&'static str, &'static str, u16)>,
}

type Bad = (&'static str, &'static str, u16);

fn open() -> Rule {
    Rule { who: Who::Open, ok: 200, body: "", bad: None }
}

fn rule(who: Who, bad: Option<Bad>) -> Rule {
    Rule { who, ok: 200, body: "", bad }
}

fn made(who: Who, ok: u16, body: &'static str, bad: Bad) -> Rule {
    Rule { who, ok, body, bad: Some(bad) }
}

/// All of them.
pub(crate) fn rules() -> BTreeMap<&'static str, Rule> {
    [
        host(),
        tasks(),
        users(),
        agents(),
        monitoring(),
        files(),
        chat(),
        templates(),
        autonomy(),
        runtimes(),
        characters(),
        messaging(),
        secrets(),
        skills::skills(),
        skills::approvals(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn host() -> Vec<(&'static str, Rule)> {
    vec![
        ("GET /health", open()),
        ("GET /healthz", open()),
        ("GET /api/v1/health", open()),
        ("GET /readyz", open()),
        ("GET /openapi.json", open()),
        ("GET /metrics", rule(Who::Admins, None)),
        ("GET /v1/health", rule(Who::Keys, None)),
        ("GET /v1/info", rule(Who::Keys, None)),
        ("GET /v1/admin/plugins", rule(Who::Admins, None)),
        ("GET /v1/approvals", rule(Who::Users, Some(("/v1/approvals?status=open", "", 400)))),
    ]
}

fn tasks() -> Vec<(&'static str, Rule)> {
    const MISSING: &str = "/v1/agents/tasks/task_000000000000";
    let of_task = |bad: &'static str| rule(AGENT_ON_AGENT, Some((bad, "", 404)));
    vec![
        ("POST /v1/agents/tasks", made(Who::Keys, 202, TASK, ("/v1/agents/tasks", r#"{"task":1}"#, 400))),
        ("GET /v1/agents/tasks", rule(Who::Keys, Some(("/v1/agents/tasks?limit=0", "", 400)))),
        ("GET /v1/agents/tasks/{taskId}", of_task(MISSING)),
        ("POST /v1/agents/tasks/{taskId}/cancel", of_task("/v1/agents/tasks/nonsense/cancel")),
        ("GET /v1/agents/tasks/{taskId}/events", of_task("/v1/agents/tasks/task_000000000000/events")),
        ("GET /v1/agents/tasks/{taskId}/journal", of_task("/v1/agents/tasks/task_000000000000/journal")),
        ("POST /v1/agents/tasks/{taskId}/replay", of_task("/v1/agents/tasks/task_000000000000/replay")),
        ("GET /v1/agents/list", rule(Who::Keys, None)),
        ("GET /v1/agents/{id}/status", rule(Who::Users, Some(("/v1/agents/nobody-ai/status", "", 404)))),
        ("GET /v1/agents/orchestrator/coordination", rule(Who::Keys, None)),
    ]
}

fn users() -> Vec<(&'static str, Rule)> {
    vec![
        (
            "POST /api/v1/users",
            made(Who::Admins, 201, r#"{"name":"{new}"}"#, ("/api/v1/users", r#"{"name":"Ada"}"#, 400)),
        ),
        ("GET /api/v1/users", rule(Who::Admins, Some(("/api/v1/users?cursor=No!", "", 400)))),
        ("GET /api/v1/users/{user}", rule(USER_ON_USER, Some(("/api/v1/users/nobody", "", 404)))),
        ("DELETE /api/v1/users/{user}", made(ADMIN_ON_USER, 204, "", ("/api/v1/users/default", "", 409))),
        (
            "PUT /api/v1/users/{user}/tier",
            made(
                ADMIN_ON_USER,
                200,
                r#"{"tier":"scale"}"#,
                ("/api/v1/users/{user}/tier", r#"{"tier":"gold"}"#, 400),
            ),
        ),
        (
            "GET /api/v1/users/{user}/deploy/status",
            rule(USER_ON_USER, Some(("/api/v1/users/nobody/deploy/status", "", 404))),
        ),
    ]
}

fn agents() -> Vec<(&'static str, Rule)> {
    const UNKNOWN: &str = "/api/v1/users/{user}/agents/nobody";
    vec![
        (
            "POST /api/v1/users/{user}/agents",
            made(
                USER_ON_USER,
                201,
                r#"{"name":"{new}"}"#,
                ("/api/v1/users/{user}/agents", r#"{"count":0}"#, 400),
            ),
        ),
        (
            "GET /api/v1/users/{user}/agents",
            rule(ANY_ON_USER, Some(("/api/v1/users/{user}/agents?limit=201", "", 400))),
        ),
        ("GET /api/v1/users/{user}/agents/{agent}", rule(AGENT_ON_AGENT, Some((UNKNOWN, "", 404)))),
        (
            "DELETE /api/v1/users/{user}/agents/{agent}",
            made(USER_ON_AGENT, 204, "", ("/api/v1/users/{user}/agents/manager", "", 409)),
        ),
        (
            "POST /api/v1/users/{user}/agents/{agent}/rotate-key",
            rule(USER_ON_AGENT, Some(("/api/v1/users/{user}/agents/nobody/rotate-key", "", 404))),
        ),
        (
            "GET /api/v1/users/{user}/agents/{agent}/ping",
            rule(AGENT_ON_AGENT, Some(("/api/v1/users/{user}/agents/nobody/ping", "", 404))),
        ),
        (
            "GET /api/v1/users/{user}/agents/{agent}/connect",
            rule(AGENT_ON_AGENT, Some(("/api/v1/users/{user}/agents/nobody/connect", "", 404))),
        ),
        (
            "GET /api/v1/users/{user}/agents/{agent}/config",
            rule(USER_ON_AGENT, Some(("/api/v1/users/{user}/agents/nobody/config", "", 404))),
        ),
        (
            "PATCH /api/v1/users/{user}/agents/{agent}/config",
            made(
                USER_ON_AGENT,
                200,
                r#"{"model":"pro"}"#,
                ("/api/v1/users/{user}/agents/{agent}/config", r#"{"modell":"pro"}"#, 400),
            ),
        ),
    ]
}

fn monitoring() -> Vec<(&'static str, Rule)> {
    vec![
        (
            "GET /api/v1/users/{user}/logs",
            rule(ANY_ON_USER, Some(("/api/v1/users/{user}/logs?level=loud", "", 400))),
        ),
        (
            "GET /api/v1/users/{user}/usage",
            rule(USER_ON_USER, Some(("/api/v1/users/{user}/usage?month=2026-13", "", 400))),
        ),
    ]
}

fn files() -> Vec<(&'static str, Rule)> {
    const UP: &str = "/api/v1/users/{user}/agents/{agent}/files/%2e%2e/secret";
    vec![
        (
            "GET /api/v1/users/{user}/agents/{agent}/files/",
            rule(AGENT_ON_AGENT, Some(("/api/v1/users/{user}/agents/nobody/files/", "", 404))),
        ),
        ("GET /api/v1/users/{user}/agents/{agent}/files/{path}", rule(AGENT_ON_AGENT, Some((UP, "", 400)))),
        (
            "PUT /api/v1/users/{user}/agents/{agent}/files/{path}",
            made(AGENT_ON_AGENT, 200, "Bees.", (UP, "x", 400)),
        ),
        (
            "DELETE /api/v1/users/{user}/agents/{agent}/files/{path}",
            made(AGENT_ON_AGENT, 204, "", (UP, "", 400)),
        ),
    ]
}

fn chat() -> Vec<(&'static str, Rule)> {
    const SAID: &str = r#"{"messages":[{"role":"user","content":"Hello"}]}"#;
    const NOTHING: &str = r#"{"messages":[]}"#;
    vec![
        (
            "POST /api/v1/users/{user}/agents/{agent}/chat",
            made(AGENT_ON_AGENT, 200, SAID, ("/api/v1/users/{user}/agents/{agent}/chat", NOTHING, 400)),
        ),
        (
            "POST /api/v1/users/{user}/agents/{agent}/chat/stream",
            made(
                AGENT_ON_AGENT,
                200,
                SAID,
                ("/api/v1/users/{user}/agents/{agent}/chat/stream", NOTHING, 400),
            ),
        ),
        (
            "GET /api/v1/users/{user}/agents/{agent}/chat/turns/{turn}/events",
            rule(
                AGENT_ON_AGENT,
                Some(("/api/v1/users/{user}/agents/{agent}/chat/turns/turn_000000000000/events", "", 404)),
            ),
        ),
        (
            "GET /api/v1/users/{user}/agents/{agent}/chat/events",
            rule(AGENT_ON_AGENT, Some(("/api/v1/users/{user}/agents/nobody/chat/events", "", 404))),
        ),
    ]
}

fn templates() -> Vec<(&'static str, Rule)> {
    const TEXTS: &str = r#"{"SOUL.md":"Be kind."}"#;
    const UNKNOWN: &str = r#"{"soul.md":"Be kind."}"#;
    vec![
        (
            "GET /api/v1/users/{user}/agent-templates",
            rule(USER_ON_USER, Some(("/api/v1/users/{user}/agent-templates?resolved=1", "", 400))),
        ),
        (
            "PUT /api/v1/users/{user}/agent-templates",
            made(USER_ON_USER, 200, TEXTS, ("/api/v1/users/{user}/agent-templates", UNKNOWN, 400)),
        ),
        (
            "GET /api/v1/users/{user}/agents/{agent}/templates",
            rule(USER_ON_AGENT, Some(("/api/v1/users/{user}/agents/nobody/templates", "", 404))),
        ),
        (
            "PUT /api/v1/users/{user}/agents/{agent}/templates",
            made(USER_ON_AGENT, 200, TEXTS, ("/api/v1/users/{user}/agents/{agent}/templates", UNKNOWN, 400)),
        ),
    ]
}

fn secrets() -> Vec<(&'static str, Rule)> {
    const VALUE: &str = r#"{"SPARE_KEY":"a value of a secret"}"#;
    const WRONG_NAME: &str = r#"{"spare-key":"a value of a secret"}"#;
    vec![
        (
            "GET /api/v1/users/{user}/secrets",
            rule(USER_ON_USER, Some(("/api/v1/users/nobody/secrets", "", 404))),
        ),
        (
            "PUT /api/v1/users/{user}/secrets",
            made(USER_ON_USER, 200, VALUE, ("/api/v1/users/{user}/secrets", WRONG_NAME, 400)),
        ),
        (
            "DELETE /api/v1/users/{user}/secrets/{key}",
            made(USER_ON_USER, 204, "", ("/api/v1/users/{user}/secrets/NO_SUCH_KEY", "", 404)),
        ),
    ]
}

fn autonomy() -> Vec<(&'static str, Rule)> {
    vec![
        ("GET /api/agent/autonomy", rule(Who::Keys, None)),
        (
            "POST /api/agent/autonomy",
            made(
                Who::Users,
                200,
                r#"{"enabled":true}"#,
                ("/api/agent/autonomy", r#"{"enabled":"true"}"#, 400),
            ),
        ),
        ("GET /api/agent/autonomy/status", rule(Who::Keys, None)),
        (
            "GET /api/agent/autonomy/messages",
            rule(Who::Keys, Some(("/api/agent/autonomy/messages?cursor=x", "", 400))),
        ),
        (
            "POST /api/agent/autonomy/instructions",
            made(
                Who::Users,
                202,
                r#"{"instructions":"Count the bees."}"#,
                ("/api/agent/autonomy/instructions", r#"{"instructions":" "}"#, 400),
            ),
        ),
        (
            "PUT /api/agent/autonomy/interval",
            made(
                Who::Users,
                200,
                r#"{"interval":60000}"#,
                ("/api/agent/autonomy/interval", r#"{"interval":"1m"}"#, 400),
            ),
        ),
    ]
}

fn runtimes() -> Vec<(&'static str, Rule)> {
    const MISSING: &str = "/agents/00000000-0000-0000-0000-000000000000";
    vec![
        ("GET /agents", rule(Who::Keys, None)),
        ("GET /agents/{agentId}", rule(AGENT_ON_AGENT, Some((MISSING, "", 404)))),
        (
            "POST /agents/{agentId}/start",
            rule(USER_ON_AGENT, Some(("/agents/{agentId}/start", r#"{"enableAutonomy":"yes"}"#, 400))),
        ),
        (
            "POST /agents/{agentId}/message",
            made(AGENT_ON_AGENT, 200, r#"{"text":"Hello"}"#, ("/agents/{agentId}/message", "{}", 400)),
        ),
        ("POST /agents/{agentId}/stop", rule(USER_ON_AGENT, Some(("/agents/manager/stop", "", 400)))),
    ]
}

/// elizaOS: agents, memory, server.
fn characters() -> Vec<(&'static str, Rule)> {
    const MISSING: &str = "/api/agents/00000000-0000-0000-0000-000000000000";
    const START: (&str, &str, u16) = ("/api/agents/{agentId}/start", r#"{"enableAutonomy":"yes"}"#, 400);
    vec![
        ("GET /api/agents", rule(Who::Keys, None)),
        (
            "POST /api/agents",
            made(
                Who::Users,
                201,
                r#"{"characterJson":{"name":"Eliza"}}"#,
                ("/api/agents", r#"{"characterPath":"/etc/passwd"}"#, 400),
            ),
        ),
        ("GET /api/agents/{agentId}", rule(AGENT_ON_AGENT, Some((MISSING, "", 404)))),
        (
            "PATCH /api/agents/{agentId}",
            made(USER_ON_AGENT, 200, r#"{"bio":["Helps."]}"#, ("/api/agents/{agentId}", r#"{"bio":1}"#, 400)),
        ),
        ("DELETE /api/agents/{agentId}", made(USER_ON_AGENT, 204, "", ("/api/agents/writer", "", 400))),
        ("POST /api/agents/{agentId}/start", rule(USER_ON_AGENT, Some(START))),
        ("POST /api/agents/{agentId}/stop", rule(USER_ON_AGENT, Some(("/api/agents/writer/stop", "", 400)))),
        (
            "GET /api/agents/{agentId}/panels",
            rule(AGENT_ON_AGENT, Some(("/api/agents/writer/panels", "", 400))),
        ),
        (
            "GET /api/agents/{agentId}/logs",
            rule(AGENT_ON_AGENT, Some(("/api/agents/{agentId}/logs?level=loud", "", 400))),
        ),
        (
            "GET /api/agents/{agentId}/runs",
            rule(AGENT_ON_AGENT, Some(("/api/agents/{agentId}/runs?limit=x", "", 400))),
        ),
        (
            "GET /api/agents/{agentId}/runs/{runId}",
            rule(AGENT_ON_AGENT, Some(("/api/agents/{agentId}/runs/run", "", 400))),
        ),
        (
            "GET /api/memory/{agentId}/memories",
            rule(AGENT_ON_AGENT, Some(("/api/memory/{agentId}/memories?from=x", "", 400))),
        ),
        ("GET /api/server/health", rule(Who::Keys, None)),
        ("GET /api/server/ping", rule(Who::Keys, None)),
        ("GET /api/server/hello", rule(Who::Keys, None)),
        ("GET /api/server/status", rule(Who::Keys, None)),
    ]
}

/// elizaOS: sessions and jobs.
fn messaging() -> Vec<(&'static str, Rule)> {
    const SESSION: &str = r#"{"agentId":"{agentId}","userId":"123e4567-e89b-42d3-a456-426614174000"}"#;
    const JOB: &str =
        r#"{"agentId":"{agentId}","userId":"123e4567-e89b-42d3-a456-426614174000","content":"Hello"}"#;
    const MISSING: &str = "/api/messaging/sessions/00000000-0000-0000-0000-000000000000";
    vec![
        (
            "POST /api/messaging/sessions",
            made(AGENT_ON_AGENT, 201, SESSION, ("/api/messaging/sessions", "{}", 400)),
        ),
        ("GET /api/messaging/sessions", rule(Who::Keys, None)),
        ("GET /api/messaging/sessions/health", rule(Who::Keys, None)),
        ("GET /api/messaging/sessions/{sessionId}", rule(AGENT_ON_AGENT, Some((MISSING, "", 404)))),
        ("DELETE /api/messaging/sessions/{sessionId}", rule(AGENT_ON_AGENT, Some((MISSING, "", 404)))),
        (
            "GET /api/messaging/sessions/{sessionId}/messages",
            rule(AGENT_ON_AGENT, Some(("/api/messaging/sessions/{sessionId}/messages?before=x", "", 400))),
        ),
        (
            "POST /api/messaging/sessions/{sessionId}/messages",
            made(
                AGENT_ON_AGENT,
                201,
                r#"{"content":"Hello","transport":"http"}"#,
                ("/api/messaging/sessions/{sessionId}/messages", r#"{"content":" "}"#, 400),
            ),
        ),
        (
            "POST /api/messaging/sessions/{sessionId}/renew",
            rule(AGENT_ON_AGENT, Some(("/api/messaging/sessions/x/renew", "", 400))),
        ),
        (
            "POST /api/messaging/sessions/{sessionId}/heartbeat",
            rule(AGENT_ON_AGENT, Some(("/api/messaging/sessions/x/heartbeat", "", 400))),
        ),
        (
            "PATCH /api/messaging/sessions/{sessionId}/timeout",
            made(
                AGENT_ON_AGENT,
                200,
                r#"{"timeoutMinutes":60}"#,
                ("/api/messaging/sessions/{sessionId}/timeout", r#"{"timeoutMinutes":4}"#, 400),
            ),
        ),
        ("POST /api/messaging/jobs", made(AGENT_ON_AGENT, 201, JOB, ("/api/messaging/jobs", "{}", 400))),
        ("GET /api/messaging/jobs", rule(Who::Keys, Some(("/api/messaging/jobs?status=x", "", 400)))),
        ("GET /api/messaging/jobs/health", rule(Who::Keys, None)),
        (
            "GET /api/messaging/jobs/{jobId}",
            rule(AGENT_ON_AGENT, Some(("/api/messaging/jobs/00000000-0000-0000-0000-000000000000", "", 404))),
        ),
        ("GET /api/messaging/message-servers", rule(Who::Keys, None)),
    ]
}
