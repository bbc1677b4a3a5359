//! elizaOS sessions.

use super::SqliteStore;
use super::failure::Outcome;
use super::rooms::{insert_room, messages};
use super::writer::Lane;
use crate::rows::{SessionRow, encode, session_columns};
use app::ports::sessions::{Between, Sessions, room_of};
use app::ports::store_error::StoreError;
use domain::id::{AgentId, UserId};
use domain::room::Message;
use domain::session::Session;
use domain::time::Timestamp;
use rusqlite::{Row, params};
use uuid::Uuid;

/// Bytes that a small write counts for in the writer's group.
const WEIGHT: usize = 512;

#[async_trait::async_trait]
impl Sessions for SqliteStore {
    async fn insert_session(&self, session: Session, forget: Timestamp) -> Result<(), StoreError> {
        let row = SessionRow::of(&session)?;
        self.write(Lane::Normal, WEIGHT + row.metadata.len(), move |connection| {
            connection
                .prepare_cached("DELETE FROM sessions WHERE user_id = ?1 AND expires_at < ?2")?
                .execute(params![row.user_id, forget.0])?;
            insert_room(connection, &room_of(&session))?;
            connection
                .prepare_cached(concat!(
                    "INSERT INTO sessions (",
                    session_columns!(),
                    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
                ))?
                .execute(params![
                    row.id,
                    row.room,
                    row.user_id,
                    row.agent_id,
                    row.sender,
                    row.metadata,
                    row.timeout,
                    row.created_at,
                    row.last_activity,
                    row.expires_at,
                    row.renewals
                ])?;
            Ok(())
        })
        .await
    }

    async fn find_session(&self, user: UserId, id: Uuid) -> Result<Option<Session>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(concat!(
                "SELECT ",
                session_columns!(),
                " FROM sessions WHERE id = ?1 AND user_id = ?2"
            ))?;
            let mut rows = statement.query(params![id.to_string(), user.to_string()])?;
            rows.next()?.map(session).transpose()
        })
        .await
    }

    async fn list_sessions(
        &self,
        user: UserId,
        agent: Option<AgentId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(concat!(
                "SELECT ",
                session_columns!(),
                " FROM sessions WHERE user_id = ?1 AND (?2 IS NULL OR agent_id = ?2) AND expires_at > ?3
                  ORDER BY created_at DESC, id LIMIT ?4"
            ))?;
            let agent = agent.map(|agent| agent.to_string());
            let mut rows = statement.query(params![user.to_string(), agent, now.0, limit])?;
            let mut sessions = Vec::new();
            while let Some(row) = rows.next()? {
                sessions.push(session(row)?);
            }
            Ok(sessions)
        })
        .await
    }

    async fn update_session(&self, before: &Session, after: &Session) -> Result<bool, StoreError> {
        let (before, timeout) = (SessionRow::of(before)?, encode(&after.timeout)?);
        let (activity, end, renewals) = (after.last_activity.0, after.expires_at.0, after.renewals);
        self.write(Lane::Normal, WEIGHT, move |connection| {
            let updated = connection
                .prepare_cached(
                    "UPDATE sessions SET last_activity = ?2, expires_at = ?3, renewals = ?4, timeout = ?5
                     WHERE id = ?1 AND last_activity = ?6 AND expires_at = ?7 AND renewals = ?8 AND timeout = ?9",
                )?
                .execute(params![
                    before.id,
                    activity,
                    end,
                    renewals,
                    timeout,
                    before.last_activity,
                    before.expires_at,
                    before.renewals,
                    before.timeout
                ])?;
            Ok(updated == 1)
        })
        .await
    }

    async fn delete_session(&self, user: UserId, id: Uuid) -> Result<bool, StoreError> {
        self.write(Lane::Normal, WEIGHT, move |connection| {
            let deleted = connection
                .prepare_cached("DELETE FROM sessions WHERE id = ?1 AND user_id = ?2")?
                .execute(params![id.to_string(), user.to_string()])?;
            Ok(deleted == 1)
        })
        .await
    }

    async fn list_messages_between(
        &self,
        room: Uuid,
        between: Between,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let after = between.after.map_or(i64::MIN, |time| time.0);
        let before = between.before.map_or(i64::MAX, |time| time.0);
        let is_forward = between.before.is_none() && between.after.is_some();
        self.read(move |connection| {
            let condition = if is_forward {
                "m.room = ?1 AND m.created_at > ?2 AND m.created_at < ?3 ORDER BY m.pos LIMIT ?4"
            } else {
                "m.room = ?1 AND m.created_at > ?2 AND m.created_at < ?3 ORDER BY m.pos DESC LIMIT ?4"
            };
            let mut found = messages(connection, condition, params![room.to_string(), after, before, limit])?;
            if is_forward {
                found.reverse();
            }
            Ok(found)
        })
        .await
    }
}

fn session(row: &Row<'_>) -> Outcome<Session> {
    let row = SessionRow {
        id: row.get(0)?,
        room: row.get(1)?,
        user_id: row.get(2)?,
        agent_id: row.get(3)?,
        sender: row.get(4)?,
        metadata: row.get(5)?,
        timeout: row.get(6)?,
        created_at: row.get(7)?,
        last_activity: row.get(8)?,
        expires_at: row.get(9)?,
        renewals: row.get(10)?,
    };
    Ok(row.into_session()?)
}
