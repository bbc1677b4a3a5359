//! Users' agents.

use super::SqliteStore;
use super::end::cancel_agent_tasks;
use super::failure::Outcome;
use super::keys::insert_key;
use super::logs::say;
use super::row::{digest, running_tasks};
use super::ticks::cancel_queued_ticks;
use super::writer::Lane;
use crate::rows::{AgentRow, agent_columns, agent_taken, decode, encode, milliseconds, parse};
use app::ports::agents::{Agents, GatewayToken, StartOutcome};
use app::ports::keys::KeyRow;
use app::ports::store_error::StoreError;
use domain::agent::{Agent, Deploy};
use domain::id::{AgentId, TaskId, UserId};
use domain::log;
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::Value;
use std::time::Duration;

/// Bytes that a small write counts for in the writer's group.
const WEIGHT: usize = 512;

#[async_trait::async_trait]
impl Agents for SqliteStore {
    async fn insert_agents(&self, agents: Vec<Agent>, keys: Vec<KeyRow>) -> Result<(), StoreError> {
        let weight = WEIGHT * (agents.len() + keys.len());
        self.write(Lane::Normal, weight, move |connection| {
            agents.iter().try_for_each(|agent| insert_agent(connection, agent))?;
            keys.iter().try_for_each(|key| {
                let made = agents.iter().find(|agent| Some(agent.id) == key.agent);
                insert_key(connection, key, made.map_or(Timestamp(0), |agent| agent.created_at))
            })
        })
        .await
    }

    async fn find_agent(&self, user: UserId, id: AgentId) -> Result<Option<Agent>, StoreError> {
        self.read(move |connection| {
            Ok(agents_where(
                connection,
                "user_id = ?1 AND id = ?2",
                params![user.to_string(), id.to_string()],
            )?
            .pop())
        })
        .await
    }

    async fn find_agent_named(&self, user: UserId, name: &str) -> Result<Option<Agent>, StoreError> {
        let name = name.to_owned();
        self.read(move |connection| {
            Ok(agents_where(connection, "user_id = ?1 AND name = ?2", params![user.to_string(), name])?.pop())
        })
        .await
    }

    async fn list_agents(&self, user: UserId) -> Result<Vec<Agent>, StoreError> {
        self.read(move |connection| {
            agents_where(connection, "user_id = ?1 ORDER BY is_default DESC, name", params![user.to_string()])
        })
        .await
    }

    async fn delete_agent(
        &self,
        user: UserId,
        id: AgentId,
        now: Timestamp,
    ) -> Result<Option<Vec<TaskId>>, StoreError> {
        let (running, queued) = self
            .write(Lane::Normal, WEIGHT, move |connection| delete_agent(connection, user, id, now))
            .await?;
        if queued {
            self.ring();
        }
        Ok(running)
    }

    async fn start_agent(
        &self,
        id: AgentId,
        settings: &Value,
        autonomy: bool,
        now: Timestamp,
    ) -> Result<Option<StartOutcome>, StoreError> {
        let settings = encode(settings)?;
        self.write(Lane::Normal, WEIGHT, move |connection| {
            let started = connection
                .prepare_cached(
                    "UPDATE agents SET status = 'active', started_at = ?2, settings = ?3, autonomy = ?4, failed_ticks = 0,
                         paused_at = NULL, next_tick_at = CASE WHEN ?4 THEN ?2 END, last_seen_at = ?2,
                         deploy_state = 'ready', deploy_step = 'listen', deploy_percent = 100
                     WHERE id = ?1 AND status = 'inactive'",
                )?
                .execute(params![id.to_string(), now.0, settings, autonomy])?;
            let agent = agents_where(connection, "id = ?1", params![id.to_string()])?.pop();
            if started == 1 {
                say(connection, id, log::started(autonomy), now)?;
            }
            Ok(agent.map(if started == 1 { StartOutcome::Started } else { StartOutcome::Running }))
        })
        .await
    }

    async fn stop_agent(&self, id: AgentId, now: Timestamp) -> Result<bool, StoreError> {
        self.write(Lane::Normal, WEIGHT, move |connection| {
            let stopped = connection
                .prepare_cached(
                    "UPDATE agents SET status = 'inactive', started_at = NULL, settings = '{}', next_tick_at = NULL
                     WHERE id = ?1 AND status = 'active'",
                )?
                .execute(params![id.to_string()])?;
            cancel_queued_ticks(connection, id, now)?;
            if stopped == 1 {
                say(connection, id, log::STOPPED, now)?;
            }
            Ok(stopped == 1)
        })
        .await
    }

    async fn set_deploy(&self, id: AgentId, deploy: &Deploy) -> Result<(), StoreError> {
        let deploy = deploy.clone();
        self.write(Lane::Normal, WEIGHT, move |connection| {
            connection
                .prepare_cached(
                    "UPDATE agents SET deploy_state = ?2, deploy_step = ?3, deploy_percent = ?4
                     WHERE id = ?1 AND status = 'inactive'",
                )?
                .execute(params![id.to_string(), deploy.state.as_str(), deploy.step, deploy.percent])?;
            Ok(())
        })
        .await
    }

    async fn fail_interrupted_starts(&self) -> Result<u64, StoreError> {
        self.write(Lane::Normal, WEIGHT, |connection| {
            let failed = connection
                .prepare_cached(
                    "UPDATE agents SET deploy_state = 'failed' WHERE deploy_state = 'deploying' AND status = 'inactive'",
                )?
                .execute([])?;
            Ok(failed as u64)
        })
        .await
    }

    async fn set_config(
        &self,
        id: AgentId,
        before: &Value,
        config: &Value,
        interval: Option<Duration>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (before, config) = (before.clone(), encode(config)?);
        self.write(Lane::Normal, WEIGHT + config.len(), move |connection| {
            let stored: Option<String> = connection
                .prepare_cached("SELECT config FROM agents WHERE id = ?1")?
                .query_row(params![id.to_string()], |row| row.get(0))
                .optional()?;
            let Some(stored) = stored else { return Ok(false) };
            if decode::<Value>("agents.config", &stored)? != before {
                return Ok(false);
            }
            connection
                .prepare_cached("UPDATE agents SET config = ?2 WHERE id = ?1")?
                .execute(params![id.to_string(), config])?;
            if let Some(interval) = interval {
                connection
                    .prepare_cached(
                        "UPDATE agents SET tick_interval_ms = ?2,
                             next_tick_at = CASE WHEN next_tick_at IS NOT NULL THEN max(?3, coalesce(last_tick_at, ?3) + ?2) END
                         WHERE id = ?1",
                    )?
                    .execute(params![id.to_string(), milliseconds(interval), now.0])?;
            }
            Ok(true)
        })
        .await
    }

    async fn update_agent(
        &self,
        id: AgentId,
        name: &str,
        character: Option<&Value>,
    ) -> Result<(), StoreError> {
        let (name, character) = (name.to_owned(), character.map(encode).transpose()?);
        self.write(Lane::Normal, WEIGHT, move |connection| {
            let taken: Option<i64> = connection
                .prepare_cached(
                    "SELECT 1 FROM agents a JOIN agents b ON b.user_id = a.user_id AND b.id != a.id AND b.name = ?2 WHERE a.id = ?1",
                )?
                .query_row(params![id.to_string(), name], |row| row.get(0))
                .optional()?;
            if taken.is_some() {
                return Err(StoreError::Conflict(format!("an agent with the name {name:?} exists already")).into());
            }
            connection
                .prepare_cached("UPDATE agents SET name = ?2, character = ?3 WHERE id = ?1")?
                .execute(params![id.to_string(), name, character])?;
            Ok(())
        })
        .await
    }

    async fn rotate_key(&self, id: AgentId, key: KeyRow, now: Timestamp) -> Result<(), StoreError> {
        self.write(Lane::Normal, WEIGHT, move |connection| {
            connection
                .prepare_cached(
                    "UPDATE keys SET revoked_at = ?2 WHERE agent_id = ?1 AND kind = 'agent' AND revoked_at IS NULL",
                )?
                .execute(params![id.to_string(), now.0])?;
            insert_key(connection, &key, now)
        })
        .await
    }

    async fn touch_agent(&self, id: AgentId, now: Timestamp) -> Result<(), StoreError> {
        self.write(Lane::Normal, WEIGHT, move |connection| {
            connection
                .prepare_cached(
                    "UPDATE agents SET last_seen_at = max(coalesce(last_seen_at, 0), ?2) WHERE id = ?1",
                )?
                .execute(params![id.to_string(), now.0])?;
            Ok(())
        })
        .await
    }

    async fn insert_token(&self, token: GatewayToken, now: Timestamp) -> Result<(), StoreError> {
        self.write(Lane::Normal, WEIGHT, move |connection| {
            connection.prepare_cached("DELETE FROM gateway_tokens WHERE expires_at <= ?1")?.execute(params![now.0])?;
            connection
                .prepare_cached(
                    "INSERT INTO gateway_tokens (hash, user_id, agent_id, expires_at) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![
                    token.hash,
                    token.user.to_string(),
                    token.agent.to_string(),
                    token.expires_at.0
                ])?;
            Ok(())
        })
        .await
    }

    async fn find_token(&self, hash: [u8; 32], now: Timestamp) -> Result<Option<GatewayToken>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT hash, user_id, agent_id, expires_at FROM gateway_tokens WHERE hash = ?1 AND expires_at > ?2",
            )?;
            let mut rows = statement.query(params![hash, now.0])?;
            rows.next()?.map(token).transpose()
        })
        .await
    }
}

/// Insert one agent; `Conflict` says which.
pub(super) fn insert_agent(connection: &Connection, agent: &Agent) -> Outcome<()> {
    let taken: Option<i64> = connection
        .prepare_cached("SELECT 1 FROM agents WHERE id = ?1 OR (user_id = ?2 AND name = ?3)")?
        .query_row(params![agent.id.to_string(), agent.user.to_string(), agent.name], |row| row.get(0))
        .optional()?;
    if taken.is_some() {
        return Err(agent_taken(agent).into());
    }
    let row = AgentRow::of(agent)?;
    connection
        .prepare_cached(concat!(
            "INSERT INTO agents (",
            agent_columns!(),
            ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)"
        ))?
        .execute(params![
            row.id,
            row.user_id,
            row.name,
            row.is_default,
            row.status,
            row.started_at,
            row.settings,
            row.config,
            row.character,
            row.deploy_state,
            row.deploy_step,
            row.deploy_percent,
            row.last_seen_at,
            row.autonomy,
            row.tick_interval_ms,
            row.room,
            row.next_tick_at,
            row.last_tick_at,
            row.failed_ticks,
            row.paused_at,
            row.created_at,
        ])?;
    Ok(())
}

/// Also answers whether something was queued.
fn delete_agent(
    connection: &Connection,
    user: UserId,
    id: AgentId,
    now: Timestamp,
) -> Outcome<(Option<Vec<TaskId>>, bool)> {
    let found =
        agents_where(connection, "user_id = ?1 AND id = ?2", params![user.to_string(), id.to_string()])?
            .pop();
    let Some(agent) = found else { return Ok((None, false)) };
    if agent.is_default {
        let message =
            format!("agent {:?} is the default agent of its user and stays as long as the user", agent.name);
        return Err(StoreError::Conflict(message).into());
    }
    let queued = cancel_agent_tasks(connection, id, now)?;
    let running = running_tasks(connection, "agent_id = ?1 AND kind <> 'webhook'", &id.to_string())?;
    for table in ["kv", "messages"] {
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE agent_id = ?1"))?
            .execute(params![id.to_string()])?;
    }
    connection
        .prepare_cached("DELETE FROM templates WHERE user_id = ?1 AND agent_id = ?2")?
        .execute(params![user.to_string(), id.to_string()])?;
    connection.prepare_cached("DELETE FROM agents WHERE id = ?1")?.execute(params![id.to_string()])?;
    Ok((Some(running), queued))
}

/// `condition` is one of the constants above, never a caller's text.
pub(super) fn agents_where(
    connection: &Connection,
    condition: &'static str,
    values: &[&dyn rusqlite::ToSql],
) -> Outcome<Vec<Agent>> {
    let mut statement = connection
        .prepare_cached(&format!(concat!("SELECT ", agent_columns!(), " FROM agents WHERE {}"), condition))?;
    let mut rows = statement.query(values)?;
    let mut agents = Vec::new();
    while let Some(row) = rows.next()? {
        agents.push(agent(row)?);
    }
    Ok(agents)
}

fn agent(row: &Row<'_>) -> Outcome<Agent> {
    let row = AgentRow {
        id: row.get(0)?,
        user_id: row.get(1)?,
        name: row.get(2)?,
        is_default: row.get(3)?,
        status: row.get(4)?,
        started_at: row.get(5)?,
        settings: row.get(6)?,
        config: row.get(7)?,
        character: row.get(8)?,
        deploy_state: row.get(9)?,
        deploy_step: row.get(10)?,
        deploy_percent: row.get(11)?,
        last_seen_at: row.get(12)?,
        autonomy: row.get(13)?,
        tick_interval_ms: row.get(14)?,
        room: row.get(15)?,
        next_tick_at: row.get(16)?,
        last_tick_at: row.get(17)?,
        failed_ticks: row.get(18)?,
        paused_at: row.get(19)?,
        created_at: row.get(20)?,
    };
    Ok(row.into_agent()?)
}

fn token(row: &Row<'_>) -> Outcome<GatewayToken> {
    let (hash, user, agent): (Vec<u8>, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(GatewayToken {
        hash: digest(&hash)?.0,
        user: parse("gateway_tokens.user_id", &user)?,
        agent: parse("gateway_tokens.agent_id", &agent)?,
        expires_at: Timestamp(row.get(3)?),
    })
}
