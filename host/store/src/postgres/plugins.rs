//! The port `Plugins`.

use super::PostgresStore;
use super::failure::Failure;
use super::row::{bytes, digest};
use super::transaction::transact;
use crate::rows::{column, count, decode, encode, plugin_kind};
use app::ports::plugins::{LiveRecord, PluginRecord, Plugins};
use app::ports::store_error::StoreError;
use domain::id::Digest;
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

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

    async fn list_live(&self, installation: Uuid) -> Result<Vec<LiveRecord>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(
                    "SELECT kind, name, digest, path, previous, rejected FROM live_plugins WHERE installation = $1
                     ORDER BY kind, name",
                )
                .bind(installation.to_string())
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(live_record).collect::<Result<Vec<_>, Failure>>()
        })
    }

    async fn replace_live(&self, installation: Uuid, live: Vec<LiveRecord>) -> Result<(), StoreError> {
        let rejected = live.iter().map(|record| encode(&record.rejected)).collect::<Result<Vec<_>, _>>()?;
        transact!(self.database(), write => async {
            write
                .query("DELETE FROM live_plugins WHERE installation = $1")
                .bind(installation.to_string())
                .execute(write.connection())
                .await?;
            write
                .query(
                    "INSERT INTO live_plugins (installation, kind, name, digest, path, previous, rejected)
                     SELECT $1, live.* FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[], $6::bytea[], $7::text[]) AS live",
                )
                .bind(installation.to_string())
                .bind(live.iter().map(|record| record.kind.as_str().to_owned()).collect::<Vec<_>>())
                .bind(live.iter().map(|record| record.name.clone()).collect::<Vec<_>>())
                .bind(live.iter().map(|record| bytes(&record.digest)).collect::<Vec<_>>())
                .bind(live.iter().map(|record| record.path.clone()).collect::<Vec<_>>())
                .bind(live.iter().map(|record| record.previous.as_ref().map(bytes)).collect::<Vec<_>>())
                .bind(rejected.clone())
                .execute(write.connection())
                .await?;
            Ok(())
        })
    }
}

fn live_record(row: &PgRow) -> Result<LiveRecord, Failure> {
    let kind: String = row.try_get("kind")?;
    let rejected: String = row.try_get("rejected")?;
    let previous: Option<Vec<u8>> = row.try_get("previous")?;
    Ok(LiveRecord {
        kind: plugin_kind(&kind)?,
        name: row.try_get("name")?,
        digest: digest(row, "digest")?,
        path: row.try_get("path")?,
        previous: previous.map(|_| digest(row, "previous")).transpose()?,
        rejected: decode("live_plugins.rejected", &rejected)?,
    })
}
