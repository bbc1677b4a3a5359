//! What a decider sees of a task: the set of recorded outcomes, by place. Never their order.

use crate::address::Place;
use crate::component::{CallFailure, Export, Output};
use crate::effect::{Call, CallError, Reply};
use crate::retry::RetryPolicy;
use crate::task::{Progress, TaskFailure};
use crate::time::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// How one try at a place ended.
#[derive(Debug, Clone, PartialEq)]
pub struct TryRecord {
    /// None while it runs, or when its host died in it.
    pub end: Option<TryEnd>,
}

/// The end of a try.
#[derive(Debug, Clone, PartialEq)]
pub struct TryEnd {
    /// What it gave.
    pub result: Result<Yield, CallFailure>,
    /// When it ended.
    pub at: Timestamp,
    /// Whether another try is allowed without a person.
    pub may_retry: bool,
}

/// What a scope gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Yield {
    /// A component's output.
    Output(Output),
    /// The reply to a call that the host made itself.
    Reply(Reply),
}

/// The recorded outcomes of a task.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskHistory {
    /// The input of the task.
    pub input: Value,
    /// By place; tries in order from 1.
    pub places: BTreeMap<Place, Vec<TryRecord>>,
}

/// The work at a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Call a component.
    Component {
        /// Personality id, or plugin name for skills and steps.
        component: ComponentRef,
        /// What.
        export: Box<Export>,
    },
    /// Make one host call.
    Host(Box<Call>),
}

/// A component by role; the name is resolved to the live digest when the scope begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ComponentRef {
    /// Whoever provides this personality.
    Personality(String),
    /// The skill of that name.
    Skill(String),
    /// The step of that name.
    Step(String),
}

impl ComponentRef {
    /// The name without the role.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Personality(name) | Self::Skill(name) | Self::Step(name) => name,
        }
    }
}

/// What a decider wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Run this try at this place (resume it when it has entries), not before the given time.
    Run {
        /// Where.
        place: Place,
        /// From 1.
        attempt: u32,
        /// What.
        work: Work,
        /// For retries and timers.
        not_before: Timestamp,
    },
    /// The task ends well.
    Complete(Value),
    /// The task ends badly.
    Fail(TaskFailure),
}

/// What a decider answers: what to do now, and what to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Ready commands; they run at the same time. Empty never happens.
    pub commands: Vec<Command>,
    /// What the task shows now.
    pub progress: Progress,
}

/// Where the work at a place stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// It gave this.
    Done(Yield),
    /// It must run (again).
    Pending(Command),
    /// It failed for good.
    Failed {
        /// The last failure.
        failure: CallFailure,
        /// A retry would have been possible but for effects that already happened.
        partial: bool,
    },
}

impl TaskHistory {
    /// Where the work at `place` stands under `policy`; `work` is made only when it must run.
    pub fn standing(&self, place: &Place, policy: RetryPolicy, work: impl FnOnce() -> Work) -> Standing {
        let tries = self.places.get(place).map(Vec::as_slice).unwrap_or_default();
        let count = u32::try_from(tries.len()).unwrap_or(u32::MAX);
        let run = |attempt, not_before| {
            Standing::Pending(Command::Run { place: place.clone(), attempt, work: work(), not_before })
        };
        match tries.last() {
            None => run(1, Timestamp(0)),
            Some(TryRecord { end: None }) => run(count, Timestamp(0)),
            Some(TryRecord { end: Some(end) }) => match &end.result {
                Ok(value) => Standing::Done(value.clone()),
                Err(failure) => {
                    let asked = match failure {
                        CallFailure::Error(CallError { retry_after_ms: Some(wait), .. }) => {
                            Some(std::time::Duration::from_millis(*wait))
                        }
                        _ => None,
                    };
                    let next = if failure.is_retryable() { policy.next(count, end.at, asked) } else { None };
                    match next {
                        Some(at) if end.may_retry => run(count.saturating_add(1), at),
                        next => Standing::Failed { failure: failure.clone(), partial: next.is_some() },
                    }
                }
            },
        }
    }
}
