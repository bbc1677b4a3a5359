//! Rooms and messages as rows.

use super::{decode, encode, parse, unreadable};
use app::ports::store_error::StoreError;
use domain::id::TaskId;
use domain::room::{Message, MessageRole, NewMessage, QuietTicks, Room, RoomKind};
use domain::time::Timestamp;

/// The columns of a message, in the order in which both databases read them.
macro_rules! message_columns {
    () => {
        "m.room, m.pos, m.id, m.role, m.author, m.text, m.metadata, m.task, m.created_at"
    };
}
pub(crate) use message_columns;

/// A row of `rooms`.
#[derive(Debug, Clone)]
pub(crate) struct RoomRow {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) agent_id: String,
    pub(crate) kind: String,
    pub(crate) created_at: i64,
}

impl RoomRow {
    /// The room that the row holds.
    pub(crate) fn into_room(self) -> Result<Room, StoreError> {
        Ok(Room {
            id: parse("rooms.id", &self.id)?,
            user: parse("rooms.user_id", &self.user_id)?,
            agent: parse("rooms.agent_id", &self.agent_id)?,
            kind: RoomKind::parse(&self.kind)
                .ok_or_else(|| unreadable("rooms.kind", &self.kind, &"unknown kind"))?,
            created_at: Timestamp(self.created_at),
        })
    }
}

/// A row of `room_messages`.
#[derive(Debug, Clone)]
pub(crate) struct MessageRow {
    pub(crate) room: String,
    pub(crate) pos: i64,
    pub(crate) id: String,
    pub(crate) role: String,
    pub(crate) author: String,
    pub(crate) text: String,
    pub(crate) metadata: Option<String>,
    pub(crate) task: Option<String>,
    pub(crate) created_at: i64,
}

impl MessageRow {
    /// The message that the row holds.
    pub(crate) fn into_message(self) -> Result<Message, StoreError> {
        let metadata = self.metadata.as_deref().map(|text| decode("room_messages.metadata", text));
        Ok(Message {
            new: NewMessage {
                id: parse("room_messages.id", &self.id)?,
                room: parse("room_messages.room", &self.room)?,
                role: MessageRole::parse(&self.role)
                    .ok_or_else(|| unreadable("room_messages.role", &self.role, &"unknown role"))?,
                author: self.author,
                text: self.text,
                metadata: metadata.transpose()?,
                task: self.task.as_deref().map(|task| parse("room_messages.task", task)).transpose()?,
            },
            pos: self.pos,
            created_at: Timestamp(self.created_at),
        })
    }
}

/// The column `room_messages.metadata`.
pub(crate) fn metadata(message: &NewMessage) -> Result<Option<String>, StoreError> {
    message.metadata.as_ref().map(encode).transpose()
}

/// The count of an agent's ticks that had nothing to report, after this one; none when it has been counted. `present` has the columns
/// `metadata` and `task` of the message that counts.
pub(crate) fn quiet_ticks(
    present: Option<(Option<String>, Option<String>)>,
    task: &TaskId,
    now: Timestamp,
) -> Result<Option<QuietTicks>, StoreError> {
    let Some((metadata, last)) = present else { return Ok(Some(QuietTicks::after(None, now))) };
    if last.as_deref() == Some(task.as_str()) {
        return Ok(None);
    }
    let before = metadata.as_deref().map(|text| decode("room_messages.metadata", text)).transpose()?;
    Ok(Some(QuietTicks::after(before, now)))
}

/// A turn of an agent that is gone.
pub(crate) fn no_agent(room: &Room) -> StoreError {
    StoreError::NotFound(format!("agent {}", room.agent))
}

/// A turn in a room that is not there for its agent.
pub(crate) fn no_room(room: &Room) -> StoreError {
    StoreError::NotFound(format!("room {}", room.id))
}
