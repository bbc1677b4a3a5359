//! `GET /api/v1/users/{user}/logs`: what a user's agents, their plugins and the host said. An agent key reads its own agent's lines only.

mod follow;

pub use follow::{FollowedLine, follow};

use crate::context::App;
use crate::fields::{invalid, one_of};
use crate::ports::logs::{LogFilter, LogPart, LogRow};
use crate::references;
use crate::rights::{self, Action};
use domain::agent::Agent;
use domain::caller::{Caller, KeyKind};
use domain::error::Error;
use domain::log::{Level, LogLine};
use domain::time::Timestamp;
use serde_json::{Value, json};

/// Which lines, as the caller wrote it.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Of this agent, an id or a name.
    pub agent: Option<String>,
    /// Of this task.
    pub task: Option<String>,
    /// Not below this level.
    pub level: Option<String>,
    /// Not before this time, RFC 3339.
    pub since: Option<String>,
    /// Lines of a page.
    pub limit: u32,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// A page of lines, newest first.
///
/// # Errors
/// 404 for the user or the agent; 400 for a level, task, time or cursor that is none.
pub async fn list(app: &App, caller: &Caller, user: &str, query: &Query) -> Result<Value, Error> {
    let filter = filter(app, caller, user, query).await?;
    let before = match query.cursor.as_deref().map(str::parse) {
        None => None,
        Some(Ok(place)) => Some(place),
        Some(Err(())) => return Err(invalid("cursor", "is not one that this list gave")),
    };
    let rows = app.ports.logs.list_logs(&filter, LogPart::Newest(before), query.limit).await?;
    let next = rows.last().filter(|_| rows.len() >= query.limit as usize).map(|row| row.place.to_string());
    Ok(json!({ "logs": rows.iter().map(shown).collect::<Vec<_>>(), "nextCursor": next }))
}

async fn filter(app: &App, caller: &Caller, user: &str, query: &Query) -> Result<LogFilter, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ReadLogs)?;
    let agent = match &query.agent {
        Some(agent) => Some(references::agent(app, &scoped.caller, agent).await?.id),
        None => (scoped.caller.kind == KeyKind::Agent).then_some(scoped.caller.agent),
    };
    let task = query
        .task
        .as_deref()
        .map(|task| task.parse().map_err(|_| invalid("task", "must be the id of a task")));
    let level = query.level.as_deref().map(|level| one_of("level", level, &Level::ALL, Level::as_str));
    let since = query.since.as_deref().map(|since| {
        let read = Timestamp::parse(since);
        read.ok_or_else(|| invalid("since", "must be a time as 2026-02-23T15:30:00Z"))
    });
    Ok(LogFilter {
        user: scoped.user.id,
        agent,
        task: task.transpose()?,
        level: level.transpose()?.unwrap_or(Level::Trace),
        since: since.transpose()?,
    })
}

/// A line on the wire. An agent that was deleted has its id only.
fn shown(row: &LogRow) -> Value {
    json!({
        "time": row.line.at.rfc3339(),
        "level": row.line.level.as_str(),
        "agent": row.agent_name.clone().unwrap_or_else(|| row.line.agent.to_string()),
        "task": row.line.task,
        "message": row.line.message,
    })
}

/// A line of the host about an agent. It is for people: nothing fails because it cannot be kept.
pub(crate) async fn say(app: &App, agent: &Agent, level: Level, message: String) {
    let at = app.ports.clock.now();
    let line = LogLine { user: agent.user, agent: agent.id, task: None, at, level, message };
    match app.ports.logs.write_logs(vec![line]).await {
        Ok(()) => app.tell_logged(agent.user),
        Err(error) => tracing::warn!(%error, agent = %agent.id, "a line of a user's log could not be kept"),
    }
}
