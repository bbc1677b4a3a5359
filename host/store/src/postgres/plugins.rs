//! The port `Plugins`.

use super::PostgresStore;
use super::row::bytes;
use super::transaction::transact;
use crate::rows::{column, count, decode, encode};
use app::ports::plugins::{PluginRecord, Plugins};
use app::ports::store_error::StoreError;
use domain::id::Digest;
use domain::time::Timestamp;
use sqlx::Row as _;

#[async_trait::async_trait]
impl Plugins for PostgresStore {
    async fn insert_plugin(&self, record: PluginRecord) -> Result<(), StoreError> {
        let manifest = encode(&record.manifest)?;
        transact!(self.database(), write => async {
            write
                .query(
                    "INSERT INTO plugins (digest, manifest, size, installed_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (digest) DO NOTHING",
                )
                .bind(bytes(&record.digest))
                .bind(manifest.clone())
                .bind(column(record.size))
                .bind(record.installed_at.0)
                .execute(write.connection())
                .await?;
            Ok(())
        })
    }

    async fn find_plugin(&self, digest: Digest) -> Result<Option<PluginRecord>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query("SELECT manifest, size, installed_at FROM plugins WHERE digest = $1")
                .bind(bytes(&digest))
                .fetch_optional(write.connection())
                .await?;
            let Some(row) = row else { return Ok(None) };
            let manifest: String = row.try_get("manifest")?;
            Ok(Some(PluginRecord {
                digest,
                manifest: decode("plugins.manifest", &manifest)?,
                size: count(row.try_get("size")?),
                installed_at: Timestamp(row.try_get("installed_at")?),
            }))
        })
    }
}
