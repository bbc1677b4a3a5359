//! Installed plugins.

use super::SqliteStore;
use super::row::digest;
use super::writer::Lane;
use crate::rows::{column, count, decode, encode, plugin_kind};
use app::ports::plugins::{LiveRecord, PluginRecord, Plugins};
use app::ports::store_error::StoreError;
use domain::id::Digest;
use domain::time::Timestamp;
use rusqlite::params;
use uuid::Uuid;

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

    async fn find_plugin(&self, identity: Digest) -> Result<Option<PluginRecord>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection
                .prepare_cached("SELECT manifest, size, installed_at FROM plugins WHERE digest = ?1")?;
            let mut rows = statement.query(params![identity.0])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let manifest: String = row.get(0)?;
            Ok(Some(PluginRecord {
                digest: identity,
                manifest: decode("plugins.manifest", &manifest)?,
                size: count(row.get(1)?),
                installed_at: Timestamp(row.get(2)?),
            }))
        })
        .await
    }

    async fn list_live(&self, installation: Uuid) -> Result<Vec<LiveRecord>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT kind, name, digest, path, previous, rejected FROM live_plugins WHERE installation = ?1
                 ORDER BY kind, name",
            )?;
            let mut rows = statement.query(params![installation.to_string()])?;
            let mut live = Vec::new();
            while let Some(row) = rows.next()? {
                let (kind, serving): (String, Vec<u8>) = (row.get(0)?, row.get(2)?);
                let previous: Option<Vec<u8>> = row.get(4)?;
                let rejected: String = row.get(5)?;
                live.push(LiveRecord {
                    kind: plugin_kind(&kind)?,
                    name: row.get(1)?,
                    digest: digest(&serving)?,
                    path: row.get(3)?,
                    previous: previous.as_deref().map(digest).transpose()?,
                    rejected: decode("live_plugins.rejected", &rejected)?,
                });
            }
            Ok(live)
        })
        .await
    }

    async fn replace_live(&self, installation: Uuid, live: Vec<LiveRecord>) -> Result<(), StoreError> {
        self.write(Lane::Normal, 512 * (live.len() + 1), move |connection| {
            let installation = installation.to_string();
            connection
                .prepare_cached("DELETE FROM live_plugins WHERE installation = ?1")?
                .execute(params![installation])?;
            let mut insert = connection.prepare_cached(
                "INSERT INTO live_plugins (installation, kind, name, digest, path, previous, rejected)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            for record in &live {
                insert.execute(params![
                    installation,
                    record.kind.as_str(),
                    record.name,
                    record.digest.0,
                    record.path,
                    record.previous.map(|previous| previous.0),
                    encode(&record.rejected)?,
                ])?;
            }
            Ok(())
        })
        .await
    }
}
