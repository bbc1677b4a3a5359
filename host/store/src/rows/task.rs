//! The row of a task.

use super::{decode, encode, parse, unreadable};
use app::ports::store_error::StoreError;
use domain::event::EventBody;
use domain::id::{AgentId, UserId};
use domain::task::{Kind, NewTask, Outcome, Progress, State, Task, TaskFailure};
use domain::time::Timestamp;
use serde_json::Value;

/// The columns of `tasks` that both databases have under these names. JSON is text here; uuids and times are the domain's.
#[derive(Debug, Clone)]
pub(crate) struct TaskRow {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    pub(crate) user_id: UserId,
    pub(crate) agent_id: AgentId,
    pub(crate) kind: String,
    pub(crate) driver: String,
    pub(crate) priority: i16,
    pub(crate) input: String,
    pub(crate) estimate_key: String,
    pub(crate) created_at: i64,
    pub(crate) state: String,
    pub(crate) percent: i64,
    pub(crate) current_agent: Option<String>,
    pub(crate) current_phase: Option<String>,
    /// JSON array of words.
    pub(crate) completed_phases: String,
    pub(crate) output: Option<String>,
    pub(crate) failure: Option<String>,
    pub(crate) started_at: Option<i64>,
    pub(crate) completed_at: Option<i64>,
    pub(crate) wake_at: Option<i64>,
    pub(crate) deliveries: i64,
    pub(crate) strikes: i64,
    pub(crate) cancel_requested: bool,
    /// JSON array of who is in which phase.
    pub(crate) at_work: String,
}

impl TaskRow {
    /// The row of a task that is being submitted.
    pub(crate) fn queued(new: &NewTask) -> Result<Self, StoreError> {
        Ok(Self {
            id: new.id.to_string(),
            parent: new.parent.as_ref().map(ToString::to_string),
            user_id: new.user,
            agent_id: new.agent,
            kind: new.kind.as_str().to_owned(),
            driver: new.driver.clone(),
            priority: new.priority,
            input: encode(&new.input)?,
            estimate_key: new.estimate_key.clone(),
            created_at: new.created_at.0,
            state: State::Queued.as_str().to_owned(),
            percent: 0,
            current_agent: None,
            current_phase: None,
            completed_phases: "[]".to_owned(),
            output: None,
            failure: None,
            started_at: None,
            completed_at: None,
            wake_at: None,
            deliveries: 0,
            strikes: 0,
            cancel_requested: false,
            at_work: "[]".to_owned(),
        })
    }

    /// The task that the row holds.
    pub(crate) fn into_task(self) -> Result<Task, StoreError> {
        let kind =
            Kind::parse(&self.kind).ok_or_else(|| unreadable("tasks.kind", &self.kind, &"unknown kind"))?;
        let state = State::parse(&self.state)
            .ok_or_else(|| unreadable("tasks.state", &self.state, &"unknown state"))?;
        Ok(Task {
            new: NewTask {
                id: parse("tasks.id", &self.id)?,
                parent: self.parent.map(|parent| parse("tasks.parent", &parent)).transpose()?,
                user: self.user_id,
                agent: self.agent_id,
                kind,
                driver: self.driver,
                priority: self.priority,
                input: decode("tasks.input", &self.input)?,
                estimate_key: self.estimate_key,
                created_at: Timestamp(self.created_at),
            },
            state,
            progress: Progress {
                percent: u8::try_from(self.percent).unwrap_or(0),
                current_agent: self.current_agent,
                current_phase: self.current_phase,
                completed_phases: decode("tasks.completed_phases", &self.completed_phases)?,
                at_work: decode("tasks.at_work", &self.at_work)?,
            },
            output: self.output.map(|output| decode("tasks.output", &output)).transpose()?,
            failure: self.failure.map(|failure| decode("tasks.failure", &failure)).transpose()?,
            started_at: self.started_at.map(Timestamp),
            completed_at: self.completed_at.map(Timestamp),
            wake_at: self.wake_at.map(Timestamp),
            deliveries: u32::try_from(self.deliveries).unwrap_or(0),
            strikes: u32::try_from(self.strikes).unwrap_or(0),
            cancel_requested: self.cancel_requested,
        })
    }
}

/// The personality that an outcome blames; its own column, for `personality_record`.
pub(crate) fn failed_agent(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Failed(failure) => failure.agent.as_deref(),
        Outcome::Completed(_) | Outcome::Cancelled => None,
    }
}

/// The last durable event of a task that ends in `state`.
pub(crate) fn finished_event(state: State) -> EventBody {
    let event = match state {
        State::Completed => "task.completed",
        State::Cancelled => "task.cancelled",
        State::Queued | State::Running | State::Waiting | State::Failed | State::Quarantined => "task.failed",
    };
    EventBody { event: event.to_owned(), data: Value::Null }
}

/// The failure of a task that killed its host too often. `scope`: the last one that had begun and not ended.
pub(crate) fn quarantine_failure(scope: Option<&str>) -> TaskFailure {
    let (agent, phase) = match scope.and_then(|scope| scope.split_once('/')) {
        Some((agent, rest)) => {
            let agent = agent.split('@').next().unwrap_or(agent);
            let phase = rest.split(['#', '/']).next().unwrap_or(rest);
            (Some(agent.to_owned()), Some(phase.to_owned()))
        }
        None => (None, None),
    };
    let place = scope.map_or_else(|| "before its first scope".to_owned(), |scope| format!("in {scope}"));
    TaskFailure {
        code: "QUARANTINED".to_owned(),
        message: format!(
            "the host died {place} each time that the task ran alone; it does not run again until a person has looked"
        ),
        agent,
        phase,
        details: serde_json::json!({ "scope": scope }),
    }
}
