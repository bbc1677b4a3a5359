//! Rooms: conversations of an agent, with itself or with people.

use crate::id::{AgentId, TaskId, UserId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// What a room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// The agent's own conversation.
    Autonomy,
    /// With a person, over one of the chat routes.
    Chat,
    /// One chat request that named no conversation: nobody can continue it, and it goes with its turn.
    Single,
    /// With a client's user, over an elizaOS session.
    Session,
}

impl RoomKind {
    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Autonomy => "autonomy",
            Self::Chat => "chat",
            Self::Single => "single",
            Self::Session => "session",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Autonomy, Self::Chat, Self::Single, Self::Session]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// Messages of an agent's own room that are kept: the newest.
pub const MOST_OWN_MESSAGES: u32 = 1_000;
/// Messages of any other room that are kept: the newest.
pub const MOST_MESSAGES: u32 = 10_000;

/// What an agent's own room says of all its ticks that had nothing to report, in one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuietTicks {
    /// How many.
    pub quiet_ticks: u64,
    /// The first of them.
    pub since: Timestamp,
    /// The last of them.
    pub last: Timestamp,
}

impl QuietTicks {
    /// Who says it.
    pub const AUTHOR: &str = "autonomy";

    /// The identity of that message.
    #[must_use]
    pub fn message_id(room: Uuid) -> Uuid {
        derived_id(&format!("quiet:{room}"))
    }

    /// One more.
    #[must_use]
    pub fn after(before: Option<Self>, now: Timestamp) -> Self {
        let (quiet_ticks, since) = before.map_or((0, now), |before| (before.quiet_ticks, before.since));
        Self { quiet_ticks: quiet_ticks.saturating_add(1), since, last: now }
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let (since, last) = (self.since.rfc3339(), self.last.rfc3339());
        match self.quiet_ticks {
            0 | 1 => format!("Nothing to report at {last}."),
            ticks => format!("Nothing to report, {ticks} times from {since} to {last}."),
        }
    }
}

/// A stored room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Identity.
    pub id: Uuid,
    /// Whose.
    pub user: UserId,
    /// Whose conversation.
    pub agent: AgentId,
    /// What it is for.
    pub kind: RoomKind,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Room {
    /// The lasting identity of an agent's own conversation.
    #[must_use]
    pub fn autonomous_id(agent: AgentId) -> Uuid {
        derived_id(&format!("autonomy:{agent}"))
    }

    /// The room of a conversation that a client named.
    #[must_use]
    pub fn named_id(agent: AgentId, name: &str) -> Uuid {
        derived_id(&format!("conversation:{agent}:{name}"))
    }
}

/// The same UUID for the same key.
#[must_use]
pub fn derived_id(key: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes())
}

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageRole {
    /// The other side.
    User,
    /// The agent.
    Assistant,
    /// Rules that the other side gave.
    System,
}

impl MessageRole {
    /// The word on the wire and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Assistant, Self::System].into_iter().find(|role| role.as_str() == text)
    }
}

/// A message that is to be put into a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewMessage {
    /// The same id is the same message.
    pub id: Uuid,
    /// Which room.
    pub room: Uuid,
    /// Who said it.
    pub role: MessageRole,
    /// For people.
    pub author: String,
    /// What.
    pub text: String,
    /// A client's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// The turn that wrote it or answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
}

/// A message in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What was put there.
    pub new: NewMessage,
    /// From 1; orders the room.
    pub pos: i64,
    /// When.
    pub created_at: Timestamp,
}
