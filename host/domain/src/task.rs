//! The task: its kinds, its states, and the only function that moves one.

use crate::id::{AgentId, TaskId, UserId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a task is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Document Autonoma's agent task.
    AgentTask,
    /// One webhook, until it is delivered or given up.
    Webhook,
    /// One answer of an agent to a person.
    Chat,
    /// One turn of an agent's own.
    Tick,
}

impl Kind {
    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AgentTask => "agent-task",
            Self::Webhook => "webhook",
            Self::Chat => "chat",
            Self::Tick => "tick",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::AgentTask, Self::Webhook, Self::Chat, Self::Tick]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }

    /// The driver that decides for new tasks of this kind.
    #[must_use]
    pub fn driver(self) -> &'static str {
        match self {
            Self::AgentTask => crate::driver::rigor::NAME,
            Self::Webhook => crate::driver::webhook::NAME,
            Self::Chat => crate::driver::turn::CHAT,
            Self::Tick => crate::driver::turn::TICK,
        }
    }
}

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for a worker.
    Queued,
    /// A worker has its lease.
    Running,
    /// Waits for a timer, a retry or an approval; nobody has its lease.
    Waiting,
    /// Ended well.
    Completed,
    /// Ended badly.
    Failed,
    /// Ended by a person.
    Cancelled,
    /// Killed its host too often; a person must look.
    Quarantined,
}

/// What moves a task, and who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// Dispatcher: took a lease.
    Claim,
    /// Executor: a timer, retry or approval is far.
    Suspend,
    /// Scheduler: the timer fired or the approval came.
    Wake,
    /// Executor: the decider completed it.
    Complete,
    /// Executor: the decider failed it.
    Fail,
    /// Anyone who may: a cancel won.
    Cancel,
    /// Rescuer or drain: the lease ended without an outcome.
    Release,
    /// Rescuer: three strikes alone.
    Quarantine,
}

/// A transition that its state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {from:?} task cannot {transition:?}")]
pub struct IllegalTransition {
    /// Where the task is.
    pub from: State,
    /// What was tried.
    pub transition: Transition,
}

impl State {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::Quarantined,
    ];

    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Quarantined => "quarantined",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Nothing moves it any more.
    #[must_use]
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled | Self::Quarantined)
    }

    /// The only way from one state to another.
    ///
    /// # Errors
    /// When the state does not allow the transition.
    pub fn after(self, transition: Transition) -> Result<Self, IllegalTransition> {
        use {State as S, Transition as T};
        match (self, transition) {
            (S::Queued, T::Claim) => Ok(S::Running),
            (S::Running, T::Suspend) => Ok(S::Waiting),
            (S::Running, T::Complete) => Ok(S::Completed),
            (S::Running, T::Fail) => Ok(S::Failed),
            (S::Running, T::Release) | (S::Waiting, T::Wake) => Ok(S::Queued),
            (S::Running, T::Quarantine) => Ok(S::Quarantined),
            (S::Queued | S::Running | S::Waiting, T::Cancel) => Ok(S::Cancelled),
            (from, transition) => Err(IllegalTransition { from, transition }),
        }
    }

    /// What document Autonoma calls it.
    #[must_use]
    pub fn wire(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running | Self::Waiting => "in_progress",
            Self::Completed => "completed",
            Self::Failed | Self::Quarantined => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A task to be stored. `user_id` and `agent_id` are on every row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewTask {
    /// Its identity.
    pub id: TaskId,
    /// The task that started it: cancelling that one cancels this one.
    pub parent: Option<TaskId>,
    /// The owner.
    pub user: UserId,
    /// Who works.
    pub agent: AgentId,
    /// What it is for.
    pub kind: Kind,
    /// Who decides: `rigor/1`.
    pub driver: String,
    /// Queue order; higher goes first.
    pub priority: i16,
    /// What the driver gets.
    pub input: Value,
    /// The group for estimates: line and tier.
    pub estimate_key: String,
    /// When it was accepted.
    pub created_at: Timestamp,
}

/// What a task shows to people while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// 0 to 100; never falls; 100 only when completed.
    pub percent: u8,
    /// The personality at work.
    pub current_agent: Option<String>,
    /// The phase that it is in.
    pub current_phase: Option<String>,
    /// The documented vocabulary, in order.
    pub completed_phases: Vec<String>,
    /// Everybody at work; several where a group works at the same time. `current_agent` is the first.
    #[serde(default)]
    pub at_work: Vec<AtWork>,
}

/// A personality in a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtWork {
    /// The personality.
    pub agent: String,
    /// Its phase.
    pub phase: String,
}

/// Why a task failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskFailure {
    /// A stable word, `UPPER_CASE`.
    pub code: String,
    /// For people.
    pub message: String,
    /// The personality.
    pub agent: Option<String>,
    /// Its phase.
    pub phase: Option<String>,
    /// More, shown by `?include=` only.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

/// A stored task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// What was stored at first.
    pub new: NewTask,
    /// Where it is.
    pub state: State,
    /// What it shows.
    pub progress: Progress,
    /// Set when it completed.
    pub output: Option<Value>,
    /// Set when it failed.
    pub failure: Option<TaskFailure>,
    /// First claim.
    pub started_at: Option<Timestamp>,
    /// The end.
    pub completed_at: Option<Timestamp>,
    /// While it waits for a timer.
    pub wake_at: Option<Timestamp>,
    /// How often it was claimed.
    pub deliveries: u32,
    /// Claims in a row that ended by host death without a new entry.
    pub strikes: u32,
    /// Someone asked to cancel it.
    pub cancel_requested: bool,
}

/// How an executor ends a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Well.
    Completed(Value),
    /// Badly.
    Failed(TaskFailure),
    /// By a person.
    Cancelled,
}

impl Outcome {
    /// The transition that it is.
    #[must_use]
    pub fn transition(&self) -> Transition {
        match self {
            Self::Completed(_) => Transition::Complete,
            Self::Failed(_) => Transition::Fail,
            Self::Cancelled => Transition::Cancel,
        }
    }
}

/// Who may write a task's outcome until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Of this task.
    pub task: TaskId,
    /// The fencing token: each claim adds one.
    pub token: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRANSITIONS: [Transition; 8] = [
        Transition::Claim,
        Transition::Suspend,
        Transition::Wake,
        Transition::Complete,
        Transition::Fail,
        Transition::Cancel,
        Transition::Release,
        Transition::Quarantine,
    ];

    proptest! {
        #[test]
        fn no_sequence_of_transitions_leaves_a_finished_state(steps in proptest::collection::vec(0_usize..8, 0..40)) {
            let mut state = State::Queued;
            for step in steps {
                let transition = TRANSITIONS[step];
                let next = state.after(transition);
                if state.is_finished() {
                    prop_assert!(next.is_err());
                }
                if let Ok(next) = next {
                    prop_assert!(next != State::Running || transition == Transition::Claim);
                    state = next;
                }
            }
        }
    }

    #[test]
    fn every_unfinished_state_can_be_cancelled_and_left() {
        for state in State::ALL {
            assert_eq!(state.after(Transition::Cancel).is_ok(), !state.is_finished(), "{state:?}");
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }
}
