//! What an agent says by itself: its replies in its own room that are news to the follower. Ids are positions in that room.

use super::POLL;
use super::follow::{ChatEvent, foreign};
use crate::context::App;
use crate::ports::rooms::Window;
use crate::ports::store_error::StoreError;
use crate::references;
use crate::rights::{self, Action};
use domain::agent::Agent;
use domain::caller::Caller;
use domain::error::Error;
use domain::room::{Message, MessageRole, Room};
use futures_util::stream::{self, Stream};
use serde_json::json;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use uuid::Uuid;

/// Messages of one look.
const BATCH: u32 = 100;

/// `GET …/chat/events`: from now on, or after the event that `Last-Event-ID` names.
///
/// # Errors
/// 404; 400 for an id that this stream did not give.
pub async fn own(
    app: &Arc<App>,
    caller: &Caller,
    user: &str,
    agent: &str,
    last_event_id: Option<&str>,
) -> Result<Pin<Box<dyn Stream<Item = ChatEvent> + Send>>, Error> {
    let (scoped, agent) = references::user_and_agent(app, caller, user, agent).await?;
    rights::authorize(&scoped.caller, Action::ChatWith(&agent))?;
    let room = agent.autonomy.room.unwrap_or_else(|| Room::autonomous_id(agent.id));
    let after = match last_event_id {
        Some(id) => id.parse().ok().filter(|pos| *pos >= 0).ok_or_else(|| foreign(id))?,
        None => {
            let newest = app.ports.rooms.list_messages(room, Window::Newest { before: None }, 1).await?;
            newest.last().map_or(0, |message| message.pos)
        }
    };
    let listener = Listener { app: Arc::clone(app), agent, room, after, ready: VecDeque::new() };
    Ok(Box::pin(stream::unfold(listener, |mut listener| async move {
        listener.next().await.map(|event| (event, listener))
    })))
}

struct Listener {
    app: Arc<App>,
    agent: Agent,
    room: Uuid,
    /// Position of the last message that was looked at.
    after: i64,
    ready: VecDeque<ChatEvent>,
}

impl Listener {
    /// None when the agent is gone.
    async fn next(&mut self) -> Option<ChatEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            match self.look().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, agent = %self.agent.id, "failed to read an agent's room")
                }
            }
            // The tick may run on another host, which signals nothing here.
            self.app.ports.clock.sleep(POLL).await;
            let found = self.app.ports.agents.find_agent(self.agent.user, self.agent.id).await;
            if matches!(found, Ok(None)) {
                return None;
            }
        }
    }

    /// Whether there was anything.
    async fn look(&mut self) -> Result<bool, StoreError> {
        let found = self.app.ports.rooms.list_messages(self.room, Window::After(self.after), BATCH).await?;
        self.after = found.last().map_or(self.after, |message| message.pos);
        let said = found.iter().filter(|message| message.new.role == MessageRole::Assistant);
        self.ready.extend(said.map(event));
        Ok(!found.is_empty())
    }
}

fn event(message: &Message) -> ChatEvent {
    let data = json!({
        "message": message.new.text,
        "agent": message.new.author,
        "messageId": message.new.id,
        "conversationId": message.new.room,
        "createdAt": message.created_at.rfc3339(),
    });
    ChatEvent { id: message.pos.to_string(), event: "message", data, error: None }
}
