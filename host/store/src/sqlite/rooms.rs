//! Conversations.

use super::SqliteStore;
use super::failure::Outcome;
use super::insert::insert_task;
use super::row::{get_task, task_columns, task_row};
use super::writer::Lane;
use crate::rows::{
    MessageRow, RoomRow, encode, message_columns, metadata, no_agent, no_room, parse, quiet_ticks,
};
use app::ports::rooms::{Rooms, Window};
use app::ports::store_error::StoreError;
use domain::id::{AgentId, TaskId, UserId};
use domain::room::{MOST_MESSAGES, MOST_OWN_MESSAGES, Message, NewMessage, QuietTicks, Room, RoomKind};
use domain::task::{NewTask, Task};
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};
use uuid::Uuid;

/// Bytes that a small write counts for in the writer's group.
const WEIGHT: usize = 512;

#[async_trait::async_trait]
impl Rooms for SqliteStore {
    async fn ensure_autonomous_room(
        &self,
        agent: AgentId,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Uuid, StoreError> {
        self.write(Lane::Normal, WEIGHT, move |connection| ensure_autonomous(connection, agent, id, now))
            .await
    }

    async fn insert_room(&self, room: Room) -> Result<(), StoreError> {
        self.write(Lane::Normal, WEIGHT, move |connection| insert_room(connection, &room)).await
    }

    async fn find_room(&self, user: UserId, id: Uuid) -> Result<Option<Room>, StoreError> {
        self.read(move |connection| Ok(find_room(connection, id)?.filter(|room| room.user == user))).await
    }

    async fn list_rooms(
        &self,
        agent: AgentId,
        kind: Option<RoomKind>,
        limit: u32,
    ) -> Result<Vec<Room>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, user_id, agent_id, kind, created_at FROM rooms
                 WHERE agent_id = ?1 AND (?2 IS NULL OR kind = ?2) ORDER BY created_at DESC, id LIMIT ?3",
            )?;
            let mut rows = statement.query(params![agent.to_string(), kind.map(RoomKind::as_str), limit])?;
            let mut rooms = Vec::new();
            while let Some(row) = rows.next()? {
                rooms.push(room(row)?);
            }
            Ok(rooms)
        })
        .await
    }

    async fn submit_turn(
        &self,
        room: Room,
        messages: Vec<NewMessage>,
        task: NewTask,
    ) -> Result<Task, StoreError> {
        let weight = 1024 + messages.iter().map(|message| message.text.len()).sum::<usize>();
        let task = self
            .write(Lane::Normal, weight, move |connection| {
                // A user or agent that is deleted meanwhile is gone with everything: nothing of it is stored any more.
                let is_there: bool = connection
                    .prepare_cached("SELECT EXISTS (SELECT 1 FROM agents WHERE id = ?1 AND user_id = ?2)")?
                    .query_row(params![room.agent.to_string(), room.user.to_string()], |row| row.get(0))?;
                if !is_there {
                    return Err(no_agent(&room).into());
                }
                insert_room(connection, &room)?;
                let there = find_room(connection, room.id)?;
                if !there.is_some_and(|there| there.user == room.user && there.agent == room.agent) {
                    return Err(no_room(&room).into());
                }
                for message in &messages {
                    insert_message(connection, message, task.created_at)?;
                }
                insert_task(connection, &task)?;
                get_task(connection, &task.id)
            })
            .await?;
        self.ring();
        Ok(task)
    }

    async fn list_messages(
        &self,
        room: Uuid,
        window: Window,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let room = room.to_string();
        self.read(move |connection| match window {
            Window::Newest { before } => {
                newest(connection, &room, before.unwrap_or(i64::MAX).saturating_sub(1), limit)
            }
            Window::After(pos) => messages(
                connection,
                "m.room = ?1 AND m.pos > ?2 ORDER BY m.pos LIMIT ?3",
                params![room, pos, limit],
            ),
            Window::UpToTurn(task) => {
                let last: Option<i64> = connection
                    .prepare_cached("SELECT max(pos) FROM room_messages WHERE room = ?1 AND task = ?2")?
                    .query_row(params![room, task.as_str()], |row| row.get(0))?;
                newest(connection, &room, last.unwrap_or(0), limit)
            }
        })
        .await
    }

    async fn list_messages_of(
        &self,
        agent: AgentId,
        before: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let before = before.map_or(i64::MAX, |before| before.0);
        self.read(move |connection| {
            messages(
                connection,
                "m.agent_id = ?1 AND m.created_at < ?2 ORDER BY m.created_at DESC, m.room, m.pos DESC LIMIT ?3",
                params![agent.to_string(), before, limit],
            )
        })
        .await
    }

    async fn clean_rooms(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write(Lane::Normal, WEIGHT, move |connection| {
            let single = connection
                .prepare_cached(
                    "DELETE FROM rooms WHERE id IN (
                         SELECT r.id FROM rooms r WHERE r.kind = 'single' AND r.created_at < ?1 AND NOT EXISTS (
                             SELECT 1 FROM room_messages m JOIN tasks t ON t.id = m.task WHERE m.room = r.id)
                         ORDER BY r.created_at LIMIT ?2)",
                )?
                .execute(params![before.0, limit])?;
            let beyond = connection
                .prepare_cached(
                    "DELETE FROM room_messages WHERE rowid IN (
                         SELECT m.rowid FROM rooms r JOIN room_messages m ON m.room = r.id
                         AND m.pos <= r.pos - CASE r.kind WHEN 'autonomy' THEN ?1 ELSE ?2 END
                         WHERE r.pos > ?1 LIMIT ?3)",
                )?
                .execute(params![MOST_OWN_MESSAGES, MOST_MESSAGES, limit])?;
            Ok((single + beyond) as u64)
        })
        .await
    }

    async fn list_turns(&self, agent: AgentId, limit: u32) -> Result<Vec<Task>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(concat!(
                "SELECT ",
                task_columns!(),
                " FROM tasks WHERE agent_id = ?1 AND kind IN ('chat', 'tick') ORDER BY created_at DESC, id LIMIT ?2"
            ))?;
            let mut rows = statement.query(params![agent.to_string(), limit])?;
            let mut turns = Vec::new();
            while let Some(row) = rows.next()? {
                turns.push(task_row(row)?);
            }
            Ok(turns)
        })
        .await
    }
}

/// The agent's own room, made when it is not there.
pub(super) fn ensure_autonomous(
    connection: &Connection,
    agent: AgentId,
    id: Uuid,
    now: Timestamp,
) -> Outcome<Uuid> {
    let found: Option<(String, Option<String>)> = connection
        .prepare_cached("SELECT user_id, room FROM agents WHERE id = ?1")?
        .query_row(params![agent.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (user, room) = found.ok_or_else(|| StoreError::NotFound(format!("agent {agent}")))?;
    if let Some(room) = room {
        return Ok(parse("agents.room", &room)?);
    }
    let user = parse("agents.user_id", &user)?;
    insert_room(connection, &Room { id, user, agent, kind: RoomKind::Autonomy, created_at: now })?;
    connection
        .prepare_cached("UPDATE agents SET room = ?2 WHERE id = ?1")?
        .execute(params![agent.to_string(), id.to_string()])?;
    Ok(id)
}

pub(super) fn insert_room(connection: &Connection, room: &Room) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO rooms (id, user_id, agent_id, kind, created_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            room.id.to_string(),
            room.user.to_string(),
            room.agent.to_string(),
            room.kind.as_str(),
            room.created_at.0
        ])?;
    Ok(())
}

/// Put a message at the end of its room. The same id is the same message; a room that was deleted meanwhile gets none.
pub(super) fn insert_message(connection: &Connection, message: &NewMessage, now: Timestamp) -> Outcome<()> {
    let (room, id) = (message.room.to_string(), message.id.to_string());
    let is_there: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM room_messages WHERE id = ?1)")?
        .query_row(params![id], |row| row.get(0))?;
    if is_there {
        return Ok(());
    }
    connection.prepare_cached("UPDATE rooms SET pos = pos + 1 WHERE id = ?1")?.execute(params![room])?;
    connection
        .prepare_cached(
            "INSERT INTO room_messages (room, pos, id, user_id, agent_id, role, author, text, metadata, task, created_at)
             SELECT id, pos, ?2, user_id, agent_id, ?3, ?4, ?5, ?6, ?7, ?8 FROM rooms WHERE id = ?1",
        )?
        .execute(params![
            room,
            id,
            message.role.as_str(),
            message.author,
            message.text,
            metadata(message)?,
            message.task.as_ref().map(ToString::to_string),
            now.0
        ])?;
    Ok(())
}

/// One more tick that had nothing to report. It stays the last message of its room, and a tick counts once.
pub(super) fn count_quiet(connection: &Connection, room: Uuid, task: &TaskId, now: Timestamp) -> Outcome<()> {
    let (id, room) = (QuietTicks::message_id(room).to_string(), room.to_string());
    let present: Option<(Option<String>, Option<String>)> = connection
        .prepare_cached("SELECT metadata, task FROM room_messages WHERE id = ?1")?
        .query_row(params![id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some(quiet) = quiet_ticks(present, task, now)? else { return Ok(()) };
    connection
        .prepare_cached(
            "UPDATE rooms SET pos = pos + 1
             WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM room_messages WHERE id = ?2 AND pos = rooms.pos)",
        )?
        .execute(params![room, id])?;
    connection
        .prepare_cached(
            "INSERT INTO room_messages (room, pos, id, user_id, agent_id, role, author, text, metadata, task, created_at)
             SELECT id, pos, ?2, user_id, agent_id, 'system', ?3, ?4, ?5, ?6, ?7 FROM rooms WHERE id = ?1
             ON CONFLICT (id) DO UPDATE SET pos = excluded.pos, text = excluded.text, metadata = excluded.metadata,
             task = excluded.task, created_at = excluded.created_at",
        )?
        .execute(params![room, id, QuietTicks::AUTHOR, quiet.text(), encode(&quiet)?, task.as_str(), now.0])?;
    Ok(())
}

fn find_room(connection: &Connection, id: Uuid) -> Outcome<Option<Room>> {
    let mut statement = connection
        .prepare_cached("SELECT id, user_id, agent_id, kind, created_at FROM rooms WHERE id = ?1")?;
    let mut rows = statement.query(params![id.to_string()])?;
    rows.next()?.map(room).transpose()
}

/// The newest messages up to a position, oldest first.
fn newest(connection: &Connection, room: &str, last: i64, limit: u32) -> Outcome<Vec<Message>> {
    let mut found = messages(
        connection,
        "m.room = ?1 AND m.pos <= ?2 ORDER BY m.pos DESC LIMIT ?3",
        params![room, last, limit],
    )?;
    found.reverse();
    Ok(found)
}

/// `condition` is one of the constants above, never a caller's text.
pub(super) fn messages(
    connection: &Connection,
    condition: &'static str,
    values: &[&dyn ToSql],
) -> Outcome<Vec<Message>> {
    let mut statement = connection.prepare_cached(&format!(
        concat!("SELECT ", message_columns!(), " FROM room_messages m WHERE {}"),
        condition
    ))?;
    let mut rows = statement.query(values)?;
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        let row = MessageRow {
            room: row.get(0)?,
            pos: row.get(1)?,
            id: row.get(2)?,
            role: row.get(3)?,
            author: row.get(4)?,
            text: row.get(5)?,
            metadata: row.get(6)?,
            task: row.get(7)?,
            created_at: row.get(8)?,
        };
        messages.push(row.into_message()?);
    }
    Ok(messages)
}

fn room(row: &Row<'_>) -> Outcome<Room> {
    let row = RoomRow {
        id: row.get(0)?,
        user_id: row.get(1)?,
        agent_id: row.get(2)?,
        kind: row.get(3)?,
        created_at: row.get(4)?,
    };
    Ok(row.into_room()?)
}
