//! What `?include=` adds to the body of a task.

use super::body::{body, request};
use crate::context::App;
use domain::error::Error;
use domain::journal::{Entry, EntryBody};
use domain::rigor::line::line;
use domain::task::Task;
use domain::time::Timestamp;
use serde_json::{Value, json};

/// Entries are read in pages of this many.
const PAGE: u32 = 500;

/// A part that is added on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Include {
    /// What was asked for, the line, and its phases so far.
    Rigor,
    /// Claims and strikes.
    Attempt,
    /// Tokens.
    Usage,
    /// Approvals that the task asked for.
    Approvals,
}

impl Include {
    const ALL: [(&'static str, Self); 4] = [
        ("rigor", Self::Rigor),
        ("attempt", Self::Attempt),
        ("usage", Self::Usage),
        ("approvals", Self::Approvals),
    ];

    /// Read a list separated by commas.
    ///
    /// # Errors
    /// 400 with the allowed words.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Error> {
        let words = text.split(',').filter(|word| !word.is_empty());
        words
            .map(|word| {
                Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, include)| *include).ok_or_else(
                    || {
                        let allowed = Self::ALL.map(|(name, _)| name);
                        let word = domain::effect::bounded(word.to_owned(), 64);
                        Error::invalid(format!("include must be of {}, not {word:?}", allowed.join(", ")))
                            .with_details(json!({ "field": "include", "allowed": allowed }))
                    },
                )
            })
            .collect()
    }
}

/// The exact body and these parts.
///
/// # Errors
/// When the store fails.
pub async fn with_includes(app: &App, task: &Task, includes: &[Include]) -> Result<Value, Error> {
    let mut whole = body(app, task).await?;
    for include in includes {
        let (name, part) = match include {
            Include::Rigor => ("rigor", rigor(app, task).await?),
            Include::Attempt => (
                "attempt",
                json!({ "deliveries": task.deliveries, "strikes": task.strikes, "cancelRequested": task.cancel_requested }),
            ),
            Include::Usage => ("usage", usage(app, task).await?),
            Include::Approvals => {
                let now = app.ports.clock.now();
                let approvals = app.ports.approvals.list_task_approvals(&task.new.id, now).await?;
                ("approvals", approvals.iter().map(crate::approvals::shown).collect())
            }
        };
        if let Some(fields) = whole.as_object_mut() {
            fields.insert(name.to_owned(), part);
        }
    }
    Ok(whole)
}

async fn usage(app: &App, task: &Task) -> Result<Value, Error> {
    let usage = app.ports.usage.task_usage(&task.new.id).await?;
    Ok(json!({
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.input_tokens.saturating_add(usage.output_tokens),
    }))
}

async fn rigor(app: &App, task: &Task) -> Result<Value, Error> {
    let request = request(task)?;
    let agents: Vec<&str> = line(&request.capabilities).iter().map(|station| station.personality).collect();
    Ok(json!({
        "task": request.task,
        "capabilities": request.capabilities,
        "intelligence": request.intelligence.as_str(),
        "scope": request.scope.as_str(),
        "priority": request.priority.as_str(),
        "agents": agents,
        "currentPhase": task.progress.current_phase,
        "phases": phases(app, task).await?,
        "failure": task.failure.as_ref().map(|failure| &failure.details),
    }))
}

/// Phases that began, in order: from the root scopes of the journal.
async fn phases(app: &App, task: &Task) -> Result<Vec<Value>, Error> {
    let mut phases: Vec<PhaseRun> = Vec::new();
    let mut after = 0;
    loop {
        let page = app.ports.tasks.list_entries(&task.new.id, after, PAGE).await?;
        for (_, entry) in &page {
            collect(&mut phases, entry);
        }
        match page.last() {
            Some((pos, _)) if page.len() >= PAGE as usize => after = *pos,
            _ => break,
        }
    }
    Ok(phases.iter().map(PhaseRun::shown).collect())
}

struct PhaseRun {
    scope: String,
    agent: String,
    round: u32,
    name: String,
    attempt: u32,
    started: Timestamp,
    ended: Option<(Timestamp, bool)>,
}

impl PhaseRun {
    fn shown(&self) -> Value {
        let status = match self.ended {
            None => "running",
            Some((_, true)) => "completed",
            Some((_, false)) => "failed",
        };
        json!({
            "agent": self.agent,
            "name": self.name,
            "round": self.round,
            "attempt": self.attempt,
            "status": status,
            "durationMs": self.ended.map(|(end, _)| end.since(self.started).as_millis()),
        })
    }
}

fn collect(phases: &mut Vec<PhaseRun>, entry: &Entry) {
    // `coder-ai@2/generate`; nested scopes and the host's own calls are no phases.
    let place = &entry.scope.place.0;
    if entry.scope.depth() > 0 {
        return;
    }
    let Some((station, name)) = place.split_once('/') else { return };
    let (agent, round) = station.split_once('@').unwrap_or((station, "1"));
    match &entry.body {
        EntryBody::Start(_) => phases.push(PhaseRun {
            scope: entry.scope.to_string(),
            agent: agent.to_owned(),
            round: round.parse().unwrap_or(1),
            name: name.to_owned(),
            attempt: entry.scope.attempt,
            started: entry.at,
            ended: None,
        }),
        EntryBody::End(end) => {
            let scope = entry.scope.to_string();
            if let Some(phase) = phases.iter_mut().find(|phase| phase.scope == scope) {
                phase.ended = Some((entry.at, end.result.is_ok()));
            }
        }
        EntryBody::Call(_) => {}
    }
}
