//! The port `Sessions`.

use super::PostgresStore;
use super::failure::Failure;
use super::rooms::{insert_room, message_of};
use super::transaction::{Write, transact};
use crate::rows::{SessionRow, encode, message_columns, session_columns};
use app::ports::sessions::{Between, Sessions, room_of};
use app::ports::store_error::StoreError;
use domain::id::{AgentId, UserId};
use domain::room::Message;
use domain::session::Session;
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

#[async_trait::async_trait]
impl Sessions for PostgresStore {
    async fn insert_session(&self, session: Session, forget: Timestamp) -> Result<(), StoreError> {
        transact!(self.database(), write => insert(&mut write, &session, forget))
    }

    async fn find_session(&self, user: UserId, id: Uuid) -> Result<Option<Session>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query(concat!("SELECT ", session_columns!(), " FROM sessions WHERE id = $1 AND user_id = $2"))
                .bind(id.to_string())
                .bind(user.to_string())
                .fetch_optional(write.connection())
                .await?;
            row.as_ref().map(session_of).transpose()
        })
    }

    async fn list_sessions(
        &self,
        user: UserId,
        agent: Option<AgentId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(concat!(
                    "SELECT ", session_columns!(), " FROM sessions
                     WHERE user_id = $1 AND ($2::text IS NULL OR agent_id = $2) AND expires_at > $3
                     ORDER BY created_at DESC, id LIMIT $4"
                ))
                .bind(user.to_string())
                .bind(agent.map(|agent| agent.to_string()))
                .bind(now.0)
                .bind(i64::from(limit))
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(session_of).collect()
        })
    }

    async fn update_session(&self, before: &Session, after: &Session) -> Result<bool, StoreError> {
        let (before, timeout) = (SessionRow::of(before)?, encode(&after.timeout)?);
        transact!(self.database(), write => async {
            let updated = write
                .query(
                    "UPDATE sessions SET last_activity = $2, expires_at = $3, renewals = $4, timeout = $5
                     WHERE id = $1 AND last_activity = $6 AND expires_at = $7 AND renewals = $8 AND timeout = $9",
                )
                .bind(before.id.clone())
                .bind(after.last_activity.0)
                .bind(after.expires_at.0)
                .bind(i64::from(after.renewals))
                .bind(timeout.clone())
                .bind(before.last_activity)
                .bind(before.expires_at)
                .bind(before.renewals)
                .bind(before.timeout.clone())
                .execute(write.connection())
                .await?;
            Ok(updated.rows_affected() == 1)
        })
    }

    async fn delete_session(&self, user: UserId, id: Uuid) -> Result<bool, StoreError> {
        transact!(self.database(), write => async {
            let deleted = write
                .query("DELETE FROM sessions WHERE id = $1 AND user_id = $2")
                .bind(id.to_string())
                .bind(user.to_string())
                .execute(write.connection())
                .await?;
            Ok(deleted.rows_affected() == 1)
        })
    }

    async fn list_messages_between(
        &self,
        room: Uuid,
        between: Between,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let is_forward = between.before.is_none() && between.after.is_some();
        transact!(self.database(), write => async {
            let statement = if is_forward {
                concat!(
                    "SELECT ", message_columns!(), " FROM room_messages m
                     WHERE m.room = $1 AND m.created_at > $2 AND m.created_at < $3 ORDER BY m.pos LIMIT $4"
                )
            } else {
                concat!(
                    "SELECT ", message_columns!(), " FROM room_messages m
                     WHERE m.room = $1 AND m.created_at > $2 AND m.created_at < $3 ORDER BY m.pos DESC LIMIT $4"
                )
            };
            let rows = write
                .query(statement)
                .bind(room.to_string())
                .bind(between.after.map_or(i64::MIN, |time| time.0))
                .bind(between.before.map_or(i64::MAX, |time| time.0))
                .bind(i64::from(limit))
                .fetch_all(write.connection())
                .await?;
            let mut found = rows.iter().map(message_of).collect::<Result<Vec<_>, _>>()?;
            if is_forward {
                found.reverse();
            }
            Ok(found)
        })
    }
}

async fn insert(write: &mut Write, session: &Session, forget: Timestamp) -> Result<(), Failure> {
    let row = SessionRow::of(session)?;
    write
        .query("DELETE FROM sessions WHERE user_id = $1 AND expires_at < $2")
        .bind(row.user_id.clone())
        .bind(forget.0)
        .execute(write.connection())
        .await?;
    insert_room(write, &room_of(session)).await?;
    // A commit whose answer was lost is made again.
    write
        .query(concat!(
            "INSERT INTO sessions (",
            session_columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING"
        ))
        .bind(row.id)
        .bind(row.room)
        .bind(row.user_id)
        .bind(row.agent_id)
        .bind(row.sender)
        .bind(row.metadata)
        .bind(row.timeout)
        .bind(row.created_at)
        .bind(row.last_activity)
        .bind(row.expires_at)
        .bind(row.renewals)
        .execute(write.connection())
        .await?;
    Ok(())
}

fn session_of(row: &PgRow) -> Result<Session, Failure> {
    let row = SessionRow {
        id: row.try_get("id")?,
        room: row.try_get("room")?,
        user_id: row.try_get("user_id")?,
        agent_id: row.try_get("agent_id")?,
        sender: row.try_get("sender")?,
        metadata: row.try_get("metadata")?,
        timeout: row.try_get("timeout")?,
        created_at: row.try_get("created_at")?,
        last_activity: row.try_get("last_activity")?,
        expires_at: row.try_get("expires_at")?,
        renewals: row.try_get("renewals")?,
    };
    Ok(row.into_session()?)
}
