//! The autonomy of agents: when they tick, and the instructions that wait for the next tick.

use super::store_error::StoreError;
use domain::agent::Agent;
use domain::id::{AgentId, UserId};
use domain::time::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// One-time text for the next tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Identity.
    pub id: Uuid,
    /// For whom.
    pub agent: AgentId,
    /// Whose.
    pub user: UserId,
    /// What.
    pub text: String,
    /// When it was given.
    pub queued_at: Timestamp,
}

/// Ticks. A tick's instructions are consumed, and its failure counted, by local effects of its journal.
#[async_trait::async_trait]
pub trait Ticks: Send + Sync + 'static {
    /// Set the flag. Enabling what was not enabled clears failures and makes the first tick due at once; disabling clears the due time.
    async fn set_autonomy(
        &self,
        agent: AgentId,
        enabled: bool,
        now: Timestamp,
    ) -> Result<Option<Agent>, StoreError>;

    /// Another interval; the next tick is due after it, counted from the last.
    async fn set_interval(
        &self,
        agent: AgentId,
        interval: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Keep an instruction. Answers how many wait.
    async fn queue_instruction(&self, instruction: Instruction) -> Result<u64, StoreError>;

    /// Instructions that no tick has consumed, oldest first.
    async fn waiting_instructions(&self, agent: AgentId, limit: u32) -> Result<Vec<Instruction>, StoreError>;

    /// Delete consumed instructions whose tick is gone. Answers how many.
    async fn clean_instructions(&self, limit: u32) -> Result<u64, StoreError>;

    /// For every agent that is due (active, enabled, not paused, no unfinished tick): queue its tick and set the next due time, in one
    /// transaction; a missed interval is skipped, not caught up. Answers how many.
    async fn enqueue_due_ticks(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// When the next agent is due.
    async fn next_tick_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Whether a tick of the agent executes now.
    async fn is_ticking(&self, agent: AgentId) -> Result<bool, StoreError>;
}
