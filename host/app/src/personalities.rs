//! What document Autonoma calls agents: the personalities of this host, and who works on the caller's tasks now.

use crate::context::App;
use crate::rights::{self, Action};
use crate::skills::own;
use domain::caller::Caller;
use domain::error::Error;
use domain::id::UserId;
use domain::rigor::line::line;
use domain::rigor::request::Capability;
use domain::task::{Kind, State, Task};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Running tasks that are looked at; a host runs fewer at once.
const RUNNING_LIMIT: u32 = 200;
/// A record of fewer ended tasks says nothing about health.
const ENOUGH_ENDED: u64 = 3;

/// `GET /v1/agents/list`.
///
/// # Errors
/// 403, or when the store fails.
pub async fn list(app: &App, caller: &Caller) -> Result<Value, Error> {
    rights::authorize(caller, Action::ListPersonalities)?;
    let running = running(app, caller).await?;
    let busy = app.ports.tasks.list_busy_personalities().await?;
    let agents: Vec<Value> = known(app, caller.user)
        .await?
        .iter()
        .map(|personality| {
            let current = running.iter().find(|task| works(task, &personality.id));
            json!({
                "id": personality.id,
                "name": title(&personality.id),
                "description": personality.description,
                "capabilities": capabilities(&personality.id),
                // Also when it works for somebody else; the task is then not the caller's to see.
                "status": status(personality.is_live, busy.contains(&personality.id)),
                "currentTask": current.map(|task| &task.new.id),
            })
        })
        .collect();
    Ok(json!({ "total": agents.len(), "agents": agents }))
}

/// `GET /v1/agents/{id}/status`.
///
/// # Errors
/// 404 naming the personalities that exist.
pub async fn record(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    rights::authorize(caller, Action::ReadPersonality)?;
    let known = known(app, caller.user).await?;
    let Some(personality) = known.iter().find(|personality| personality.id == id) else {
        let names: Vec<&str> = known.iter().map(|personality| personality.id.as_str()).collect();
        let id = domain::effect::bounded(id.to_owned(), 64);
        return Err(Error::not_found(format!("agent {id:?} not found; there are {}", names.join(", "))));
    };
    let record = app.ports.tasks.personality_record(caller.user, id).await?;
    let running = running(app, caller).await?;
    let current: Vec<_> = running.iter().filter(|task| works(task, id)).map(|task| &task.new.id).collect();
    let busy = app.ports.tasks.list_busy_personalities().await?;
    let ended = record.completed.saturating_add(record.failed);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let success = (ended > 0).then(|| record.completed as f64 / ended as f64);
    Ok(json!({
        "id": id,
        "status": status(personality.is_live, busy.contains(id)),
        "health": health(personality.is_live, ended, success),
        // The mode of every personality until executions choose one: effects that destroy or leave want an approval.
        "acmfMode": "ASSISTED",
        "currentTasks": current,
        "metrics": {
            "completed": record.completed,
            "failed": record.failed,
            "successRate": success,
            "avgDurationMs": record.average_duration.map(|duration| duration.as_millis()),
        },
        "lastActiveAt": record.last_active.map(domain::time::Timestamp::rfc3339),
    }))
}

/// `GET /v1/agents/orchestrator/coordination`.
///
/// # Errors
/// When the store fails.
pub async fn coordination(app: &App, caller: &Caller) -> Result<Value, Error> {
    rights::authorize(caller, Action::ReadCoordination)?;
    let running = running(app, caller).await?;
    let active: BTreeSet<&str> = running
        .iter()
        .flat_map(|task| &task.progress.at_work)
        .map(|at_work| at_work.agent.as_str())
        .collect();
    let tasks: Vec<Value> = running.iter().flat_map(rows).collect();
    let counts = app.ports.tasks.count_queue(Some(caller.user)).await?;
    Ok(json!({
        "activeAgents": active,
        "tasks": tasks,
        "queueDepth": counts.queued,
        "timestamp": app.ports.clock.now().rfc3339(),
    }))
}

struct Known {
    id: String,
    description: String,
    is_live: bool,
}

/// Live personalities, and those whose plugin waits for a grant, by id.
async fn known(app: &App, user: UserId) -> Result<Vec<Known>, Error> {
    let view = app.catalog.view();
    let skills = app.ports.skills.list_skills(user).await?;
    let own: Vec<_> = skills
        .iter()
        .filter_map(|skill| own::live(app, user, skill))
        .map(|(_, plugin)| plugin.manifest)
        .collect();
    // The user's own stands before the host's.
    let own = own.iter().flat_map(|manifest| {
        manifest.personalities.iter().map(move |personality| (personality.id.clone(), manifest, true))
    });
    let live = view.personalities.iter().map(|(id, plugin)| (id.clone(), &plugin.manifest, true));
    let held = view.held.iter().flat_map(|plugin| {
        plugin
            .manifest
            .personalities
            .iter()
            .map(|personality| (personality.id.clone(), &plugin.manifest, false))
    });
    let mut known: Vec<Known> = Vec::new();
    for (id, manifest, is_live) in own.chain(live).chain(held) {
        if known.iter().any(|other| other.id == id) {
            continue;
        }
        let own = manifest
            .personalities
            .iter()
            .find(|personality| personality.id == id)
            .map(|personality| personality.description.clone());
        let description = own.filter(|text| !text.is_empty()).unwrap_or_else(|| manifest.description.clone());
        known.push(Known { id, description, is_live });
    }
    known.sort_by(|left, right| left.id.cmp(&right.id));
    Ok(known)
}

/// The caller's tasks that are in progress.
async fn running(app: &App, caller: &Caller) -> Result<Vec<Task>, Error> {
    let page = app
        .ports
        .tasks
        .list_tasks(caller.user, &[State::Running, State::Waiting], RUNNING_LIMIT, None)
        .await?;
    let mut tasks = page.tasks;
    tasks.retain(|task| {
        task.new.kind == Kind::AgentTask && rights::authorize(caller, Action::ReadTask(task)).is_ok()
    });
    Ok(tasks)
}

fn works(task: &Task, personality: &str) -> bool {
    task.progress.at_work.iter().any(|at_work| at_work.agent == personality)
}

/// One row for each personality at work on the task; one without a personality while none is (a clone, the gates).
fn rows(task: &Task) -> Vec<Value> {
    let row = |agent: Option<&str>, phase: Option<&str>| json!({ "taskId": task.new.id, "agent": agent, "phase": phase, "progress": task.progress.percent });
    let at_work = &task.progress.at_work;
    if at_work.is_empty() {
        return vec![row(task.progress.current_agent.as_deref(), task.progress.current_phase.as_deref())];
    }
    at_work.iter().map(|at_work| row(Some(&at_work.agent), Some(&at_work.phase))).collect()
}

/// The capabilities whose line has the personality.
fn capabilities(id: &str) -> Vec<&'static str> {
    let has = |capability: &Capability| line(&[*capability]).iter().any(|station| station.personality == id);
    Capability::ALL
        .iter()
        .filter(|capability| has(capability))
        .map(|capability| capability.as_str())
        .collect()
}

fn status(is_live: bool, is_busy: bool) -> &'static str {
    match (is_live, is_busy) {
        (_, true) => "busy",
        (true, false) => "available",
        (false, false) => "offline",
    }
}

fn health(is_live: bool, ended: u64, success: Option<f64>) -> &'static str {
    match success {
        _ if !is_live => "unhealthy",
        Some(rate) if ended >= ENOUGH_ENDED && rate < 0.5 => "unhealthy",
        Some(rate) if ended >= ENOUGH_ENDED && rate < 0.9 => "degraded",
        _ => "healthy",
    }
}

/// `coder-ai` is shown as `Coder AI`.
fn title(id: &str) -> String {
    let words = id.split('-').map(|word| match word {
        "ai" => "AI".to_owned(),
        word => word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect(),
    });
    words.collect::<Vec<String>>().join(" ")
}
