//! Installed plugins.

use super::SqliteStore;
use super::writer::Lane;
use crate::rows::{column, count, decode, encode};
use app::ports::plugins::{PluginRecord, Plugins};
use app::ports::store_error::StoreError;
use domain::id::Digest;
use domain::time::Timestamp;
use rusqlite::params;

#[async_trait::async_trait]
impl Plugins for SqliteStore {
    async fn insert_plugin(&self, record: PluginRecord) -> Result<(), StoreError> {
        let manifest = encode(&record.manifest)?;
        self.write(Lane::Normal, 512 + manifest.len(), move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO plugins (digest, manifest, size, installed_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (digest) DO NOTHING",
                )?
                .execute(params![record.digest.0, manifest, column(record.size), record.installed_at.0])?;
            Ok(())
        })
        .await
    }

    async fn find_plugin(&self, digest: Digest) -> Result<Option<PluginRecord>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection
                .prepare_cached("SELECT manifest, size, installed_at FROM plugins WHERE digest = ?1")?;
            let mut rows = statement.query(params![digest.0])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let manifest: String = row.get(0)?;
            Ok(Some(PluginRecord {
                digest,
                manifest: decode("plugins.manifest", &manifest)?,
                size: count(row.get(1)?),
                installed_at: Timestamp(row.get(2)?),
            }))
        })
        .await
    }
}
