//! What happened in a run, from the journal of its task.

use domain::journal::{CallRecord, Entry, EntryBody, Recorded};
use domain::task::{State, Task};
use domain::time::Timestamp;
use serde_json::{Value, json};

/// How much of what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    actions: u32,
    model_calls: u32,
    errors: u32,
}

/// What a host call is for clients of elizaOS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Model,
    Action,
}

/// The host's own bookkeeping of a turn is no step.
fn step(call: &CallRecord) -> Option<Step> {
    match call.function.as_str() {
        name if name.starts_with("model.") => Some(Step::Model),
        name if name.starts_with("turn.") => None,
        _ => Some(Step::Action),
    }
}

fn has_failed(call: &CallRecord) -> bool {
    matches!(call.result, Some(Recorded::Error(_)))
}

impl Counts {
    pub(super) fn of(entries: &[Entry]) -> Self {
        let mut counts = Self::default();
        for entry in entries {
            let EntryBody::Call(call) = &entry.body else { continue };
            match step(call) {
                Some(Step::Model) => counts.model_calls += 1,
                Some(Step::Action) => counts.actions += 1,
                None => continue,
            }
            counts.errors += u32::from(has_failed(call));
        }
        counts
    }

    pub(super) fn shown(&self) -> Value {
        json!({
            "actions": self.actions,
            "modelCalls": self.model_calls,
            "errors": self.errors,
            // There are none here.
            "evaluators": 0,
        })
    }
}

/// The events, oldest first.
pub(super) fn events(task: &Task, entries: &[Entry]) -> Vec<Value> {
    let event =
        |kind: &str, at: Timestamp, data: Value| json!({ "type": kind, "timestamp": at, "data": data });
    let started = task.started_at.unwrap_or(task.new.created_at);
    let mut events = vec![event("RUN_STARTED", started, json!({ "source": task.new.kind.as_str() }))];
    for entry in entries {
        let EntryBody::Call(call) = &entry.body else { continue };
        let milliseconds = call.duration_us / 1000;
        match step(call) {
            Some(Step::Model) => {
                let data = json!({
                    "modelType": call.function, "executionTime": milliseconds, "success": !has_failed(call)
                });
                events.push(event("MODEL_USED", entry.at, data));
            }
            Some(Step::Action) => {
                let began = entry.at.0.saturating_sub(i64::try_from(milliseconds).unwrap_or(0));
                let name = json!({ "actionName": call.function });
                events.push(event("ACTION_STARTED", Timestamp(began), name));
                let data = json!({
                    "actionName": call.function, "executionTime": milliseconds, "success": !has_failed(call)
                });
                events.push(event("ACTION_COMPLETED", entry.at, data));
            }
            None => {}
        }
    }
    if let Some(end) = task.completed_at {
        let failure = task.failure.as_ref().map(|failure| failure.code.as_str());
        let status = if task.state == State::Completed { "completed" } else { "error" };
        events.push(event("RUN_ENDED", end, json!({ "status": status, "error": failure })));
    }
    events
}
