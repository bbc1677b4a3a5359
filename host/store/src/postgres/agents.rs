//! The port `Agents`.

use super::PostgresStore;
use super::cancel::cancel_of_agent;
use super::failure::Failure;
use super::keys::insert_key;
use super::logs::say;
use super::row::task_ids;
use super::ticks::cancel_queued_ticks;
use super::transaction::{Write, transact};
use crate::rows::{AgentRow, agent_columns, agent_taken, decode, encode, milliseconds, parse};
use app::ports::agents::{Agents, GatewayToken, StartOutcome};
use app::ports::keys::KeyRow;
use app::ports::store_error::StoreError;
use domain::agent::{Agent, Deploy};
use domain::id::{AgentId, TaskId, UserId};
use domain::log;
use domain::time::Timestamp;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::time::Duration;

pub(super) const BY_ID: &str = concat!("SELECT ", agent_columns!(), " FROM agents WHERE id = $1");
const OF_USER: &str = concat!("SELECT ", agent_columns!(), " FROM agents WHERE user_id = $1 AND id = $2");
const NAMED: &str = concat!("SELECT ", agent_columns!(), " FROM agents WHERE user_id = $1 AND name = $2");
const ALL: &str = concat!(
    "SELECT ",
    agent_columns!(),
    " FROM agents WHERE user_id = $1 ORDER BY is_default DESC, name COLLATE \"C\""
);

#[async_trait::async_trait]
impl Agents for PostgresStore {
    async fn insert_agents(&self, agents: Vec<Agent>, keys: Vec<KeyRow>) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            write.identify().await?;
            for agent in &agents {
                insert_agent(&mut write, agent).await?;
            }
            for key in &keys {
                let made = agents.iter().find(|agent| Some(agent.id) == key.agent);
                insert_key(&mut write, key, made.map_or(Timestamp(0), |agent| agent.created_at)).await?;
            }
            Ok(())
        })
    }

    async fn find_agent(&self, user: UserId, id: AgentId) -> Result<Option<Agent>, StoreError> {
        transact!(self.database(), write => find(&mut write, OF_USER, vec![user.to_string(), id.to_string()]))
    }

    async fn find_agent_named(&self, user: UserId, name: &str) -> Result<Option<Agent>, StoreError> {
        transact!(self.database(), write => find(&mut write, NAMED, vec![user.to_string(), name.to_owned()]))
    }

    async fn list_agents(&self, user: UserId) -> Result<Vec<Agent>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write.query(ALL).bind(user.to_string()).fetch_all(write.connection()).await?;
            rows.iter().map(agent_of).collect()
        })
    }

    async fn delete_agent(
        &self,
        user: UserId,
        id: AgentId,
        _now: Timestamp,
    ) -> Result<Option<Vec<TaskId>>, StoreError> {
        let (running, queued) = transact!(self.database(), write => delete(&mut write, user, id))?;
        self.signal().raise_if(queued);
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
        transact!(self.database(), write => async {
            write.identify().await?;
            let outcome = write
                .query(
                    "UPDATE agents SET status = 'active', started_at = $2, settings = $3, autonomy = $4, failed_ticks = 0,
                         paused_at = NULL, next_tick_at = CASE WHEN $4 THEN skep_now() END, last_seen_at = $2,
                         deploy_state = 'ready', deploy_step = 'listen', deploy_percent = 100
                     WHERE id = $1 AND status = 'inactive'",
                )
                .bind(id.to_string())
                .bind(now.0)
                .bind(settings.clone())
                .bind(autonomy)
                .execute(write.connection())
                .await?;
            let agent = find(&mut write, BY_ID, vec![id.to_string()]).await?;
            let started = outcome.rows_affected() == 1;
            if started {
                say(&mut write, id, log::started(autonomy), now).await?;
            }
            Ok(agent.map(if started { StartOutcome::Started } else { StartOutcome::Running }))
        })
    }

    async fn stop_agent(&self, id: AgentId, now: Timestamp) -> Result<bool, StoreError> {
        transact!(self.database(), write => async {
            write.identify().await?;
            let outcome = write
                .query(
                    "UPDATE agents SET status = 'inactive', started_at = NULL, settings = '{}', next_tick_at = NULL
                     WHERE id = $1 AND status = 'active'",
                )
                .bind(id.to_string())
                .execute(write.connection())
                .await?;
            cancel_queued_ticks(&mut write, id).await?;
            if outcome.rows_affected() == 1 {
                say(&mut write, id, log::STOPPED, now).await?;
            }
            Ok(outcome.rows_affected() == 1)
        })
    }

    async fn set_deploy(&self, id: AgentId, deploy: &Deploy) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            write
                .query(
                    "UPDATE agents SET deploy_state = $2, deploy_step = $3, deploy_percent = $4
                     WHERE id = $1 AND status = 'inactive'",
                )
                .bind(id.to_string())
                .bind(deploy.state.as_str())
                .bind(deploy.step.clone())
                .bind(i64::from(deploy.percent))
                .execute(write.connection())
                .await?;
            Ok(())
        })
    }

    async fn fail_interrupted_starts(&self) -> Result<u64, StoreError> {
        transact!(self.database(), write => async {
            let outcome = write
                .query(
                    "UPDATE agents SET deploy_state = 'failed' WHERE deploy_state = 'deploying' AND status = 'inactive'",
                )
                .execute(write.connection())
                .await?;
            Ok(outcome.rows_affected())
        })
    }

    async fn set_config(
        &self,
        id: AgentId,
        before: &Value,
        config: &Value,
        interval: Option<Duration>,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        let config = encode(config)?;
        transact!(self.database(), write => async {
            write.identify().await?;
            let row = write
                .query("SELECT config FROM agents WHERE id = $1 FOR UPDATE")
                .bind(id.to_string())
                .fetch_optional(write.connection())
                .await?;
            let Some(row) = row else { return Ok(false) };
            let stored: String = row.try_get(0)?;
            if decode::<Value>("agents.config", &stored)? != *before {
                return Ok(false);
            }
            write
                .query("UPDATE agents SET config = $2 WHERE id = $1")
                .bind(id.to_string())
                .bind(config.clone())
                .execute(write.connection())
                .await?;
            if let Some(interval) = interval {
                write
                    .query(
                        "UPDATE agents SET tick_interval_ms = $2,
                             next_tick_at = CASE WHEN next_tick_at IS NOT NULL
                                 THEN greatest(skep_now(), coalesce(last_tick_at, skep_now()) + $2) END
                         WHERE id = $1",
                    )
                    .bind(id.to_string())
                    .bind(milliseconds(interval))
                    .execute(write.connection())
                    .await?;
            }
            Ok(true)
        })
    }

    async fn update_agent(
        &self,
        id: AgentId,
        name: &str,
        character: Option<&Value>,
    ) -> Result<(), StoreError> {
        let character = character.map(encode).transpose()?;
        transact!(self.database(), write => async {
            // Another agent with the name may be inserted meanwhile; the unique index then refuses this update.
            let taken = write
                .query(
                    "SELECT 1 FROM agents a JOIN agents b ON b.user_id = a.user_id AND b.id <> a.id AND b.name = $2 WHERE a.id = $1",
                )
                .bind(id.to_string())
                .bind(name.to_owned())
                .fetch_optional(write.connection())
                .await?;
            if taken.is_some() {
                return Err(StoreError::Conflict(format!("an agent with the name {name:?} exists already")).into());
            }
            write
                .query("UPDATE agents SET name = $2, character = $3 WHERE id = $1")
                .bind(id.to_string())
                .bind(name.to_owned())
                .bind(character.clone())
                .execute(write.connection())
                .await?;
            Ok(())
        })
    }

    async fn rotate_key(&self, id: AgentId, key: KeyRow, now: Timestamp) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            write.identify().await?;
            // One rotation at a time: of two, the later one's key is the one that stays.
            write
                .query("SELECT id FROM agents WHERE id = $1 FOR UPDATE")
                .bind(id.to_string())
                .execute(write.connection())
                .await?;
            write
                .query("UPDATE keys SET revoked_at = $2 WHERE agent_id = $1 AND kind = 'agent' AND revoked_at IS NULL")
                .bind(id.to_string())
                .bind(now.0)
                .execute(write.connection())
                .await?;
            insert_key(&mut write, &key, now).await
        })
    }

    async fn touch_agent(&self, id: AgentId, now: Timestamp) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            write
                .query("UPDATE agents SET last_seen_at = greatest(last_seen_at, $2) WHERE id = $1")
                .bind(id.to_string())
                .bind(now.0)
                .execute(write.connection())
                .await?;
            Ok(())
        })
    }

    async fn insert_token(&self, token: GatewayToken, now: Timestamp) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            write.identify().await?;
            write
                .query("DELETE FROM gateway_tokens WHERE expires_at <= $1")
                .bind(now.0)
                .execute(write.connection())
                .await?;
            write
                .query("INSERT INTO gateway_tokens (hash, user_id, agent_id, expires_at) VALUES ($1, $2, $3, $4)")
                .bind(token.hash.to_vec())
                .bind(token.user.to_string())
                .bind(token.agent.to_string())
                .bind(token.expires_at.0)
                .execute(write.connection())
                .await?;
            Ok(())
        })
    }

    async fn find_token(&self, hash: [u8; 32], now: Timestamp) -> Result<Option<GatewayToken>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query("SELECT user_id, agent_id, expires_at FROM gateway_tokens WHERE hash = $1 AND expires_at > $2")
                .bind(hash.to_vec())
                .bind(now.0)
                .fetch_optional(write.connection())
                .await?;
            row.as_ref().map(|row| token_of(row, hash)).transpose()
        })
    }
}

/// Insert one agent; `Conflict` says which.
pub(super) async fn insert_agent(write: &mut Write, agent: &Agent) -> Result<(), Failure> {
    let row = AgentRow::of(agent)?;
    let inserted = write
        .query(concat!(
            "INSERT INTO agents (",
            agent_columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
             ON CONFLICT DO NOTHING"
        ))
        .bind(row.id)
        .bind(row.user_id)
        .bind(row.name)
        .bind(row.is_default)
        .bind(row.status)
        .bind(row.started_at)
        .bind(row.settings)
        .bind(row.config)
        .bind(row.character)
        .bind(row.deploy_state)
        .bind(row.deploy_step)
        .bind(row.deploy_percent)
        .bind(row.last_seen_at)
        .bind(row.autonomy)
        .bind(row.tick_interval_ms)
        .bind(row.room)
        .bind(row.next_tick_at)
        .bind(row.last_tick_at)
        .bind(row.failed_ticks)
        .bind(row.paused_at)
        .bind(row.created_at)
        .execute(write.connection())
        .await?;
    if inserted.rows_affected() == 1 { Ok(()) } else { Err(agent_taken(agent).into()) }
}

/// Also answers whether something was queued.
async fn delete(
    write: &mut Write,
    user: UserId,
    id: AgentId,
) -> Result<(Option<Vec<TaskId>>, bool), Failure> {
    let Some(agent) = find(write, OF_USER, vec![user.to_string(), id.to_string()]).await? else {
        return Ok((None, false));
    };
    if agent.is_default {
        let message =
            format!("agent {:?} is the default agent of its user and stays as long as the user", agent.name);
        return Err(StoreError::Conflict(message).into());
    }
    write.identify().await?;
    let queued = cancel_of_agent(write, id).await?;
    let running = write
        .query("SELECT id FROM tasks WHERE agent_id = $1 AND state = 'running' AND kind <> 'webhook'")
        .bind(id.to_string())
        .fetch_all(write.connection())
        .await?;
    for statement in [
        "DELETE FROM kv WHERE agent_id = $1",
        "DELETE FROM messages WHERE agent_id = $1",
        "DELETE FROM templates WHERE agent_id = $1",
        "DELETE FROM agents WHERE id = $1",
    ] {
        write.query(statement).bind(id.to_string()).execute(write.connection()).await?;
    }
    Ok((Some(task_ids(&running)?), queued))
}

/// One agent by one of the statements above.
pub(super) async fn find(
    write: &mut Write,
    statement: &'static str,
    values: Vec<String>,
) -> Result<Option<Agent>, Failure> {
    let mut query = write.query(statement);
    for value in values {
        query = query.bind(value);
    }
    query.fetch_optional(write.connection()).await?.as_ref().map(agent_of).transpose()
}

fn agent_of(row: &PgRow) -> Result<Agent, Failure> {
    let row = AgentRow {
        id: row.try_get("id")?,
        user_id: row.try_get("user_id")?,
        name: row.try_get("name")?,
        is_default: row.try_get("is_default")?,
        status: row.try_get("status")?,
        started_at: row.try_get("started_at")?,
        settings: row.try_get("settings")?,
        config: row.try_get("config")?,
        character: row.try_get("character")?,
        deploy_state: row.try_get("deploy_state")?,
        deploy_step: row.try_get("deploy_step")?,
        deploy_percent: row.try_get("deploy_percent")?,
        last_seen_at: row.try_get("last_seen_at")?,
        autonomy: row.try_get("autonomy")?,
        tick_interval_ms: row.try_get("tick_interval_ms")?,
        room: row.try_get("room")?,
        next_tick_at: row.try_get("next_tick_at")?,
        last_tick_at: row.try_get("last_tick_at")?,
        failed_ticks: row.try_get("failed_ticks")?,
        paused_at: row.try_get("paused_at")?,
        created_at: row.try_get("created_at")?,
    };
    Ok(row.into_agent()?)
}

fn token_of(row: &PgRow, hash: [u8; 32]) -> Result<GatewayToken, Failure> {
    let (user, agent): (String, String) = (row.try_get("user_id")?, row.try_get("agent_id")?);
    let expires_at: i64 = row.try_get("expires_at")?;
    Ok(GatewayToken {
        hash,
        user: parse("gateway_tokens.user_id", &user)?,
        agent: parse("gateway_tokens.agent_id", &agent)?,
        expires_at: Timestamp(expires_at),
    })
}
