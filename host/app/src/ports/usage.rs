//! Tokens counted by month. Writes are local effects of the journal.

use super::store_error::StoreError;
use domain::effect::model::Usage;
use domain::id::{AgentId, TaskId, UserId};

/// A row of usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// Who.
    pub agent: AgentId,
    /// `2026-02`.
    pub month: String,
    /// The provider's name.
    pub model: String,
    /// Tokens.
    pub usage: Usage,
}

/// Reading usage.
#[async_trait::async_trait]
pub trait UsageReader: Send + Sync + 'static {
    /// Rows of a month.
    async fn list_usage(&self, user: UserId, month: &str) -> Result<Vec<UsageRow>, StoreError>;

    /// Tokens of one task.
    async fn task_usage(&self, task: &TaskId) -> Result<Usage, StoreError>;
}
