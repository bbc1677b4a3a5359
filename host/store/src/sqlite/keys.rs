//! Accounts and keys.

use super::SqliteStore;
use super::failure::Outcome;
use super::row::digest;
use super::writer::Lane;
use crate::rows::{parse, unreadable};
use app::ports::keys::{Account, KeyRow, Keys};
use app::ports::store_error::StoreError;
use domain::caller::KeyKind;
use domain::id::UserId;
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

/// What every user's own agent is called.
const DEFAULT_AGENT: &str = "manager";

#[async_trait::async_trait]
impl Keys for SqliteStore {
    async fn ensure_account(&self, account: Account, now: Timestamp) -> Result<Account, StoreError> {
        self.write(Lane::Normal, 512, move |connection| ensure_account(connection, &account, now)).await
    }

    async fn find_account(&self, name: &str) -> Result<Option<Account>, StoreError> {
        let name = name.to_owned();
        self.read(move |connection| account_where(connection, "u.name = ?1", &name)).await
    }

    async fn get_account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        self.read(move |connection| account_where(connection, "u.id = ?1", &user.to_string())).await
    }

    async fn find_key(&self, id: &str) -> Result<Option<KeyRow>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| Ok(keys_where(connection, "id = ?1", &id)?.pop())).await
    }

    async fn insert_key(&self, key: KeyRow, now: Timestamp) -> Result<(), StoreError> {
        self.write(Lane::Normal, 512, move |connection| insert_key(connection, &key, now)).await
    }

    async fn delete_key(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(Lane::Normal, 512, move |connection| {
            let revoked = connection
                .prepare_cached("UPDATE keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")?
                .execute(params![id, now.0])?;
            Ok(revoked == 1)
        })
        .await
    }

    async fn list_keys_of(&self, kind: KeyKind) -> Result<Vec<KeyRow>, StoreError> {
        self.read(move |connection| keys_where(connection, "kind = ?1", kind.as_str())).await
    }
}

/// Keep a key.
pub(super) fn insert_key(connection: &Connection, key: &KeyRow, now: Timestamp) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO keys (id, kind, user_id, agent_id, hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            key.id,
            key.kind.as_str(),
            key.user.to_string(),
            key.agent.map(|agent| agent.to_string()),
            key.hash,
            now.0
        ])?;
    Ok(())
}

fn ensure_account(connection: &Connection, account: &Account, now: Timestamp) -> Outcome<Account> {
    if let Some(present) = account_where(connection, "u.name = ?1", &account.name)? {
        return Ok(present);
    }
    connection
        .prepare_cached("INSERT INTO users (id, name, plan, created_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![account.user.to_string(), account.name, account.plan, now.0])?;
    connection
        .prepare_cached(
            "INSERT INTO agents (id, user_id, name, is_default, created_at) VALUES (?1, ?2, ?3, 1, ?4)",
        )?
        .execute(params![
            account.default_agent.to_string(),
            account.user.to_string(),
            DEFAULT_AGENT,
            now.0
        ])?;
    Ok(account.clone())
}

/// `condition` is one of the constants above, never a caller's text.
fn account_where(connection: &Connection, condition: &'static str, value: &str) -> Outcome<Option<Account>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT u.id, u.name, u.plan, a.id FROM users u JOIN agents a ON a.user_id = u.id AND a.is_default = 1 WHERE {condition}"
    ))?;
    let mut rows = statement.query(params![value])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (user, agent): (String, String) = (row.get(0)?, row.get(3)?);
    Ok(Some(Account {
        user: parse("users.id", &user)?,
        name: row.get(1)?,
        plan: row.get(2)?,
        default_agent: parse("agents.id", &agent)?,
    }))
}

fn keys_where(connection: &Connection, condition: &'static str, value: &str) -> Outcome<Vec<KeyRow>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, kind, user_id, agent_id, hash FROM keys WHERE revoked_at IS NULL AND {condition} ORDER BY created_at, id"
    ))?;
    let mut rows = statement.query(params![value])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(key(row)?);
    }
    Ok(keys)
}

fn key(row: &Row<'_>) -> Outcome<KeyRow> {
    let (kind, user): (String, String) = (row.get(1)?, row.get(2)?);
    let (agent, hash): (Option<String>, Vec<u8>) = (row.get(3)?, row.get(4)?);
    Ok(KeyRow {
        id: row.get(0)?,
        kind: KeyKind::parse(&kind).ok_or_else(|| unreadable("keys.kind", &kind, &"unknown kind"))?,
        user: parse("keys.user_id", &user)?,
        agent: agent.map(|agent| parse("keys.agent_id", &agent)).transpose()?,
        hash: digest(&hash)?.0,
    })
}
