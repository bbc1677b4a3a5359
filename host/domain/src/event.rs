//! Durable events of a task, as `GET /v1/agents/tasks/{taskId}/events` sends them. Their id is the journal position.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Text of a model as it comes; live only.
pub const DELTA: &str = "model.delta";

/// A scope was resumed: forget the deltas of the scope that the event names, and of those nested in it; they come anew.
pub const RESET: &str = "reset";

/// A durable event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventBody {
    /// `phase.update`, `progress`, `task.completed`, `task.failed`, `task.cancelled`, [`RESET`].
    pub event: String,
    /// Its data.
    pub data: Value,
}

/// A durable event with its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Of the task, ascending.
    pub pos: i64,
    /// When.
    pub at: crate::time::Timestamp,
    /// What.
    pub body: EventBody,
}

/// Something live that is not stored: text as it comes, a plugin's own progress, a log line.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveEvent {
    /// The last durable event before it.
    pub pos: i64,
    /// Its number after that.
    pub sub: u64,
    /// What.
    pub body: EventBody,
}
