//! Small state of plugins.

use super::SqliteStore;
use crate::rows::count;
use app::ports::kv::Kv;
use app::ports::store_error::StoreError;
use domain::id::AgentId;
use rusqlite::{OptionalExtension as _, params};

#[async_trait::async_trait]
impl Kv for SqliteStore {
    async fn find_value(
        &self,
        agent: AgentId,
        plugin: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let (agent, plugin, key) = (agent.to_string(), plugin.to_owned(), key.to_owned());
        self.read(move |connection| {
            let mut statement = connection
                .prepare_cached("SELECT value FROM kv WHERE agent_id = ?1 AND plugin = ?2 AND key = ?3")?;
            Ok(statement.query_row(params![agent, plugin, key], |row| row.get(0)).optional()?)
        })
        .await
    }

    async fn list_keys(&self, agent: AgentId, plugin: &str, prefix: &str) -> Result<Vec<String>, StoreError> {
        let (agent, plugin, prefix) = (agent.to_string(), plugin.to_owned(), prefix.to_owned());
        self.read(move |connection| {
            // Compared here: LIKE takes `_` and `%` for patterns, and SQL's `length` ends at U+0000.
            let mut statement = connection.prepare_cached(
                "SELECT key FROM kv WHERE agent_id = ?1 AND plugin = ?2 AND key >= ?3 ORDER BY key",
            )?;
            let mut rows = statement.query(params![agent, plugin, prefix])?;
            let mut keys = Vec::new();
            while let Some(row) = rows.next()? {
                let key: String = row.get(0)?;
                if !key.starts_with(&prefix) {
                    break;
                }
                keys.push(key);
            }
            Ok(keys)
        })
        .await
    }

    async fn size(&self, agent: AgentId, plugin: &str) -> Result<u64, StoreError> {
        let (agent, plugin) = (agent.to_string(), plugin.to_owned());
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT coalesce(sum(octet_length(key) + octet_length(value)), 0) FROM kv WHERE agent_id = ?1 AND plugin = ?2",
            )?;
            Ok(statement.query_row(params![agent, plugin], |row| Ok(count(row.get(0)?)))?)
        })
        .await
    }
}
