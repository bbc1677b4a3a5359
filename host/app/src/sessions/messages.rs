//! `GET /api/messaging/sessions/{sessionId}/messages`.

use super::find;
use crate::context::App;
use crate::fields::invalid;
use crate::ports::sessions::Between;
use domain::caller::Caller;
use domain::error::Error;
use domain::room::{Message, MessageRole};
use domain::session::Session;
use domain::time::Timestamp;
use serde_json::{Value, json};

/// Messages of one answer.
const MOST: u32 = 100;
/// Messages unless the client says otherwise.
const DEFAULT: u32 = 50;

/// What the query string says.
#[derive(Debug, Clone, Copy, Default)]
pub struct MessageQuery<'a> {
    /// How many.
    pub limit: Option<&'a str>,
    /// Only earlier ones: milliseconds since 1970.
    pub before: Option<&'a str>,
    /// Only later ones: milliseconds since 1970.
    pub after: Option<&'a str>,
}

/// What was said, newest first: `{messages,hasMore,cursors?}`.
///
/// # Errors
/// 400 for the id or the query; 404; 410 when it is over.
pub async fn list_messages(
    app: &App,
    caller: &Caller,
    id: &str,
    query: MessageQuery<'_>,
) -> Result<Value, Error> {
    let (session, _) = find(app, caller, id).await?;
    let between = Between { after: time("after", query.after)?, before: time("before", query.before)? };
    let limit = limit(query.limit)?;
    let found =
        app.ports.sessions.list_messages_between(session.room, between, limit.saturating_add(1)).await?;
    let has_more = found.len() > limit as usize;
    // Going forward, the newest is the one too many.
    let is_forward = between.after.is_some() && between.before.is_none();
    let skipped = usize::from(has_more && is_forward);
    let page: Vec<&Message> = found.iter().skip(skipped).take(limit as usize).collect();
    let messages: Vec<Value> = page.iter().map(|message| simple(&session, message)).collect();
    let mut body = json!({ "messages": messages, "hasMore": has_more });
    if let (Some(newest), Some(oldest), Some(fields)) = (page.first(), page.last(), body.as_object_mut()) {
        let cursors = json!({ "before": oldest.created_at.0, "after": newest.created_at.0 });
        fields.insert("cursors".to_owned(), cursors);
    }
    Ok(body)
}

fn limit(given: Option<&str>) -> Result<u32, Error> {
    let Some(given) = given else { return Ok(DEFAULT) };
    let number = given.parse().ok().filter(|limit| *limit > 0);
    let number: u32 = number.ok_or_else(|| invalid("limit", "must be a whole number from 1 to 100"))?;
    Ok(number.min(MOST))
}

fn time(name: &str, given: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let read = |text: &str| {
        text.parse().map(Timestamp).map_err(|_| invalid(name, "must be milliseconds since 1970"))
    };
    given.map(read).transpose()
}

/// A message on the wire.
pub(super) fn simple(session: &Session, message: &Message) -> Value {
    let is_agent = message.new.role == MessageRole::Assistant;
    json!({
        "id": message.new.id,
        "content": message.new.text,
        "authorId": if is_agent { session.agent.0 } else { session.sender },
        "isAgent": is_agent,
        "createdAt": message.created_at.rfc3339_millis(),
        "metadata": message.new.metadata.clone().unwrap_or_else(|| json!({})),
    })
}
