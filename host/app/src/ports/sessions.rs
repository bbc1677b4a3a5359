//! elizaOS sessions.

use super::store_error::StoreError;
use domain::id::{AgentId, UserId};
use domain::room::{Message, Room};
use domain::session::Session;
use domain::time::Timestamp;
use uuid::Uuid;

/// Messages of a room by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between {
    /// Only later ones. With this alone the oldest of them are answered, so that a reader can go on from there.
    pub after: Option<Timestamp>,
    /// Only earlier ones.
    pub before: Option<Timestamp>,
}

/// Sessions. Every method that takes a user answers only that user's sessions.
#[async_trait::async_trait]
pub trait Sessions: Send + Sync + 'static {
    /// Keep a session with its room. Sessions of its user that ended before `forget` go.
    async fn insert_session(&self, session: Session, forget: Timestamp) -> Result<(), StoreError>;

    /// One session, also one that is over.
    async fn find_session(&self, user: UserId, id: Uuid) -> Result<Option<Session>, StoreError>;

    /// Sessions that are not over, newest first; of one agent, or of all of the user's.
    async fn list_sessions(
        &self,
        user: UserId,
        agent: Option<AgentId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError>;

    /// Keep activity, end, renewals and timeout of a session, if it is still `before`. Answers whether it was done.
    async fn update_session(&self, before: &Session, after: &Session) -> Result<bool, StoreError>;

    /// Delete a session. What was said stays in its room. Answers whether it was there.
    async fn delete_session(&self, user: UserId, id: Uuid) -> Result<bool, StoreError>;

    /// Messages of a room by time, newest first.
    async fn list_messages_between(
        &self,
        room: Uuid,
        between: Between,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;
}

/// The room of a session that is to be kept.
#[must_use]
pub fn room_of(session: &Session) -> Room {
    Room {
        id: session.room,
        user: session.user,
        agent: session.agent,
        kind: domain::room::RoomKind::Session,
        created_at: session.created_at,
    }
}
