//! The port `Keys`.

use super::PostgresStore;
use super::failure::Failure;
use super::transaction::{Write, transact};
use crate::rows::{parse, unreadable};
use app::ports::keys::{Account, KeyRow, Keys};
use app::ports::store_error::StoreError;
use domain::caller::KeyKind;
use domain::id::UserId;
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// The agent that a user's tasks run as.
const DEFAULT_AGENT: &str = "manager";

#[async_trait::async_trait]
impl Keys for PostgresStore {
    async fn ensure_account(&self, account: Account, now: Timestamp) -> Result<Account, StoreError> {
        transact!(self.database(), write => ensure(&mut write, &account, now))
    }

    async fn find_account(&self, name: &str) -> Result<Option<Account>, StoreError> {
        transact!(self.database(), write => find(&mut write, name))
    }

    async fn get_account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query(
                    "SELECT u.id, u.name, u.plan, a.id AS default_agent
                     FROM users u JOIN agents a ON a.user_id = u.id AND a.is_default WHERE u.id = $1",
                )
                .bind(user.to_string())
                .fetch_optional(write.connection())
                .await?;
            row.as_ref().map(account_of).transpose()
        })
    }

    async fn find_key(&self, id: &str) -> Result<Option<KeyRow>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query("SELECT id, kind, user_id, agent_id, hash FROM keys WHERE id = $1 AND revoked_at IS NULL")
                .bind(id.to_owned())
                .fetch_optional(write.connection())
                .await?;
            row.as_ref().map(key_of).transpose()
        })
    }

    async fn insert_key(&self, key: KeyRow, now: Timestamp) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            write.identify().await?;
            insert_key(&mut write, &key, now).await
        })
    }

    async fn delete_key(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        transact!(self.database(), write => async {
            write.identify().await?;
            let outcome = write
                .query("UPDATE keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
                .bind(id.to_owned())
                .bind(now.0)
                .execute(write.connection())
                .await?;
            Ok(outcome.rows_affected() > 0)
        })
    }

    async fn list_keys_of(&self, kind: KeyKind) -> Result<Vec<KeyRow>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(
                    "SELECT id, kind, user_id, agent_id, hash FROM keys WHERE kind = $1 AND revoked_at IS NULL
                     ORDER BY created_at, id",
                )
                .bind(kind.as_str())
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(key_of).collect()
        })
    }
}

/// Keep a key.
pub(super) async fn insert_key(write: &mut Write, key: &KeyRow, now: Timestamp) -> Result<(), Failure> {
    write
        .query("INSERT INTO keys (id, kind, user_id, agent_id, hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(key.id.clone())
        .bind(key.kind.as_str())
        .bind(key.user.to_string())
        .bind(key.agent.map(|agent| agent.to_string()))
        .bind(key.hash.to_vec())
        .bind(now.0)
        .execute(write.connection())
        .await?;
    Ok(())
}

async fn ensure(write: &mut Write, account: &Account, now: Timestamp) -> Result<Account, Failure> {
    write
        .query(
            "INSERT INTO users (id, name, plan, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(account.user.to_string())
        .bind(account.name.clone())
        .bind(account.plan.clone())
        .bind(now.0)
        .execute(write.connection())
        .await?;
    write
        .query(
            "INSERT INTO agents (id, user_id, name, is_default, created_at)
             SELECT $1, id, $2, true, $3 FROM users WHERE name = $4 ON CONFLICT DO NOTHING",
        )
        .bind(account.default_agent.to_string())
        .bind(DEFAULT_AGENT)
        .bind(now.0)
        .bind(account.name.clone())
        .execute(write.connection())
        .await?;
    let taken = || StoreError::Conflict(format!("the id {} belongs to another user or agent", account.user));
    Ok(find(write, &account.name).await?.ok_or_else(taken)?)
}

async fn find(write: &mut Write, name: &str) -> Result<Option<Account>, Failure> {
    let row = write
        .query(
            "SELECT u.id, u.name, u.plan, a.id AS default_agent
             FROM users u JOIN agents a ON a.user_id = u.id AND a.is_default WHERE u.name = $1",
        )
        .bind(name.to_owned())
        .fetch_optional(write.connection())
        .await?;
    row.as_ref().map(account_of).transpose()
}

fn account_of(row: &PgRow) -> Result<Account, Failure> {
    let (user, agent): (String, String) = (row.try_get("id")?, row.try_get("default_agent")?);
    Ok(Account {
        user: parse("users.id", &user)?,
        name: row.try_get("name")?,
        plan: row.try_get("plan")?,
        default_agent: parse("agents.id", &agent)?,
    })
}

fn key_of(row: &PgRow) -> Result<KeyRow, Failure> {
    let (kind, user): (String, String) = (row.try_get("kind")?, row.try_get("user_id")?);
    let agent: Option<String> = row.try_get("agent_id")?;
    let hash: Vec<u8> = row.try_get("hash")?;
    Ok(KeyRow {
        id: row.try_get("id")?,
        kind: KeyKind::parse(&kind).ok_or_else(|| unreadable("keys.kind", &kind, &"unknown kind"))?,
        user: parse("keys.user_id", &user)?,
        agent: agent.map(|agent| parse("keys.agent_id", &agent)).transpose()?,
        hash: hash.try_into().map_err(|_| unreadable("keys.hash", "bytes", &"not 32 bytes"))?,
    })
}
