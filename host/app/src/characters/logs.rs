//! `GET /api/agents/{agentId}/logs`.

use crate::context::App;
use crate::fields::{number, one_of, time};
use crate::ports::logs::{LogFilter, LogPart, LogRow};
use crate::references;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use domain::log::Level;
use domain::room::derived_id;
use serde_json::{Value, json};

/// The newest lines that are looked through.
const MOST_READ: u32 = 1000;
/// Lines of one answer unless the client says otherwise.
const DEFAULT: usize = 50;
/// Lines of one answer.
const MOST_LISTED: usize = 200;

/// What the query string says.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogQuery<'a> {
    /// How many.
    pub limit: Option<&'a str>,
    /// Skip so many.
    pub offset: Option<&'a str>,
    /// Not below this level.
    pub level: Option<&'a str>,
    /// Only with this text in them.
    pub search: Option<&'a str>,
    /// Not before: a time as text, or milliseconds since 1970.
    pub from: Option<&'a str>,
    /// Not after: the same.
    pub to: Option<&'a str>,
}

/// What the agent, its plugins and the host said of it, newest first.
///
/// # Errors
/// 400 for the id or the query; 404.
pub async fn logs(app: &App, caller: &Caller, id: &str, query: LogQuery<'_>) -> Result<Value, Error> {
    let agent = references::agent_by_id(app, caller, id).await?;
    rights::authorize(caller, Action::ReadLogs)?;
    let level = query.level.filter(|level| *level != "all");
    let level = level.map(|level| one_of("level", level, &Level::ALL, Level::as_str)).transpose()?;
    let limit = number("limit", query.limit)?.unwrap_or(DEFAULT).clamp(1, MOST_LISTED);
    let offset = number("offset", query.offset)?.unwrap_or(0);
    let (from, to) = (time("from", query.from)?, time("to", query.to)?);
    let filter = LogFilter {
        user: agent.user,
        agent: Some(agent.id),
        task: None,
        level: level.unwrap_or(Level::Trace),
        since: from,
    };
    let search = query.search.map(str::to_lowercase);
    let mut rows = app.ports.logs.list_logs(&filter, LogPart::Newest(None), MOST_READ).await?;
    rows.retain(|row| {
        to.is_none_or(|to| row.line.at <= to)
            && search.as_ref().is_none_or(|search| row.line.message.to_lowercase().contains(search.as_str()))
    });
    Ok(rows.iter().skip(offset).take(limit).map(shown).collect())
}

fn shown(row: &LogRow) -> Value {
    json!({
        // Clients want UUIDs.
        "id": derived_id(&format!("log:{}", row.place)),
        "agentId": row.line.agent,
        "type": "log",
        "level": row.line.level.as_str(),
        "message": row.line.message,
        "timestamp": row.line.at,
        "createdAt": row.line.at,
        "body": { "task": row.line.task },
    })
}
