//! elizaOS jobs: one question and its answer. The state of a job is that of its task.

use crate::id::{AgentId, TaskId, UserId};
use crate::task::{State, Task};
use crate::time::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// A stored job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Identity.
    pub id: Uuid,
    /// Whose.
    pub user: UserId,
    /// Who answers.
    pub agent: AgentId,
    /// The conversation, of its own.
    pub room: Uuid,
    /// The turn that answers.
    pub task: TaskId,
    /// The client's own id of the person.
    pub sender: Uuid,
    /// What is asked.
    pub content: String,
    /// The client's own: an object.
    pub metadata: Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// Nobody waits for the answer any longer then.
    pub expires_at: Timestamp,
}

/// The state on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobStatus {
    /// Nobody works on it yet.
    Pending,
    /// Somebody does.
    Processing,
    /// Answered.
    Completed,
    /// There will be no answer.
    Failed,
    /// There was none in time.
    Timeout,
}

impl JobStatus {
    /// All.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Processing, Self::Completed, Self::Failed, Self::Timeout];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
        }
    }
}

impl Job {
    /// Whether its time is over and its task has not ended: it is to be cancelled.
    #[must_use]
    pub fn is_overdue(&self, task: &Task, now: Timestamp) -> bool {
        !task.state.is_finished() && self.expires_at <= now
    }

    /// Its state. An answer counts whenever it comes; who fails or is cancelled after its time has timed out.
    #[must_use]
    pub fn status(&self, task: &Task, now: Timestamp) -> JobStatus {
        if self.is_overdue(task, now) {
            return JobStatus::Timeout;
        }
        match task.state {
            State::Queued => JobStatus::Pending,
            State::Running | State::Waiting => JobStatus::Processing,
            State::Completed => JobStatus::Completed,
            _ if task.completed_at.is_some_and(|end| end >= self.expires_at) => JobStatus::Timeout,
            _ => JobStatus::Failed,
        }
    }
}
