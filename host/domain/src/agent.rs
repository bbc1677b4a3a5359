//! A user's running assistant: what is stored of it, and the rules of its names, its start settings and its autonomy.

pub mod config;

use crate::id::{AgentId, UserId};
use crate::time::Timestamp;
use config::{AgentConfig, ConfigProblem, UnknownKeys};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

/// The agent that every user has, and that its tasks run as.
pub const DEFAULT_AGENT: &str = "manager";
/// Between two ticks when nobody says otherwise.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);
/// The shortest interval between two ticks.
pub const SHORTEST_INTERVAL: Duration = Duration::from_secs(5);
/// The longest interval between two ticks.
pub const LONGEST_INTERVAL: Duration = Duration::from_secs(600);
/// After this many failed ticks in a row the loop pauses itself.
pub const MOST_FAILED_TICKS: u32 = 5;

/// Whether an agent answers and ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentStatus {
    /// It does not.
    Inactive,
    /// It does.
    Active,
}

impl AgentStatus {
    /// The word on the wire and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Active => "active",
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Inactive, Self::Active].into_iter().find(|status| status.as_str() == text)
    }
}

/// How the last start of an agent went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeployState {
    /// Never started.
    Pending,
    /// A start is under way.
    Deploying,
    /// It ended well.
    Ready,
    /// It ended badly; the step says where.
    Failed,
}

impl DeployState {
    /// All.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Deploying, Self::Ready, Self::Failed];

    /// The word on the wire and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Deploying => "deploying",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What a start does, in its order (document Start agent, "Startup Process").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StartStep {
    /// Create the runtime environment.
    Initialize,
    /// Load configuration and plugins.
    Load,
    /// Connect to the database and to the model.
    Connect,
    /// Register the tools that the agent may call.
    Register,
    /// Begin to answer.
    Listen,
}

impl StartStep {
    /// All, in order.
    pub const ALL: [Self; 5] = [Self::Initialize, Self::Load, Self::Connect, Self::Register, Self::Listen];

    /// The word on the wire and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Load => "load",
            Self::Connect => "connect",
            Self::Register => "register",
            Self::Listen => "listen",
        }
    }

    /// How far a start is when this step begins.
    #[must_use]
    pub fn percent(self) -> u8 {
        match self {
            Self::Initialize => 0,
            Self::Load => 20,
            Self::Connect => 40,
            Self::Register => 60,
            Self::Listen => 80,
        }
    }
}

/// The last start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    /// How it went.
    pub state: DeployState,
    /// The step that runs, or the last one.
    pub step: String,
    /// 0 to 100.
    pub percent: u8,
}

/// The autonomy of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autonomy {
    /// The stored flag. It ticks only while it is also active, and the host allows autonomy.
    pub enabled: bool,
    /// Between two ticks.
    pub interval: Duration,
    /// Its own conversation; made when it is first asked for, then lasting.
    pub room: Option<Uuid>,
    /// The next tick, while enabled.
    pub next_tick_at: Option<Timestamp>,
    /// The last tick that ended.
    pub last_tick_at: Option<Timestamp>,
    /// Failed ticks in a row.
    pub failed_ticks: u32,
    /// The loop paused itself then; enabling it clears this.
    pub paused_at: Option<Timestamp>,
}

/// A stored agent.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    /// Identity.
    pub id: AgentId,
    /// Whose.
    pub user: UserId,
    /// Unique among its user's.
    pub name: String,
    /// Whether its user's tasks run as it.
    pub is_default: bool,
    /// Whether it answers.
    pub status: AgentStatus,
    /// The last start, while active.
    pub started_at: Option<Timestamp>,
    /// Of the last start: override the configuration until the stop.
    pub settings: Value,
    /// Its configuration: a JSON object (api.md §4, `PATCH …/config`).
    pub config: Value,
    /// The character that an elizaOS client gave it.
    pub character: Option<Value>,
    /// The last start.
    pub deploy: Deploy,
    /// When it last did something.
    pub last_seen_at: Option<Timestamp>,
    /// Its autonomy.
    pub autonomy: Autonomy,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Agent {
    /// An agent that was just made: inactive, never started.
    #[must_use]
    pub fn new(id: AgentId, user: UserId, name: impl Into<String>, now: Timestamp) -> Self {
        Self {
            id,
            user,
            name: name.into(),
            is_default: false,
            status: AgentStatus::Inactive,
            started_at: None,
            settings: Value::Object(serde_json::Map::new()),
            config: Value::Object(serde_json::Map::new()),
            character: None,
            deploy: Deploy { state: DeployState::Pending, step: String::new(), percent: 0 },
            last_seen_at: None,
            autonomy: Autonomy {
                enabled: false,
                interval: DEFAULT_INTERVAL,
                room: None,
                next_tick_at: None,
                last_tick_at: None,
                failed_ticks: 0,
                paused_at: None,
            },
            created_at: now,
        }
    }

    /// Whether it answers.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == AgentStatus::Active
    }

    /// What is in force: its configuration, and over it the settings of its start.
    ///
    /// # Errors
    /// A stored value that cannot be: made by a newer host, or by hand.
    pub fn configuration(&self) -> Result<AgentConfig, ConfigProblem> {
        let config = AgentConfig::parse(&self.config, "config.", UnknownKeys::Kept)?;
        let settings = AgentConfig::parse(&self.settings, "settings.", UnknownKeys::Kept)?;
        Ok(config.overridden_by(settings))
    }
}

/// The interval in force for a wanted one: from 5 s to 10 minutes.
#[must_use]
pub fn clamp_interval(wanted: Duration) -> Duration {
    wanted.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_clamped() {
        for (wanted, expected) in
            [(0, 5_000), (4_999, 5_000), (5_000, 5_000), (30_000, 30_000), (600_001, 600_000)]
        {
            assert_eq!(
                clamp_interval(Duration::from_millis(wanted)),
                Duration::from_millis(expected),
                "{wanted}"
            );
        }
    }
}
