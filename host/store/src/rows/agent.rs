//! Agents as rows.

use super::{decode, parse, unreadable};
use app::ports::store_error::StoreError;
use domain::agent::{Agent, AgentStatus, Autonomy, Deploy, DeployState};
use domain::time::Timestamp;
use std::time::Duration;

/// The columns of an agent, in the order in which both databases read them.
macro_rules! agent_columns {
    () => {
        "id, user_id, name, is_default, status, started_at, settings, config, character, deploy_state, deploy_step, deploy_percent, \
         last_seen_at, autonomy, tick_interval_ms, room, next_tick_at, last_tick_at, failed_ticks, paused_at, created_at"
    };
}
pub(crate) use agent_columns;

/// A row of `agents`.
#[derive(Debug, Clone)]
pub(crate) struct AgentRow {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) is_default: bool,
    pub(crate) status: String,
    pub(crate) started_at: Option<i64>,
    pub(crate) settings: String,
    pub(crate) config: String,
    pub(crate) character: Option<String>,
    pub(crate) deploy_state: String,
    pub(crate) deploy_step: String,
    pub(crate) deploy_percent: i64,
    pub(crate) last_seen_at: Option<i64>,
    pub(crate) autonomy: bool,
    pub(crate) tick_interval_ms: i64,
    pub(crate) room: Option<String>,
    pub(crate) next_tick_at: Option<i64>,
    pub(crate) last_tick_at: Option<i64>,
    pub(crate) failed_ticks: i64,
    pub(crate) paused_at: Option<i64>,
    pub(crate) created_at: i64,
}

impl AgentRow {
    /// The row of an agent that is to be kept.
    pub(crate) fn of(agent: &Agent) -> Result<Self, StoreError> {
        let time = |time: Option<Timestamp>| time.map(|time| time.0);
        Ok(Self {
            id: agent.id.to_string(),
            user_id: agent.user.to_string(),
            name: agent.name.clone(),
            is_default: agent.is_default,
            status: agent.status.as_str().to_owned(),
            started_at: time(agent.started_at),
            settings: super::encode(&agent.settings)?,
            config: super::encode(&agent.config)?,
            character: agent.character.as_ref().map(super::encode).transpose()?,
            deploy_state: agent.deploy.state.as_str().to_owned(),
            deploy_step: agent.deploy.step.clone(),
            deploy_percent: agent.deploy.percent.into(),
            last_seen_at: time(agent.last_seen_at),
            autonomy: agent.autonomy.enabled,
            tick_interval_ms: milliseconds(agent.autonomy.interval),
            room: agent.autonomy.room.map(|room| room.to_string()),
            next_tick_at: time(agent.autonomy.next_tick_at),
            last_tick_at: time(agent.autonomy.last_tick_at),
            failed_ticks: agent.autonomy.failed_ticks.into(),
            paused_at: time(agent.autonomy.paused_at),
            created_at: agent.created_at.0,
        })
    }

    /// The agent of a row.
    pub(crate) fn into_agent(self) -> Result<Agent, StoreError> {
        let time = |time: Option<i64>| time.map(Timestamp);
        let word = |column: &str, text: &str| unreadable(column, text, &"unknown word");
        Ok(Agent {
            id: parse("agents.id", &self.id)?,
            user: parse("agents.user_id", &self.user_id)?,
            name: self.name,
            is_default: self.is_default,
            status: AgentStatus::parse(&self.status).ok_or_else(|| word("agents.status", &self.status))?,
            started_at: time(self.started_at),
            settings: decode("agents.settings", &self.settings)?,
            config: decode("agents.config", &self.config)?,
            character: self.character.as_deref().map(|text| decode("agents.character", text)).transpose()?,
            deploy: Deploy {
                state: DeployState::parse(&self.deploy_state)
                    .ok_or_else(|| word("agents.deploy_state", &self.deploy_state))?,
                step: self.deploy_step,
                percent: u8::try_from(self.deploy_percent).unwrap_or(100),
            },
            last_seen_at: time(self.last_seen_at),
            autonomy: Autonomy {
                enabled: self.autonomy,
                interval: Duration::from_millis(super::count(self.tick_interval_ms)),
                room: self.room.as_deref().map(|text| parse("agents.room", text)).transpose()?,
                next_tick_at: time(self.next_tick_at),
                last_tick_at: time(self.last_tick_at),
                failed_ticks: u32::try_from(self.failed_ticks).unwrap_or(0),
                paused_at: time(self.paused_at),
            },
            created_at: Timestamp(self.created_at),
        })
    }
}

/// A duration for a column.
pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What a failed insert of an agent says to people.
pub(crate) fn agent_taken(agent: &Agent) -> StoreError {
    StoreError::Conflict(format!(
        "an agent with the name {:?} or the id {} exists already",
        agent.name, agent.id
    ))
}
