//! Sealed secrets and data keys.

use super::SqliteStore;
use super::failure::Outcome;
use super::writer::Lane;
use crate::rows::{StoredSecret, column, count, hosts_text, too_many_secrets};
use app::ports::secrets::{DataKeyRow, SecretChange, SecretRow, Secrets};
use app::ports::store_error::StoreError;
use domain::id::UserId;
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

#[async_trait::async_trait]
impl Secrets for SqliteStore {
    async fn keep_data_key(
        &self,
        user: UserId,
        sealed: Vec<u8>,
        now: Timestamp,
    ) -> Result<DataKeyRow, StoreError> {
        self.write(Lane::Normal, 512, move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO data_keys (user_id, sealed, created_at) SELECT id, ?2, ?3 FROM users WHERE id = ?1
                     ON CONFLICT (user_id) DO NOTHING",
                )?
                .execute(params![user.to_string(), sealed, now.0])?;
            let kept = data_key(connection, user)?;
            Ok(kept.ok_or_else(|| StoreError::NotFound("user not found".to_owned()))?)
        })
        .await
    }

    async fn find_data_key(&self, user: UserId) -> Result<Option<DataKeyRow>, StoreError> {
        self.read(move |connection| data_key(connection, user)).await
    }

    async fn put_secrets(
        &self,
        user: UserId,
        writes: u64,
        changes: Vec<SecretChange>,
        limit: usize,
    ) -> Result<bool, StoreError> {
        let sizes = changes.iter().map(|change| match change {
            SecretChange::Put(row) => 256 + row.sealed.len(),
            SecretChange::Remove(_) => 128,
        });
        let weight = 512 + sizes.sum::<usize>();
        self.write(Lane::Normal, weight, move |connection| put(connection, user, writes, &changes, limit))
            .await
    }

    async fn list_secrets(&self, user: UserId) -> Result<Vec<SecretRow>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT name, version, sealed, suffix, hosts, updated_at FROM secrets WHERE user_id = ?1 ORDER BY name",
            )?;
            let mut rows = statement.query(params![user.to_string()])?;
            let mut secrets = Vec::new();
            while let Some(row) = rows.next()? {
                secrets.push(secret(user, row)?);
            }
            Ok(secrets)
        })
        .await
    }

    async fn find_secret(
        &self,
        user: UserId,
        name: &str,
    ) -> Result<Option<(DataKeyRow, SecretRow)>, StoreError> {
        let name = name.to_owned();
        self.read(move |connection| {
            // One statement: an update between two would give a key and a secret of different times.
            let mut statement = connection.prepare_cached(
                "SELECT s.name, s.version, s.sealed, s.suffix, s.hosts, s.updated_at, k.sealed, k.writes
                 FROM secrets s JOIN data_keys k ON k.user_id = s.user_id WHERE s.user_id = ?1 AND s.name = ?2",
            )?;
            let mut rows = statement.query(params![user.to_string(), name])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let key = DataKeyRow { sealed: row.get(6)?, writes: count(row.get(7)?) };
            Ok(Some((key, secret(user, row)?)))
        })
        .await
    }

    async fn delete_secret(&self, user: UserId, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write(Lane::Normal, 256, move |connection| Ok(remove(connection, user, &name)? == 1)).await
    }
}

fn put(
    connection: &Connection,
    user: UserId,
    writes: u64,
    changes: &[SecretChange],
    limit: usize,
) -> Outcome<bool> {
    let counted = connection
        .prepare_cached("UPDATE data_keys SET writes = writes + 1 WHERE user_id = ?1 AND writes = ?2")?
        .execute(params![user.to_string(), column(writes)])?;
    if counted == 0 {
        return Ok(false);
    }
    for change in changes {
        match change {
            SecretChange::Remove(name) => {
                remove(connection, user, name)?;
            }
            SecretChange::Put(SecretRow { place, sealed, suffix, updated_at }) => {
                connection
                    .prepare_cached(
                        "INSERT INTO secrets (user_id, name, version, sealed, suffix, hosts, updated_at)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (user_id, name) DO UPDATE SET version = excluded.version,
                         sealed = excluded.sealed, suffix = excluded.suffix, hosts = excluded.hosts, updated_at = excluded.updated_at",
                    )?
                    .execute(params![
                        user.to_string(),
                        place.name,
                        column(place.version),
                        sealed,
                        suffix,
                        hosts_text(place)?,
                        updated_at.0
                    ])?;
            }
        }
    }
    let held: i64 = connection
        .prepare_cached("SELECT count(*) FROM secrets WHERE user_id = ?1")?
        .query_row(params![user.to_string()], |row| row.get(0))?;
    if count(held) > limit as u64 { Err(too_many_secrets(limit).into()) } else { Ok(true) }
}

fn remove(connection: &Connection, user: UserId, name: &str) -> Outcome<usize> {
    Ok(connection
        .prepare_cached("DELETE FROM secrets WHERE user_id = ?1 AND name = ?2")?
        .execute(params![user.to_string(), name])?)
}

fn data_key(connection: &Connection, user: UserId) -> Outcome<Option<DataKeyRow>> {
    Ok(connection
        .prepare_cached("SELECT sealed, writes FROM data_keys WHERE user_id = ?1")?
        .query_row(params![user.to_string()], |row| {
            Ok(DataKeyRow { sealed: row.get(0)?, writes: count(row.get(1)?) })
        })
        .optional()?)
}

fn secret(user: UserId, row: &Row<'_>) -> Outcome<SecretRow> {
    let stored = StoredSecret {
        name: row.get(0)?,
        version: row.get(1)?,
        sealed: row.get(2)?,
        suffix: row.get(3)?,
        hosts: row.get(4)?,
        updated_at: row.get(5)?,
    };
    Ok(stored.into_row(user)?)
}
