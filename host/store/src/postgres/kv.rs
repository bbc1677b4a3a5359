//! The port `Kv`.

use super::PostgresStore;
use super::transaction::transact;
use crate::rows::{count, unreadable};
use app::ports::kv::Kv;
use app::ports::store_error::StoreError;
use domain::id::AgentId;
use sqlx::Row as _;

#[async_trait::async_trait]
impl Kv for PostgresStore {
    async fn find_value(
        &self,
        agent: AgentId,
        plugin: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query("SELECT value FROM kv WHERE agent_id = $1 AND plugin = $2 AND key = $3")
                .bind(agent.to_string())
                .bind(plugin.to_owned())
                .bind(key.as_bytes().to_vec())
                .fetch_optional(write.connection())
                .await?;
            Ok(row.map(|row| row.try_get(0)).transpose()?)
        })
    }

    async fn list_keys(&self, agent: AgentId, plugin: &str, prefix: &str) -> Result<Vec<String>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(
                    "SELECT key FROM kv WHERE agent_id = $1 AND plugin = $2 AND substring(key FOR length($3)) = $3 ORDER BY key",
                )
                .bind(agent.to_string())
                .bind(plugin.to_owned())
                .bind(prefix.as_bytes().to_vec())
                .fetch_all(write.connection())
                .await?;
            let mut keys = Vec::with_capacity(rows.len());
            for row in rows {
                let key: Vec<u8> = row.try_get(0)?;
                keys.push(String::from_utf8(key).map_err(|error| unreadable("kv.key", "bytes", &error))?);
            }
            Ok(keys)
        })
    }

    async fn size(&self, agent: AgentId, plugin: &str) -> Result<u64, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query(
                    "SELECT coalesce(sum(length(key) + length(value)), 0)::bigint FROM kv WHERE agent_id = $1 AND plugin = $2",
                )
                .bind(agent.to_string())
                .bind(plugin.to_owned())
                .fetch_one(write.connection())
                .await?;
            Ok(count(row.try_get(0)?))
        })
    }
}
