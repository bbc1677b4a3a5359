//! The conversation that a model is asked to go on with.

use crate::files::Shown;
use crate::skills::Usable;
use domain::agent::Agent;
use domain::agent::config::AgentConfig;
use domain::effect::model::{ModelMessage, ModelRequest, Role};
use domain::room::{Message, MessageRole};
use domain::template::Template;
use domain::time::Timestamp;
use domain::turn::Origin;
use serde_json::Value;

/// Characters of the room that a turn reads. The newest message is read whatever its length.
const HISTORY_CHARACTERS: usize = 48_000;

/// Characters of the skills' instructions that a turn reads; a skill whose text has no room is there by its description.
const SKILL_CHARACTERS: usize = 32_000;

/// Everything that a turn reads.
pub(crate) struct Reading<'a> {
    /// Whose turn.
    pub(crate) agent: &'a Agent,
    /// In force.
    pub(crate) config: &'a AgentConfig,
    /// What it may use, by name.
    pub(crate) skills: Vec<Usable<'a>>,
    /// In the order in which they are read.
    pub(crate) templates: Vec<(Template, String)>,
    /// Of its workspace.
    pub(crate) files: Shown,
    /// Oldest first.
    pub(crate) history: Vec<Message>,
    /// Of a tick.
    pub(crate) instructions: Vec<&'a str>,
    /// Who began the turn.
    pub(crate) origin: Origin,
    /// When.
    pub(crate) now: Timestamp,
}

/// The request of the turn's model call.
pub(crate) fn assemble(reading: &Reading<'_>) -> ModelRequest {
    let mut messages = vec![message(Role::System, system(reading))];
    messages.extend(fitting(&reading.history).iter().map(|said| {
        let role = match said.new.role {
            MessageRole::User => Role::User,
            MessageRole::Assistant => Role::Assistant,
            MessageRole::System => Role::System,
        };
        message(role, said.new.text.clone())
    }));
    if reading.origin == Origin::Tick {
        messages.push(message(Role::User, prompt(reading)));
    }
    ModelRequest {
        messages,
        tier: Some(reading.config.model.unwrap_or_default()),
        max_tokens: reading.config.max_tokens,
        temperature: reading.config.temperature.map(narrow),
        ..ModelRequest::default()
    }
}

/// Checked to be from 0 to 2, where only digits that no model knows are lost.
#[expect(clippy::cast_possible_truncation, reason = "from 0 to 2")]
fn narrow(temperature: f64) -> f32 {
    temperature as f32
}

fn message(role: Role, content: String) -> ModelMessage {
    ModelMessage { role, content, tool_calls: Vec::new(), tool_call_id: None }
}

fn system(reading: &Reading<'_>) -> String {
    let mut parts =
        vec![format!("You are the agent {:?}. It is {}.", reading.agent.name, reading.now.rfc3339())];
    parts.extend(reading.agent.character.as_ref().map(character).filter(|text| !text.is_empty()));
    for (template, text) in &reading.templates {
        let text = text.trim();
        let is_read = *template != Template::Heartbeat || reading.origin == Origin::Tick;
        if is_read && !text.is_empty() {
            parts.push(format!("# {}\n\n{text}", template.as_str()));
        }
    }
    parts.extend(workspace(&reading.files));
    parts.extend(skills(&reading.skills));
    parts.join("\n\n")
}

/// What the agent has in its workspace; nothing when that is empty.
fn workspace(shown: &Shown) -> Vec<String> {
    if shown.files.is_empty() {
        return Vec::new();
    }
    let mut list = "# Files in your workspace\n".to_owned();
    for (path, size) in &shown.files {
        list.push_str(&format!("\n- {path} ({size} bytes)"));
    }
    let notes = shown.notes.iter().map(|(name, text)| format!("# File {name}\n\n{}", text.trim()));
    std::iter::once(list).chain(notes).collect()
}

/// What the agent may use: the text of each skill as far as there is room, and what its tools do.
fn skills(skills: &[Usable<'_>]) -> Option<String> {
    if skills.is_empty() {
        return None;
    }
    let mut left = SKILL_CHARACTERS;
    let mut text = "# Skills".to_owned();
    for skill in skills {
        text.push_str(&format!("\n\n## {}\n\n{}", skill.name, skill.description.trim()));
        for (tool, description) in &skill.tools {
            let first = description.lines().next().unwrap_or_default().trim();
            text.push_str(&format!("\n- tool `{tool}`: {first}"));
        }
        let instructions = skill.instructions.unwrap_or_default();
        let length = instructions.chars().count();
        if length > 0 && length <= left {
            left -= length;
            text.push_str("\n\n");
            text.push_str(instructions);
        }
    }
    Some(text)
}

/// What an elizaOS client said about the agent: `system` and `bio`.
fn character(character: &Value) -> String {
    let lines = ["system", "bio"].into_iter().flat_map(|field| match character.get(field) {
        Some(Value::String(text)) => vec![text.trim()],
        Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).map(str::trim).collect(),
        _ => Vec::new(),
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The newest messages that fit into the budget.
fn fitting(history: &[Message]) -> &[Message] {
    let mut left = HISTORY_CHARACTERS;
    let kept = history.iter().rev().enumerate().take_while(|(index, said)| {
        let length = said.new.text.chars().count();
        let fits = *index == 0 || length <= left;
        left = left.saturating_sub(length);
        fits
    });
    let count = kept.count();
    history.get(history.len().saturating_sub(count)..).unwrap_or_default()
}

/// What a tick is asked.
fn prompt(reading: &Reading<'_>) -> String {
    let mut text = format!(
        "This turn is your own: nobody wrote to you. It is {}. Do what is due by HEARTBEAT.md and by what was said before.",
        reading.now.rfc3339()
    );
    if !reading.instructions.is_empty() {
        text.push_str("\n\nInstructions for this turn:");
        for instruction in &reading.instructions {
            text.push_str("\n- ");
            text.push_str(instruction.trim());
        }
    }
    text.push_str("\n\nIf there is nothing to report, answer with NO_REPLY and nothing else.");
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use domain::effect::model::Tier;
    use domain::id::{AgentId, UserId};
    use domain::room::NewMessage;
    use serde_json::json;
    use uuid::Uuid;

    fn said(role: MessageRole, text: &str) -> Message {
        let new = NewMessage {
            id: Uuid::nil(),
            room: Uuid::nil(),
            role,
            author: "ada".to_owned(),
            text: text.to_owned(),
            metadata: None,
            task: None,
        };
        Message { new, pos: 1, created_at: Timestamp(0) }
    }

    fn agent() -> Agent {
        let (id, user) = (AgentId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        Agent {
            character: Some(json!({ "bio": ["Knows bees."] })),
            ..Agent::new(id, user, "writer", Timestamp(0))
        }
    }

    fn reading<'a>(agent: &'a Agent, config: &'a AgentConfig, origin: Origin) -> Reading<'a> {
        Reading {
            agent,
            config,
            skills: Vec::new(),
            templates: vec![
                (Template::Soul, "Be kind.".to_owned()),
                (Template::Memory, " ".to_owned()),
                (Template::Heartbeat, "Look at the hive.".to_owned()),
            ],
            files: Shown {
                files: vec![("plan.md".to_owned(), 9)],
                notes: vec![("plan.md".to_owned(), "Bees.\n".to_owned())],
            },
            history: vec![said(MessageRole::User, "Hello"), said(MessageRole::Assistant, "Hi")],
            instructions: vec!["Count the bees"],
            origin,
            now: Timestamp(1_771_858_800_000),
        }
    }

    #[test]
    fn a_chat_turn_reads_templates_and_room_and_no_heartbeat() {
        let config = AgentConfig { temperature: Some(0.5), max_tokens: Some(7), ..AgentConfig::default() };
        let agent = agent();
        let request = assemble(&reading(&agent, &config, Origin::Chat));
        let system = &request.messages[0].content;
        assert!(
            system.contains("\"writer\"")
                && system.contains("Knows bees.")
                && system.contains("# SOUL.md\n\nBe kind.")
        );
        assert!(
            system.ends_with("# Files in your workspace\n\n- plan.md (9 bytes)\n\n# File plan.md\n\nBees."),
            "{system}"
        );
        assert!(!system.contains("HEARTBEAT") && !system.contains("MEMORY"), "{system}");
        let roles: Vec<Role> = request.messages.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::System, Role::User, Role::Assistant]);
        assert_eq!(
            (request.tier, request.max_tokens, request.temperature),
            (Some(Tier::Core), Some(7), Some(0.5))
        );
    }

    #[test]
    fn a_tick_reads_its_heartbeat_and_is_asked_with_its_instructions() {
        let (agent, config) = (agent(), AgentConfig::default());
        let request = assemble(&reading(&agent, &config, Origin::Tick));
        assert!(request.messages[0].content.contains("# HEARTBEAT.md\n\nLook at the hive."));
        let asked = request.messages.last().unwrap();
        assert_eq!(asked.role, Role::User);
        assert!(asked.content.contains("- Count the bees") && asked.content.contains("2026-02-23T15:00:00Z"));
    }

    #[test]
    fn the_newest_messages_that_fit_are_read_and_always_the_last() {
        let long = "x".repeat(HISTORY_CHARACTERS + 1);
        let half = "y".repeat(HISTORY_CHARACTERS / 2);
        for (history, expected) in [
            (vec![], 0),
            (vec![long.as_str()], 1),
            (vec!["a", long.as_str()], 1),
            (vec![long.as_str(), "a"], 1),
            (vec![half.as_str(), half.as_str()], 2),
            (vec!["a", half.as_str(), half.as_str()], 2),
        ] {
            let history: Vec<Message> = history.iter().map(|text| said(MessageRole::User, text)).collect();
            assert_eq!(fitting(&history).len(), expected);
        }
    }
}
