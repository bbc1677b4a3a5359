//! The port `Secrets`.

use super::PostgresStore;
use super::failure::Failure;
use super::transaction::{Write, transact};
use crate::rows::{StoredSecret, column, count, hosts_text, text_of, too_many_secrets};
use app::ports::secrets::{DataKeyRow, SecretChange, SecretRow, Secrets};
use app::ports::store_error::StoreError;
use domain::id::UserId;
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

#[async_trait::async_trait]
impl Secrets for PostgresStore {
    async fn keep_data_key(
        &self,
        user: UserId,
        sealed: Vec<u8>,
        now: Timestamp,
    ) -> Result<DataKeyRow, StoreError> {
        transact!(self.database(), write => keep(&mut write, user, &sealed, now))
    }

    async fn find_data_key(&self, user: UserId) -> Result<Option<DataKeyRow>, StoreError> {
        transact!(self.database(), write => data_key(&mut write, user))
    }

    async fn put_secrets(
        &self,
        user: UserId,
        writes: u64,
        changes: Vec<SecretChange>,
        limit: usize,
    ) -> Result<bool, StoreError> {
        transact!(self.database(), write => put(&mut write, user, writes, &changes, limit))
    }

    async fn list_secrets(&self, user: UserId) -> Result<Vec<SecretRow>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(
                    "SELECT name, version, sealed, suffix, hosts, updated_at FROM secrets WHERE user_id = $1
                     ORDER BY name COLLATE \"C\"",
                )
                .bind(user.to_string())
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(|row| secret(user, row)).collect()
        })
    }

    async fn find_secret(
        &self,
        user: UserId,
        name: &str,
    ) -> Result<Option<(DataKeyRow, SecretRow)>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query(
                    "SELECT s.name, s.version, s.sealed, s.suffix, s.hosts, s.updated_at, k.sealed AS data_key, k.writes
                     FROM secrets s JOIN data_keys k ON k.user_id = s.user_id WHERE s.user_id = $1 AND s.name = $2",
                )
                .bind(user.to_string())
                .bind(name.to_owned())
                .fetch_optional(write.connection())
                .await?;
            let Some(row) = row else { return Ok(None) };
            let key = DataKeyRow { sealed: row.try_get("data_key")?, writes: count(row.try_get("writes")?) };
            Ok(Some((key, secret(user, &row)?)))
        })
    }

    async fn delete_secret(&self, user: UserId, name: &str) -> Result<bool, StoreError> {
        transact!(self.database(), write => async {
            write.identify().await?;
            remove(&mut write, user, name).await
        })
    }
}

async fn keep(write: &mut Write, user: UserId, sealed: &[u8], now: Timestamp) -> Result<DataKeyRow, Failure> {
    write
        .query(
            "INSERT INTO data_keys (user_id, sealed, created_at) SELECT id, $2, $3 FROM users WHERE id = $1
             ON CONFLICT (user_id) DO NOTHING",
        )
        .bind(user.to_string())
        .bind(sealed.to_vec())
        .bind(now.0)
        .execute(write.connection())
        .await?;
    let kept = data_key(write, user).await?;
    Ok(kept.ok_or_else(|| StoreError::NotFound("user not found".to_owned()))?)
}

async fn put(
    write: &mut Write,
    user: UserId,
    writes: u64,
    changes: &[SecretChange],
    limit: usize,
) -> Result<bool, Failure> {
    write.identify().await?;
    let counted = write
        .query("UPDATE data_keys SET writes = writes + 1 WHERE user_id = $1 AND writes = $2")
        .bind(user.to_string())
        .bind(column(writes))
        .execute(write.connection())
        .await?;
    if counted.rows_affected() == 0 {
        return Ok(false);
    }
    for change in changes {
        match change {
            SecretChange::Remove(name) => {
                remove(write, user, name).await?;
            }
            SecretChange::Put(SecretRow { place, sealed, suffix, updated_at }) => {
                let statement = write
                    .query(
                        "INSERT INTO secrets (user_id, name, version, sealed, suffix, hosts, updated_at)
                         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (user_id, name) DO UPDATE SET version = excluded.version,
                         sealed = excluded.sealed, suffix = excluded.suffix, hosts = excluded.hosts, updated_at = excluded.updated_at",
                    )
                    .bind(user.to_string())
                    .bind(place.name.clone())
                    .bind(column(place.version))
                    .bind(sealed.clone())
                    .bind(suffix.as_ref().map(|suffix| suffix.as_bytes().to_vec()))
                    .bind(hosts_text(place)?)
                    .bind(updated_at.0);
                statement.execute(write.connection()).await?;
            }
        }
    }
    let row = write
        .query("SELECT count(*) AS held FROM secrets WHERE user_id = $1")
        .bind(user.to_string())
        .fetch_one(write.connection())
        .await?;
    if count(row.try_get("held")?) > limit as u64 { Err(too_many_secrets(limit).into()) } else { Ok(true) }
}

async fn remove(write: &mut Write, user: UserId, name: &str) -> Result<bool, Failure> {
    let removed = write
        .query("DELETE FROM secrets WHERE user_id = $1 AND name = $2")
        .bind(user.to_string())
        .bind(name.to_owned())
        .execute(write.connection())
        .await?;
    Ok(removed.rows_affected() == 1)
}

async fn data_key(write: &mut Write, user: UserId) -> Result<Option<DataKeyRow>, Failure> {
    let row = write
        .query("SELECT sealed, writes FROM data_keys WHERE user_id = $1")
        .bind(user.to_string())
        .fetch_optional(write.connection())
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(DataKeyRow { sealed: row.try_get("sealed")?, writes: count(row.try_get("writes")?) }))
}

fn secret(user: UserId, row: &PgRow) -> Result<SecretRow, Failure> {
    let suffix: Option<Vec<u8>> = row.try_get("suffix")?;
    let stored = StoredSecret {
        name: row.try_get("name")?,
        version: row.try_get("version")?,
        sealed: row.try_get("sealed")?,
        suffix: suffix.map(|suffix| text_of("secrets.suffix", suffix)).transpose()?,
        hosts: row.try_get("hosts")?,
        updated_at: row.try_get("updated_at")?,
    };
    Ok(stored.into_row(user)?)
}
