//! Users' agents.

use super::keys::KeyRow;
use super::store_error::StoreError;
use domain::agent::{Agent, Deploy};
use domain::id::{AgentId, TaskId, UserId};
use domain::time::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// What a start did.
#[derive(Debug, Clone, PartialEq)]
pub enum StartOutcome {
    /// It is active now.
    Started(Agent),
    /// It was already, by this or another request.
    Running(Agent),
}

/// A gateway token, as `connect` gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayToken {
    /// sha256 of the token.
    pub hash: [u8; 32],
    /// Whose.
    pub user: UserId,
    /// For which agent.
    pub agent: AgentId,
    /// It is dead then.
    pub expires_at: Timestamp,
}

/// Agents. Every method that takes a user answers only that user's agents.
#[async_trait::async_trait]
pub trait Agents: Send + Sync + 'static {
    /// Keep agents with their keys, all or none. `Conflict` names the id or name that is taken.
    async fn insert_agents(&self, agents: Vec<Agent>, keys: Vec<KeyRow>) -> Result<(), StoreError>;

    /// One agent of a user by identity.
    async fn find_agent(&self, user: UserId, id: AgentId) -> Result<Option<Agent>, StoreError>;

    /// One agent of a user by name.
    async fn find_agent_named(&self, user: UserId, name: &str) -> Result<Option<Agent>, StoreError>;

    /// All agents of a user, the default one first, then by name.
    async fn list_agents(&self, user: UserId) -> Result<Vec<Agent>, StoreError>;

    /// Cancel the agent's unfinished tasks and delete it with everything that hangs on it. `Conflict` for a default agent. Answers its
    /// tasks that are running, so that their workers can be told; none when there is no such agent.
    async fn delete_agent(
        &self,
        user: UserId,
        id: AgentId,
        now: Timestamp,
    ) -> Result<Option<Vec<TaskId>>, StoreError>;

    /// The last step of a start: make it active with these settings, and its start ready. Of concurrent starts one is `Started`. With
    /// `autonomy` the flag is set and the first tick due.
    async fn start_agent(
        &self,
        id: AgentId,
        settings: &Value,
        autonomy: bool,
        now: Timestamp,
    ) -> Result<Option<StartOutcome>, StoreError>;

    /// Make it inactive and forget the settings of its start. Answers whether it was active.
    async fn stop_agent(&self, id: AgentId, now: Timestamp) -> Result<bool, StoreError>;

    /// How its start goes. Nothing while it is active: another start was faster.
    async fn set_deploy(&self, id: AgentId, deploy: &Deploy) -> Result<(), StoreError>;

    /// At start of a host: starts that were under way when a host died have failed at their step. One that another host still makes
    /// goes on and says so at its next step. Answers how many.
    async fn fail_interrupted_starts(&self) -> Result<u64, StoreError>;

    /// Replace its configuration, if it is still `before`; with an interval also that of its ticks, counted from the last one. Answers
    /// whether it was done.
    async fn set_config(
        &self,
        id: AgentId,
        before: &Value,
        config: &Value,
        interval: Option<Duration>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Another name or character (elizaOS `PATCH`). `Conflict` when the name is taken.
    async fn update_agent(
        &self,
        id: AgentId,
        name: &str,
        character: Option<&Value>,
    ) -> Result<(), StoreError>;

    /// Replace every key of the agent by this one: the old ones are dead when it answers.
    async fn rotate_key(&self, id: AgentId, key: KeyRow, now: Timestamp) -> Result<(), StoreError>;

    /// It did something now.
    async fn touch_agent(&self, id: AgentId, now: Timestamp) -> Result<(), StoreError>;

    /// Keep a token.
    async fn insert_token(&self, token: GatewayToken, now: Timestamp) -> Result<(), StoreError>;

    /// A token that has not expired.
    async fn find_token(&self, hash: [u8; 32], now: Timestamp) -> Result<Option<GatewayToken>, StoreError>;
}
