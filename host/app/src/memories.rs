//! elizaOS memories: what was said in the rooms of an agent.

use crate::context::App;
use crate::fields::{number, time, uuid_of};
use crate::references;
use crate::rights::{self, Action};
use domain::agent::Agent;
use domain::caller::Caller;
use domain::error::Error;
use domain::room::{Message, MessageRole};
use domain::time::Timestamp;
use serde_json::{Value, json};

/// The newest messages that are looked through.
const MOST_READ: u32 = 1000;
/// Memories of one answer unless the client says otherwise.
const DEFAULT: usize = 50;
/// Memories of one answer.
const MOST_LISTED: usize = 200;
/// The one type that there is.
const MESSAGES: &str = "messages";

/// What the query string says.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryQuery<'a> {
    /// How many.
    pub limit: Option<&'a str>,
    /// Skip so many.
    pub offset: Option<&'a str>,
    /// Only of this type; all of them are `messages`.
    pub kind: Option<&'a str>,
    /// Only of this room.
    pub room: Option<&'a str>,
    /// Only with this text in them.
    pub search: Option<&'a str>,
    /// Not before: a time as text, or milliseconds since 1970.
    pub from: Option<&'a str>,
    /// Not after: the same.
    pub to: Option<&'a str>,
}

/// `GET /api/memory/{agentId}/memories`: `{memories}`, newest first.
///
/// # Errors
/// 400 for an id or the query; 404.
pub async fn list(app: &App, caller: &Caller, agent: &str, query: MemoryQuery<'_>) -> Result<Value, Error> {
    let agent = references::agent_by_id(app, caller, agent).await?;
    rights::authorize(caller, Action::ChatWith(&agent))?;
    let room = query.room.map(|room| uuid_of("roomId", room)).transpose()?;
    let limit = number("limit", query.limit)?.unwrap_or(DEFAULT).clamp(1, MOST_LISTED);
    let offset = number("offset", query.offset)?.unwrap_or(0);
    let (from, to) = (time("from", query.from)?, time("to", query.to)?);
    let search = query.search.map(str::to_lowercase);
    // The port answers what is before a time.
    let before = to.map(|to| Timestamp(to.0.saturating_add(1)));
    let mut found = app.ports.rooms.list_messages_of(agent.id, before, MOST_READ).await?;
    found.retain(|message| {
        query.kind.is_none_or(|kind| kind == MESSAGES)
            && room.is_none_or(|room| message.new.room == room)
            && from.is_none_or(|from| message.created_at >= from)
            && search.as_ref().is_none_or(|search| message.new.text.to_lowercase().contains(search.as_str()))
    });
    let page = found.iter().skip(offset).take(limit);
    let memories: Vec<Value> = page.map(|message| memory(&agent, message)).collect();
    Ok(json!({ "memories": memories }))
}

fn memory(agent: &Agent, message: &Message) -> Value {
    let author = uuid_of("author", &message.new.author).ok();
    let entity = match message.new.role {
        MessageRole::Assistant => agent.id.0,
        MessageRole::User | MessageRole::System => author.unwrap_or(agent.user.0),
    };
    let at = message.created_at.rfc3339_millis();
    json!({
        "id": message.new.id,
        "entityId": entity,
        "agentId": agent.id,
        "roomId": message.new.room,
        "type": MESSAGES,
        "content": { "text": message.new.text, "source": message.new.role.as_str() },
        "createdAt": at,
        "updatedAt": at,
        "metadata": message.new.metadata.clone().unwrap_or_else(|| json!({})),
    })
}
