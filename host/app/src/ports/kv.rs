//! Small state of a plugin for an agent. Writes are local effects of the journal.

use super::store_error::StoreError;
use domain::id::AgentId;

/// Reading keys.
#[async_trait::async_trait]
pub trait Kv: Send + Sync + 'static {
    /// The value of a key.
    async fn find_value(
        &self,
        agent: AgentId,
        plugin: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keys with a prefix, sorted.
    async fn list_keys(&self, agent: AgentId, plugin: &str, prefix: &str) -> Result<Vec<String>, StoreError>;

    /// Bytes of all keys and values.
    async fn size(&self, agent: AgentId, plugin: &str) -> Result<u64, StoreError>;
}
