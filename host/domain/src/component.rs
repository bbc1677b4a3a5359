//! A call into a component: which export, within which limits, and how it ended.

use crate::effect::CallError;
use crate::rigor::phase::{PhaseInput, PhaseOutput};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// In whose name a call runs: the `context` of `types.wit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallContext {
    /// Task id.
    pub task: String,
    /// User UUID.
    pub user: String,
    /// Agent UUID.
    pub agent: String,
    /// For personalities.
    pub personality: Option<String>,
    /// The plugin's configuration for this agent.
    pub config: Value,
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Export {
    /// A tool of a skill.
    Tool {
        /// Its name within the skill.
        tool: String,
        /// Valid against its schema.
        arguments: Value,
    },
    /// A phase of a personality.
    Phase(Box<PhaseInput>),
    /// A workflow step.
    Step {
        /// Valid against the manifest's schema.
        config: Value,
        /// From earlier steps.
        input: Value,
    },
}

/// What an export answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// Of a tool or a step.
    Json(Value),
    /// Of a phase.
    Phase(PhaseOutput),
}

/// What one call may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Running time, waiting for host calls included.
    pub wall_ms: u64,
    /// Linear memory of all instances together.
    pub memory_bytes: u64,
    /// Elements of all tables together.
    pub table_elements: u32,
    /// Core instances.
    pub instances: u32,
    /// Host calls of every kind.
    pub host_calls: u32,
    /// Bytes that pass the boundary, both ways.
    pub host_call_bytes: u64,
    /// Bytes of log lines.
    pub log_bytes: u64,
    /// Bytes of the result.
    pub output_bytes: u64,
    /// Instructions, where the operator wants them counted.
    pub fuel: Option<u64>,
}

impl Default for Limits {
    /// Fit for a skill that thinks with a model: minutes of waiting, little memory.
    fn default() -> Self {
        Self {
            wall_ms: 300_000,
            memory_bytes: 64 << 20,
            table_elements: 20_000,
            instances: 32,
            host_calls: 10_000,
            host_call_bytes: 64 << 20,
            log_bytes: 256 << 10,
            output_bytes: 8 << 20,
            fuel: None,
        }
    }
}

/// Which limit was hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitKind {
    /// Linear memory.
    Memory,
    /// Tables.
    Table,
    /// Instances.
    Instances,
    /// Number of host calls.
    HostCalls,
    /// Bytes over the boundary.
    HostCallBytes,
    /// Bytes of the result.
    Output,
    /// Instructions.
    Fuel,
    /// The call stack.
    Stack,
    /// Nested tool calls.
    Depth,
}

/// Why a call gave no output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum CallFailure {
    /// The guest answered an error.
    #[error("{0}")]
    Error(CallError),
    /// The guest trapped.
    #[error("the component trapped: {message}")]
    Trap {
        /// wasmtime's word, such as `unreachable`.
        message: String,
    },
    /// Out of running time.
    #[error("the call ran longer than {wall_ms} ms")]
    Deadline {
        /// The limit.
        wall_ms: u64,
    },
    /// Another limit.
    #[error("the call went over its limit of {kind:?}: {message}")]
    Limit {
        /// Which.
        kind: LimitKind,
        /// With the number.
        message: String,
    },
    /// The output does not fit its schema or type.
    #[error("the component's output is not valid: {message}")]
    InvalidOutput {
        /// Where and why.
        message: String,
    },
    /// There is no such component, export or version.
    #[error("{message}")]
    Unloadable {
        /// What is missing and what to do.
        message: String,
    },
}

impl CallFailure {
    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Error(error) => error.kind.as_str(),
            Self::Trap { .. } => "trap",
            Self::Deadline { .. } => "deadline",
            Self::Limit { .. } => "limit",
            Self::InvalidOutput { .. } => "invalid-output",
            Self::Unloadable { .. } => "unloadable",
        }
    }

    /// Whether its moment depends on the machine, not on the component: what was cut may end at another call when it is run again.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::Deadline { .. } | Self::Trap { .. } | Self::Unloadable { .. })
    }

    /// Whether another try of the scope may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Error(error) => error.kind.is_retryable(),
            Self::Trap { .. } | Self::Deadline { .. } | Self::InvalidOutput { .. } => true,
            Self::Limit { .. } | Self::Unloadable { .. } => false,
        }
    }
}

/// Why the host ended a call that had not ended by itself. Never stored as an outcome: the scope is resumed later, or not at all.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// Waiting is longer than the limit: resume at this time.
    Suspend {
        /// When to go on.
        until: crate::time::Timestamp,
    },
    /// The task was cancelled.
    Cancelled,
    /// The lease is gone; nothing more may be written.
    Stale,
    /// The host shuts down; the task goes back to the queue.
    Drain,
    /// A different request at a journaled address.
    Nondeterminism(Box<Nondeterminism>),
    /// The task's journal is full; the task fails.
    Exhausted(String),
    /// The store or another part of the host does not work now.
    Unavailable(String),
    /// Something that will not pass by itself: a row or blob that cannot be read, a panic.
    Broken(String),
}

/// A recorded request and the different one that was made now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Nondeterminism {
    /// Which scope.
    pub scope: String,
    /// Which host call of it.
    pub ordinal: u32,
    /// The journal's side.
    pub recorded: Value,
    /// What was asked (or answered) now.
    pub actual: Value,
}

/// What a call took. Recorded, never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Wall time in microseconds.
    pub wall_us: u64,
    /// Instructions, where counted.
    pub fuel: Option<u64>,
    /// Highest linear memory in bytes.
    pub memory_bytes: u64,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub struct CallOutcome {
    /// Output, failure, or stopped by the host.
    pub result: Result<Output, CallEnd>,
    /// What it took.
    pub cost: Cost,
}

/// A call that gave no output.
#[derive(Debug, Clone, PartialEq)]
pub enum CallEnd {
    /// By its own doing; stored.
    Failed(CallFailure),
    /// By the host's doing; not stored.
    Stopped(Stop),
}
