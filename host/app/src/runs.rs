//! elizaOS runs: the turns of an agent, chat turns and ticks. The state of a run is that of its task, its events are the journal's.

mod events;
mod id;

pub(crate) use id::run_id;

use crate::context::App;
use crate::fields::{invalid, one_of, uuid_of};
use crate::ports::rooms::Window;
use crate::references;
use domain::agent::Agent;
use domain::caller::Caller;
use domain::error::{Code, Error};
use domain::id::TaskId;
use domain::room::MessageRole;
use domain::task::{Kind, State, Task};
use domain::turn::Turn;
use events::Counts;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The newest runs that a list looks at.
const MOST_COUNTED: u32 = 1000;
/// Runs of one answer.
const MOST_LISTED: usize = 100;
/// Runs of one answer unless the client says otherwise.
const DEFAULT: usize = 20;

/// The state on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunStatus {
    Started,
    Completed,
    Timeout,
    Error,
}

impl RunStatus {
    const ALL: [Self; 4] = [Self::Completed, Self::Timeout, Self::Error, Self::Started];

    fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Timeout => "timeout",
            Self::Error => "error",
        }
    }

    fn of(task: &Task) -> Self {
        match task.state {
            State::Queued | State::Running | State::Waiting => Self::Started,
            State::Completed => Self::Completed,
            State::Failed
                if task.failure.as_ref().is_some_and(|failure| failure.code.ends_with("TIMEOUT")) =>
            {
                Self::Timeout
            }
            State::Failed | State::Cancelled | State::Quarantined => Self::Error,
        }
    }
}

/// What the query string says.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunQuery<'a> {
    /// Only in this room.
    pub room: Option<&'a str>,
    /// Only those, or `all`.
    pub status: Option<&'a str>,
    /// How many.
    pub limit: Option<&'a str>,
    /// Not before: milliseconds since 1970.
    pub from: Option<&'a str>,
    /// Not after: milliseconds since 1970.
    pub to: Option<&'a str>,
}

/// `GET /api/agents/{agentId}/runs`: `{runs,total,hasMore}`, newest first.
///
/// # Errors
/// 400 for an id or the query; 404.
pub async fn list(app: &App, caller: &Caller, agent: &str, query: RunQuery<'_>) -> Result<Value, Error> {
    let agent = references::agent_by_id(app, caller, agent).await?;
    let room = query.room.map(|room| uuid_of("roomId", room)).transpose()?;
    let wanted = query
        .status
        .filter(|status| *status != "all")
        .map(|status| one_of("status", status, &RunStatus::ALL, RunStatus::as_str))
        .transpose()?;
    let limit = match number("limit", query.limit)? {
        None => DEFAULT,
        Some(limit) => usize::try_from(limit.clamp(1, 100)).unwrap_or(MOST_LISTED),
    };
    let (from, to) = (number("from", query.from)?, number("to", query.to)?);
    let mut turns = app.ports.rooms.list_turns(agent.id, MOST_COUNTED).await?;
    turns.retain(|task| {
        wanted.is_none_or(|wanted| RunStatus::of(task) == wanted)
            && room.is_none_or(|room| room_of(task) == Some(room))
            && from.is_none_or(|from| task.new.created_at.0 >= from)
            && to.is_none_or(|to| task.new.created_at.0 <= to)
    });
    let total = turns.len();
    turns.truncate(limit);
    let mut runs = Vec::with_capacity(turns.len());
    for task in &turns {
        let counts = Counts::of(&entries(app, task).await?);
        runs.push(summary(app, &agent, task, &counts).await?);
    }
    Ok(json!({ "runs": runs, "total": total, "hasMore": total > limit }))
}

/// `GET /api/agents/{agentId}/runs/{runId}`: `{summary,events}`.
///
/// # Errors
/// 400 for an id; 404.
pub async fn get(
    app: &App,
    caller: &Caller,
    agent: &str,
    run: &str,
    room: Option<&str>,
) -> Result<Value, Error> {
    let agent = references::agent_by_id(app, caller, agent).await?;
    let missing = || Error::not_found("Run not found");
    let run =
        uuid_of("runId", run).map_err(|_| Error::new(Code::InvalidId, "Invalid agent or run ID format"))?;
    let room = room.map(|room| uuid_of("roomId", room)).transpose()?;
    let id: TaskId = id::task_id(run).ok_or_else(missing)?;
    let found = app.ports.tasks.find_task(agent.user, &id).await?;
    let found = found.filter(|task| {
        task.new.agent == agent.id
            && matches!(task.new.kind, Kind::Chat | Kind::Tick)
            && room.is_none_or(|room| room_of(task) == Some(room))
    });
    let task = found.ok_or_else(missing)?;
    let entries = entries(app, &task).await?;
    let summary = summary(app, &agent, &task, &Counts::of(&entries)).await?;
    Ok(json!({ "summary": summary, "events": events::events(&task, &entries) }))
}

async fn entries(app: &App, task: &Task) -> Result<Vec<domain::journal::Entry>, Error> {
    let most = u32::try_from(domain::journal::ENTRIES_LIMIT).unwrap_or(u32::MAX);
    let entries = app.ports.tasks.list_entries(&task.new.id, 0, most).await?;
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

async fn summary(app: &App, agent: &Agent, task: &Task, counts: &Counts) -> Result<Value, Error> {
    let started = task.started_at.unwrap_or(task.new.created_at);
    let ended = task.completed_at;
    let mut fields = Map::new();
    let mut add = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    add("runId", json!(run_id(&task.new.id)));
    add("status", json!(RunStatus::of(task).as_str()));
    add("startedAt", json!(started));
    add("endedAt", json!(ended));
    add(
        "durationMs",
        json!(ended.map(|end| u64::try_from(end.since(started).as_millis()).unwrap_or(u64::MAX))),
    );
    if let Some(room) = room_of(task) {
        add("roomId", json!(room));
        // What was asked: a tick was not.
        let window = Window::UpToTurn(task.new.id.clone());
        let said = app.ports.rooms.list_messages(room, window, 2).await?;
        let asked = said.iter().rfind(|message| {
            message.new.role == MessageRole::User && message.new.task.as_ref() == Some(&task.new.id)
        });
        add("entityId", json!(agent.user));
        if let Some(asked) = asked {
            add("messageId", json!(asked.new.id));
            if let Ok(author) = uuid_of("author", &asked.new.author) {
                add("entityId", json!(author));
            }
        }
    }
    add("counts", counts.shown());
    add("metadata", json!({ "kind": task.new.kind.as_str(), "task": task.new.id }));
    Ok(Value::Object(fields))
}

fn room_of(task: &Task) -> Option<Uuid> {
    serde_json::from_value::<Turn>(task.new.input.clone()).ok().map(|turn| turn.room)
}

fn number(name: &str, given: Option<&str>) -> Result<Option<i64>, Error> {
    let read = |text: &str| text.parse().map_err(|_| invalid(name, "must be a whole number"));
    given.map(read).transpose()
}
