//! Rooms and the turns that are taken in them. Replies are local effects of the journal.

use super::store_error::StoreError;
use domain::id::{AgentId, TaskId, UserId};
use domain::room::{Message, NewMessage, Room, RoomKind};
use domain::task::{NewTask, Task};
use domain::time::Timestamp;
use uuid::Uuid;

/// Which part of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    /// The newest `limit` messages, oldest first; before a position, if any.
    Newest {
        /// Only messages before this position.
        before: Option<i64>,
    },
    /// The first `limit` messages after a position, oldest first.
    After(i64),
    /// The newest `limit` messages up to the last one that came with this turn, oldest first.
    UpToTurn(TaskId),
}

/// Rooms. Every method that takes a user answers only that user's rooms.
#[async_trait::async_trait]
pub trait Rooms: Send + Sync + 'static {
    /// The agent's autonomous room; `id` is its identity when it has none yet.
    async fn ensure_autonomous_room(
        &self,
        agent: AgentId,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Uuid, StoreError>;

    /// Keep a room. Keeping it again is a no-op.
    async fn insert_room(&self, room: Room) -> Result<(), StoreError>;

    /// One room.
    async fn find_room(&self, user: UserId, id: Uuid) -> Result<Option<Room>, StoreError>;

    /// Rooms of an agent, newest first.
    async fn list_rooms(
        &self,
        agent: AgentId,
        kind: Option<RoomKind>,
        limit: u32,
    ) -> Result<Vec<Room>, StoreError>;

    /// Put messages into a room and queue the turn that answers them, in one transaction. The room is made when it is not there.
    async fn submit_turn(
        &self,
        room: Room,
        messages: Vec<NewMessage>,
        task: NewTask,
    ) -> Result<Task, StoreError>;

    /// Messages of a room.
    async fn list_messages(&self, room: Uuid, window: Window, limit: u32)
    -> Result<Vec<Message>, StoreError>;

    /// Messages of all rooms of an agent, newest first, before a time.
    async fn list_messages_of(
        &self,
        agent: AgentId,
        before: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;

    /// Delete what is kept no longer: rooms of single requests from before this time whose turn is gone, and what is beyond the newest
    /// messages of the others. Answers how many rows.
    async fn clean_rooms(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Turns of an agent (`Kind::Chat`, `Kind::Tick`), newest first.
    async fn list_turns(&self, agent: AgentId, limit: u32) -> Result<Vec<Task>, StoreError>;
}
