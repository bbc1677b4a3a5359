//! Turns of a conversation: a chat turn answers a person, a tick is the agent's own. What each is given, and what its reply means.

use crate::id::{AgentId, TaskId, UserId};
use crate::rigor::request::Priority;
use crate::task::{Kind, NewTask};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// The agent has nothing to report.
const NO_REPLY: &str = "NO_REPLY";
/// The same, as older templates say it.
const HEARTBEAT_OK: &str = "HEARTBEAT_OK";
/// Beside `HEARTBEAT_OK` a tick may say this many characters that nobody needs to read.
const QUIET_REST: usize = 300;

/// Who began the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A person.
    Chat,
    /// The autonomy loop.
    Tick,
}

/// What a turn is for: the input of its task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// Who began it.
    pub origin: Origin,
    /// The agent's name, for people.
    pub agent: String,
    /// The conversation. A chat turn reads it up to the last message that came with it (`NewMessage::task`), a tick all of it.
    pub room: Uuid,
}

/// What a turn gave: the output of its task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TurnReport {
    /// The reply; empty when there is nothing to say.
    pub message: String,
    /// Who said it.
    pub agent: String,
    /// Nothing to report: the reply is not in the room.
    pub quiet: bool,
}

impl Turn {
    /// The task of this turn. A person waits for a chat turn: it goes before what runs by itself.
    #[must_use]
    pub fn task(&self, id: TaskId, user: UserId, agent: AgentId, now: Timestamp) -> NewTask {
        let (kind, priority) = match self.origin {
            Origin::Chat => (Kind::Chat, Priority::High),
            Origin::Tick => (Kind::Tick, Priority::Normal),
        };
        NewTask {
            id,
            parent: None,
            user,
            agent,
            kind,
            driver: kind.driver().to_owned(),
            priority: priority.rank(),
            input: json!({ "origin": self.origin, "agent": self.agent, "room": self.room }),
            estimate_key: String::new(),
            created_at: now,
        }
    }

    /// What the model's text means.
    #[must_use]
    pub fn report(&self, text: &str) -> TurnReport {
        let quiet = is_quiet(self.origin, text);
        let message = if quiet { String::new() } else { text.trim().to_owned() };
        TurnReport { message, agent: self.agent.clone(), quiet }
    }
}

/// `NO_REPLY` alone is silence. `HEARTBEAT_OK` alone is, too; in a tick also at the start or end of at most 300 other characters, and
/// in the middle it is text as any other.
fn is_quiet(origin: Origin, text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() || text == NO_REPLY || text == HEARTBEAT_OK {
        return true;
    }
    let rest = text.strip_prefix(HEARTBEAT_OK).or_else(|| text.strip_suffix(HEARTBEAT_OK));
    origin == Origin::Tick && rest.is_some_and(|rest| rest.trim().chars().count() <= QUIET_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_told_from_text() {
        let long = format!("HEARTBEAT_OK {}", "x".repeat(301));
        let short = format!("{} HEARTBEAT_OK", "x".repeat(300));
        for (text, in_tick, in_chat) in [
            ("", true, true),
            ("NO_REPLY", true, true),
            (" NO_REPLY\n", true, true),
            ("HEARTBEAT_OK", true, true),
            ("HEARTBEAT_OK all is well", true, false),
            ("all is well\nHEARTBEAT_OK", true, false),
            (short.as_str(), true, false),
            (long.as_str(), false, false),
            ("say HEARTBEAT_OK when you are done", false, false),
            ("NO_REPLY is what I would say", false, false),
            ("Hello", false, false),
        ] {
            assert_eq!(is_quiet(Origin::Tick, text), in_tick, "{text}");
            assert_eq!(is_quiet(Origin::Chat, text), in_chat, "{text}");
        }
    }
}
