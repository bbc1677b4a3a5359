//! What agents, their plugins and the host said about an agent's work, for the agent's user.

use crate::id::{AgentId, TaskId, UserId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Level of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Finest.
    Trace,
    /// For authors.
    Debug,
    /// For operators.
    Info,
    /// Something is odd.
    Warn,
    /// Something is wrong.
    Error,
}

impl Level {
    /// From the finest.
    pub const ALL: [Self; 5] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// The word of rows and of the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// The level of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A line of a user's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Whose.
    pub user: UserId,
    /// About whom.
    pub agent: AgentId,
    /// In which task, if in one.
    pub task: Option<TaskId>,
    /// When it was said.
    pub at: Timestamp,
    /// How much it matters.
    pub level: Level,
    /// What.
    pub message: String,
}

/// What the log says of a start.
#[must_use]
pub fn started(autonomy: bool) -> &'static str {
    if autonomy { "the agent was started, its autonomy is on" } else { "the agent was started" }
}

/// What the log says of a stop.
pub const STOPPED: &str = "the agent was stopped";

/// What the log says of a loop that paused itself.
#[must_use]
pub fn paused(failed_ticks: u32) -> String {
    format!("{failed_ticks} ticks failed in a row: autonomy is paused until somebody enables it")
}
