//! What a person may send to an agent.

use crate::fields::{invalid, kind, object, one_of, text};
use domain::error::Error;
use domain::room::MessageRole;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Messages of one request.
const MOST_MESSAGES: usize = 1000;
/// Characters of a conversation's name, or of a client's own id of a person.
const LONGEST_NAME: usize = 128;
/// Who may have said something, as clients write it.
const ROLES: [MessageRole; 3] = [MessageRole::User, MessageRole::Assistant, MessageRole::System];

/// Something that was said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) role: MessageRole,
    pub(super) text: String,
}

/// Where it belongs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Conversation {
    /// Of its own.
    New,
    /// The one that a client calls so.
    Named(String),
    /// The lasting one with this person, or with the user itself.
    Of(Option<String>),
    /// This room.
    Room(Uuid),
}

/// A request to answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) messages: Vec<Said>,
    pub(super) conversation: Conversation,
    /// A client's own id of the person.
    pub(super) author: Option<String>,
}

/// `{messages:[{role,content}],conversationId?}`.
pub(super) fn chat(request: &Value) -> Result<Asked, Error> {
    let fields = object(request)?;
    let given = match fields.get("messages") {
        Some(Value::Array(given)) => given,
        None | Some(Value::Null) => return Err(invalid("messages", "is missing; give at least one message")),
        Some(other) => return Err(invalid("messages", &format!("must be a list, not {}", kind(other)))),
    };
    if given.is_empty() || given.len() > MOST_MESSAGES {
        return Err(invalid("messages", &format!("must have from 1 to {MOST_MESSAGES} entries")));
    }
    let messages: Vec<Said> =
        given.iter().enumerate().map(|(index, value)| said(index, value)).collect::<Result<_, _>>()?;
    if messages.last().is_some_and(|last| last.role != MessageRole::User) {
        let last = messages.len().saturating_sub(1);
        return Err(invalid(&format!("messages[{last}].role"), "must be user: the last message is answered"));
    }
    let conversation = name(fields, "conversationId")?.map_or(Conversation::New, Conversation::Named);
    Ok(Asked { messages, conversation, author: None })
}

/// `{text, userId?, roomId?}`.
pub(super) fn message(request: &Value) -> Result<Asked, Error> {
    let fields = object(request)?;
    let said = text(fields, "text")?.ok_or_else(|| invalid("text", "is missing"))?;
    if said.trim().is_empty() {
        return Err(invalid("text", "must not be empty"));
    }
    let author = name(fields, "userId")?;
    let conversation = match text(fields, "roomId")? {
        None => Conversation::Of(author.clone()),
        Some(id) => Conversation::Room(
            Uuid::try_parse(id)
                .ok()
                .filter(|_| id.len() == 36)
                .ok_or_else(|| invalid("roomId", "must be a UUID"))?,
        ),
    };
    let messages = vec![Said { role: MessageRole::User, text: said.to_owned() }];
    Ok(Asked { messages, conversation, author })
}

fn said(index: usize, value: &Value) -> Result<Said, Error> {
    let path = format!("messages[{index}]");
    let fields = value.as_object().ok_or_else(|| {
        invalid(&path, &format!("must be an object with role and content, not {}", kind(value)))
    })?;
    let field = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => Ok(text.as_str()),
        None | Some(Value::Null) => Err(invalid(&format!("{path}.{name}"), "is missing")),
        Some(other) => {
            Err(invalid(&format!("{path}.{name}"), &format!("must be a string, not {}", kind(other))))
        }
    };
    let role = one_of(&format!("{path}.role"), field("role")?, &ROLES, MessageRole::as_str)?;
    let content = field("content")?;
    if content.trim().is_empty() && role == MessageRole::User {
        return Err(invalid(&format!("{path}.content"), "must not be empty"));
    }
    Ok(Said { role, text: content.to_owned() })
}

fn name(fields: &Map<String, Value>, field: &str) -> Result<Option<String>, Error> {
    let Some(given) = text(fields, field)? else { return Ok(None) };
    if given.is_empty() || given.chars().count() > LONGEST_NAME {
        return Err(invalid(field, &format!("must have from 1 to {LONGEST_NAME} characters")));
    }
    Ok(Some(given.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_wrong_is_named() {
        let user = json!({ "role": "user", "content": "Hello" });
        for (request, expected) in [
            (json!({}), "messages is missing; give at least one message"),
            (json!({ "messages": "Hello" }), "messages must be a list, not a string"),
            (json!({ "messages": [] }), "messages must have from 1 to 1000 entries"),
            (
                json!({ "messages": [user, 1] }),
                "messages[1] must be an object with role and content, not a number",
            ),
            (json!({ "messages": [{ "content": "Hello" }] }), "messages[0].role is missing"),
            (
                json!({ "messages": [{ "role": "robot", "content": "Hello" }] }),
                "messages[0].role must be one of user, assistant, system, not \"robot\"",
            ),
            (
                json!({ "messages": [{ "role": "user", "content": ["Hello"] }] }),
                "messages[0].content must be a string, not a list",
            ),
            (
                json!({ "messages": [{ "role": "user", "content": " " }] }),
                "messages[0].content must not be empty",
            ),
            (
                json!({ "messages": [{ "role": "assistant", "content": "Hi" }] }),
                "messages[0].role must be user: the last message is answered",
            ),
            (
                json!({ "messages": [user], "conversationId": "" }),
                "conversationId must have from 1 to 128 characters",
            ),
        ] {
            assert_eq!(chat(&request).unwrap_err().message, expected, "{request}");
        }
        for (request, expected) in [
            (json!({}), "text is missing"),
            (json!({ "text": "\n" }), "text must not be empty"),
            (json!({ "text": "a", "roomId": "b" }), "roomId must be a UUID"),
        ] {
            assert_eq!(message(&request).unwrap_err().message, expected, "{request}");
        }
    }

    #[test]
    fn a_conversation_is_named_or_of_its_own() {
        let request = json!({ "messages": [{ "role": "user", "content": "Hello" }], "conversationId": "c1" });
        let asked = chat(&request).unwrap();
        assert_eq!(asked.conversation, Conversation::Named("c1".to_owned()));
        assert_eq!(asked.messages, [Said { role: MessageRole::User, text: "Hello".to_owned() }]);
        assert_eq!(message(&json!({ "text": "a" })).unwrap().conversation, Conversation::Of(None));
    }
}
