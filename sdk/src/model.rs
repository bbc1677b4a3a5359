//! The language model of the agent.
//!
//! ```no_run
//! # use skep_sdk::prelude::*;
//! # use serde::Deserialize;
//! #[derive(Deserialize, Schema)]
//! struct Verdict {
//!     /// In one sentence.
//!     reason: String,
//!     spam: bool,
//! }
//!
//! # fn judge(mail: &str) -> Result<Verdict> {
//! model::conversation()
//!     .system("You judge whether a mail is spam.")
//!     .user(mail)
//!     .max_tokens(200)
//!     .answer_as::<Verdict>()
//! # }
//! ```

mod structured;

use crate::bindings::imports::skep::plugin::model as wire;
use crate::schema::Schema;
use crate::{Result, ResultExt as _};

pub use structured::Structured;
pub use wire::{Answer, Finish, Message, Role, ToolCall, ToolChoice, Usage};

/// Which model: the operator maps tiers to models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Small and quick.
    Core,
    /// The usual one.
    Pro,
    /// The best there is.
    Ultra,
}

/// Begins a conversation.
pub fn conversation() -> Conversation {
    Conversation(wire::Request {
        messages: Vec::new(),
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        answer_schema: None,
        tier: None,
        max_tokens: None,
        temperature: None,
        stop: Vec::new(),
    })
}

/// A conversation that is being built.
#[derive(Debug, Clone)]
#[must_use = "a conversation does nothing until it is answered"]
pub struct Conversation(wire::Request);

impl Conversation {
    /// Adds what the model is to be.
    pub fn system(self, content: impl Into<String>) -> Self {
        self.text(Role::System, content)
    }

    /// Adds what the user says.
    pub fn user(self, content: impl Into<String>) -> Self {
        self.text(Role::User, content)
    }

    /// Adds what the model said.
    pub fn assistant(self, content: impl Into<String>) -> Self {
        self.text(Role::Assistant, content)
    }

    fn text(self, role: Role, content: impl Into<String>) -> Self {
        self.message(Message { role, content: content.into(), tool_calls: Vec::new(), tool_call_id: None })
    }

    /// Adds any message.
    pub fn message(mut self, message: Message) -> Self {
        self.0.messages.push(message);
        self
    }

    /// Adds an answer that called tools, as it came.
    pub fn answer_so_far(self, answer: &Answer) -> Self {
        self.message(Message {
            role: Role::Assistant,
            content: answer.content.clone(),
            tool_calls: answer.tool_calls.clone(),
            tool_call_id: None,
        })
    }

    /// Adds what a called tool answered.
    pub fn tool_answer(self, call: &ToolCall, content: impl Into<String>) -> Self {
        self.message(Message {
            role: Role::Tool,
            content: content.into(),
            tool_calls: Vec::new(),
            tool_call_id: Some(call.id.clone()),
        })
    }

    /// Offers a tool whose arguments are of the type `T`.
    pub fn tool<T: Schema>(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        let (name, description) = (name.into(), description.into());
        self.0.tools.push(wire::Tool { name, description, parameters: crate::schema::text::<T>() });
        self
    }

    /// Offers a tool of another skill, as `tools::available` describes it.
    pub fn skill_tool(mut self, tool: &crate::tools::Description) -> Self {
        self.0.tools.push(wire::Tool {
            name: tool.name.clone(),
            description: tool.description.clone(),
            parameters: tool.parameters.clone(),
        });
        self
    }

    /// Whether the model may, must or must not call a tool.
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.0.tool_choice = choice;
        self
    }

    /// Asks for a tier other than the task's.
    pub fn tier(mut self, tier: Tier) -> Self {
        let word = match tier {
            Tier::Core => "core",
            Tier::Pro => "pro",
            Tier::Ultra => "ultra",
        };
        self.0.tier = Some(word.into());
        self
    }

    /// At most so many tokens in the answer.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.0.max_tokens = Some(tokens);
        self
    }

    /// 0.0 (always the likeliest) to 2.0.
    pub fn temperature(mut self, temperature: f32) -> Self {
        self.0.temperature = Some(temperature);
        self
    }

    /// Ends the answer before this text.
    pub fn stop(mut self, text: impl Into<String>) -> Self {
        self.0.stop.push(text.into());
        self
    }

    /// The whole answer, with tool calls and usage.
    pub fn complete(&self) -> Result<Answer> {
        crate::host::model::complete(&self.0).during("asking the model")
    }

    /// The text of the answer.
    pub fn answer(&self) -> Result<String> {
        Ok(self.complete()?.content)
    }
}
