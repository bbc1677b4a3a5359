//! The port `Rooms`.

use super::PostgresStore;
use super::failure::Failure;
use super::row::{task, task_columns, tasks};
use super::submit::insert_tasks;
use super::transaction::{Write, transact};
use crate::rows::{
    MessageRow, RoomRow, encode, message_columns, metadata, no_agent, no_room, parse, quiet_ticks, text_of,
};
use app::ports::rooms::{Rooms, Window};
use app::ports::store_error::StoreError;
use domain::id::{AgentId, TaskId, UserId};
use domain::room::{MOST_MESSAGES, MOST_OWN_MESSAGES, Message, NewMessage, QuietTicks, Room, RoomKind};
use domain::task::{NewTask, Task};
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

#[async_trait::async_trait]
impl Rooms for PostgresStore {
    async fn ensure_autonomous_room(
        &self,
        agent: AgentId,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Uuid, StoreError> {
        transact!(self.database(), write => ensure_autonomous(&mut write, agent, id, now))
    }

    async fn insert_room(&self, room: Room) -> Result<(), StoreError> {
        transact!(self.database(), write => insert_room(&mut write, &room))
    }

    async fn find_room(&self, user: UserId, id: Uuid) -> Result<Option<Room>, StoreError> {
        let found = transact!(self.database(), write => find_room(&mut write, id))?;
        Ok(found.filter(|room| room.user == user))
    }

    async fn list_rooms(
        &self,
        agent: AgentId,
        kind: Option<RoomKind>,
        limit: u32,
    ) -> Result<Vec<Room>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(
                    "SELECT id, user_id, agent_id, kind, created_at FROM rooms
                     WHERE agent_id = $1 AND ($2::text IS NULL OR kind = $2) ORDER BY created_at DESC, id LIMIT $3",
                )
                .bind(agent.to_string())
                .bind(kind.map(RoomKind::as_str))
                .bind(i64::from(limit))
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(room_of).collect()
        })
    }

    async fn submit_turn(
        &self,
        room: Room,
        messages: Vec<NewMessage>,
        task: NewTask,
    ) -> Result<Task, StoreError> {
        let submitted = transact!(self.database(), write => submit(&mut write, &room, &messages, &task))?;
        self.signal().raise();
        Ok(submitted)
    }

    async fn list_messages(
        &self,
        room: Uuid,
        window: Window,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        transact!(self.database(), write => async {
            let statement = match &window {
                Window::After(_) => concat!(
                    "SELECT ", message_columns!(), " FROM room_messages m
                     WHERE m.room = $1 AND m.pos > $2 ORDER BY m.pos LIMIT $3"
                ),
                Window::Newest { .. } | Window::UpToTurn(_) => concat!(
                    "SELECT ", message_columns!(), " FROM room_messages m
                     WHERE m.room = $1 AND m.pos <= $2 ORDER BY m.pos DESC LIMIT $3"
                ),
            };
            let pos = match &window {
                Window::After(pos) => *pos,
                Window::Newest { before } => before.unwrap_or(i64::MAX).saturating_sub(1),
                Window::UpToTurn(turn) => {
                    let row = write
                        .query("SELECT coalesce(max(pos), 0) FROM room_messages WHERE room = $1 AND task = $2")
                        .bind(room.to_string())
                        .bind(turn.to_string())
                        .fetch_one(write.connection())
                        .await?;
                    row.try_get(0)?
                }
            };
            let rows = write
                .query(statement)
                .bind(room.to_string())
                .bind(pos)
                .bind(i64::from(limit))
                .fetch_all(write.connection())
                .await?;
            let mut found = rows.iter().map(message_of).collect::<Result<Vec<_>, _>>()?;
            if !matches!(&window, Window::After(_)) {
                found.reverse();
            }
            Ok(found)
        })
    }

    async fn list_messages_of(
        &self,
        agent: AgentId,
        before: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(concat!(
                    "SELECT ", message_columns!(), " FROM room_messages m
                     WHERE m.agent_id = $1 AND m.created_at < $2 ORDER BY m.created_at DESC, m.room, m.pos DESC LIMIT $3"
                ))
                .bind(agent.to_string())
                .bind(before.map_or(i64::MAX, |before| before.0))
                .bind(i64::from(limit))
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(message_of).collect()
        })
    }

    async fn clean_rooms(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        transact!(self.database(), write => async {
            let single = write
                .query(
                    "DELETE FROM rooms WHERE id IN (
                         SELECT r.id FROM rooms r WHERE r.kind = 'single' AND r.created_at < $1 AND NOT EXISTS (
                             SELECT 1 FROM room_messages m JOIN tasks t ON t.id = m.task WHERE m.room = r.id)
                         ORDER BY r.created_at LIMIT $2)",
                )
                .bind(before.0)
                .bind(i64::from(limit))
                .execute(write.connection())
                .await?;
            let beyond = write
                .query(
                    "DELETE FROM room_messages WHERE (room, pos) IN (
                         SELECT m.room, m.pos FROM rooms r JOIN room_messages m ON m.room = r.id
                         AND m.pos <= r.pos - CASE r.kind WHEN 'autonomy' THEN $1 ELSE $2 END
                         WHERE r.pos > $1 LIMIT $3)",
                )
                .bind(i64::from(MOST_OWN_MESSAGES))
                .bind(i64::from(MOST_MESSAGES))
                .bind(i64::from(limit))
                .execute(write.connection())
                .await?;
            Ok(single.rows_affected() + beyond.rows_affected())
        })
    }

    async fn list_turns(&self, agent: AgentId, limit: u32) -> Result<Vec<Task>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(concat!(
                    "SELECT ", task_columns!(), " FROM tasks t
                     WHERE t.agent_id = $1 AND t.kind IN ('chat', 'tick') ORDER BY t.created_at DESC, t.id LIMIT $2"
                ))
                .bind(agent.to_string())
                .bind(i64::from(limit))
                .fetch_all(write.connection())
                .await?;
            tasks(&rows)
        })
    }
}

pub(super) async fn submit(
    write: &mut Write,
    room: &Room,
    messages: &[NewMessage],
    new: &NewTask,
) -> Result<Task, Failure> {
    // A user or agent that is deleted meanwhile is gone with everything: nothing of it is stored any more, and while this is under way
    // the deletion waits.
    let present = write
        .query("SELECT 1 FROM agents WHERE id = $1 AND user_id = $2 FOR KEY SHARE")
        .bind(room.agent.to_string())
        .bind(room.user.to_string())
        .fetch_optional(write.connection())
        .await?;
    if present.is_none() {
        return Err(no_agent(room).into());
    }
    insert_room(write, room).await?;
    let there = find_room(write, room.id).await?;
    if !there.is_some_and(|there| there.user == room.user && there.agent == room.agent) {
        return Err(no_room(room).into());
    }
    for message in messages {
        insert_message(write, message, new.created_at).await?;
    }
    insert_tasks(write, &[new]).await?;
    let row = write
        .query(concat!("SELECT ", task_columns!(), " FROM tasks t WHERE t.id = $1"))
        .bind(new.id.to_string())
        .fetch_one(write.connection())
        .await?;
    task(&row)
}

/// The agent's own room, made when it is not there.
async fn ensure_autonomous(
    write: &mut Write,
    agent: AgentId,
    id: Uuid,
    now: Timestamp,
) -> Result<Uuid, Failure> {
    let row = write
        .query("SELECT user_id, room FROM agents WHERE id = $1 FOR NO KEY UPDATE")
        .bind(agent.to_string())
        .fetch_optional(write.connection())
        .await?;
    let row = row.ok_or_else(|| StoreError::NotFound(format!("agent {agent}")))?;
    let (user, room): (String, Option<String>) = (row.try_get("user_id")?, row.try_get("room")?);
    if let Some(room) = room {
        return Ok(parse("agents.room", &room)?);
    }
    let user = parse("agents.user_id", &user)?;
    insert_room(write, &Room { id, user, agent, kind: RoomKind::Autonomy, created_at: now }).await?;
    write
        .query("UPDATE agents SET room = $2 WHERE id = $1")
        .bind(agent.to_string())
        .bind(id.to_string())
        .execute(write.connection())
        .await?;
    Ok(id)
}

/// Keep a room; one with its id stays as it is.
pub(super) async fn insert_room(write: &mut Write, room: &Room) -> Result<(), Failure> {
    write
        .query(
            "INSERT INTO rooms (id, user_id, agent_id, kind, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
        )
        .bind(room.id.to_string())
        .bind(room.user.to_string())
        .bind(room.agent.to_string())
        .bind(room.kind.as_str())
        .bind(room.created_at.0)
        .execute(write.connection())
        .await?;
    Ok(())
}

/// Put a message at the end of its room. The same id is the same message; a room that was deleted meanwhile gets none.
pub(super) async fn insert_message(
    write: &mut Write,
    message: &NewMessage,
    now: Timestamp,
) -> Result<(), Failure> {
    let present = write
        .query("SELECT 1 FROM room_messages WHERE id = $1")
        .bind(message.id.to_string())
        .fetch_optional(write.connection())
        .await?;
    if present.is_some() {
        return Ok(());
    }
    // The room's row orders those who write into it.
    write
        .query(
            "WITH at AS (UPDATE rooms SET pos = pos + 1 WHERE id = $1 RETURNING id, pos, user_id, agent_id)
             INSERT INTO room_messages (room, pos, id, user_id, agent_id, role, author, text, metadata, task, created_at)
             SELECT id, pos, $2, user_id, agent_id, $3, $4, $5, $6, $7, $8 FROM at",
        )
        .bind(message.room.to_string())
        .bind(message.id.to_string())
        .bind(message.role.as_str())
        .bind(message.author.clone())
        .bind(message.text.as_bytes().to_vec())
        .bind(metadata(message)?)
        .bind(message.task.as_ref().map(ToString::to_string))
        .bind(now.0)
        .execute(write.connection())
        .await?;
    Ok(())
}

/// One more tick that had nothing to report. It stays the last message of its room, and a tick counts once.
pub(super) async fn count_quiet(write: &mut Write, room: Uuid, task: &TaskId) -> Result<(), Failure> {
    let (id, now) = (QuietTicks::message_id(room).to_string(), write.now());
    // The room's row orders those who write into it.
    let at = write
        .query("SELECT pos FROM rooms WHERE id = $1 FOR NO KEY UPDATE")
        .bind(room.to_string())
        .fetch_optional(write.connection())
        .await?;
    if at.is_none() {
        return Ok(());
    }
    let row = write
        .query("SELECT metadata, task FROM room_messages WHERE id = $1")
        .bind(id.clone())
        .fetch_optional(write.connection())
        .await?;
    let present =
        row.map(|row| Ok::<_, Failure>((row.try_get("metadata")?, row.try_get("task")?))).transpose()?;
    let Some(quiet) = quiet_ticks(present, task, now)? else { return Ok(()) };
    write
        .query(
            "UPDATE rooms SET pos = pos + 1
             WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM room_messages m WHERE m.id = $2 AND m.pos = rooms.pos)",
        )
        .bind(room.to_string())
        .bind(id.clone())
        .execute(write.connection())
        .await?;
    write
        .query(
            "INSERT INTO room_messages (room, pos, id, user_id, agent_id, role, author, text, metadata, task, created_at)
             SELECT id, pos, $2, user_id, agent_id, 'system', $3, $4, $5, $6, $7 FROM rooms WHERE id = $1
             ON CONFLICT (id) DO UPDATE SET pos = excluded.pos, text = excluded.text, metadata = excluded.metadata,
             task = excluded.task, created_at = excluded.created_at",
        )
        .bind(room.to_string())
        .bind(id)
        .bind(QuietTicks::AUTHOR)
        .bind(quiet.text().into_bytes())
        .bind(encode(&quiet)?)
        .bind(task.to_string())
        .bind(now.0)
        .execute(write.connection())
        .await?;
    Ok(())
}

async fn find_room(write: &mut Write, id: Uuid) -> Result<Option<Room>, Failure> {
    let row = write
        .query("SELECT id, user_id, agent_id, kind, created_at FROM rooms WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(write.connection())
        .await?;
    row.as_ref().map(room_of).transpose()
}

fn room_of(row: &PgRow) -> Result<Room, Failure> {
    let row = RoomRow {
        id: row.try_get("id")?,
        user_id: row.try_get("user_id")?,
        agent_id: row.try_get("agent_id")?,
        kind: row.try_get("kind")?,
        created_at: row.try_get("created_at")?,
    };
    Ok(row.into_room()?)
}

pub(super) fn message_of(row: &PgRow) -> Result<Message, Failure> {
    let row = MessageRow {
        room: row.try_get("room")?,
        pos: row.try_get("pos")?,
        id: row.try_get("id")?,
        role: row.try_get("role")?,
        author: row.try_get("author")?,
        text: text_of("room_messages.text", row.try_get("text")?)?,
        metadata: row.try_get("metadata")?,
        task: row.try_get("task")?,
        created_at: row.try_get("created_at")?,
    };
    Ok(row.into_message()?)
}
