//! A conversation with a language model: the request, the whole answer, and the parts that are streamed.

use crate::canonical::{Canonical, Encoder};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Rules for the model.
    System,
    /// The other side.
    User,
    /// The model.
    Assistant,
    /// The result of a tool call.
    Tool,
}

impl Role {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// A tool that the model wants called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelToolCall {
    /// Ties the result to the call.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// JSON text as the model wrote it.
    pub arguments: String,
}

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelMessage {
    /// Who said it.
    pub role: Role,
    /// The text; may be empty beside tool calls.
    pub content: String,
    /// Of an assistant message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ModelToolCall>,
    /// Of a tool message: which call it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

/// A tool that is offered to the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelTool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
}

/// Whether the model must call a tool.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// No tool.
    None,
    /// Some tool.
    Required,
    /// This tool.
    Named(String),
}

/// Which model of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The default.
    #[default]
    Core,
    /// More able.
    Pro,
    /// The most able.
    Ultra,
}

impl Tier {
    /// All, in order.
    pub const ALL: [Self; 3] = [Self::Core, Self::Pro, Self::Ultra];

    /// The word on the wire and in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Pro => "pro",
            Self::Ultra => "ultra",
        }
    }

    /// The tier of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == text)
    }
}

/// Complete this conversation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelRequest {
    /// The conversation.
    pub messages: Vec<ModelMessage>,
    /// Tools on offer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ModelTool>,
    /// Whether one must be called.
    #[serde(default)]
    pub tool_choice: ToolChoice,
    /// JSON Schema that the content must fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_schema: Option<Value>,
    /// None: the tier of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Tokens of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0.0 to 2.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// The answer ends before any of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
}

impl Canonical for ModelRequest {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.number(self.messages.len() as u64);
        for message in &self.messages {
            encoder.text(message.role.as_str());
            encoder.text(&message.content);
            encoder.number(message.tool_calls.len() as u64);
            for call in &message.tool_calls {
                encoder.text(&call.id);
                encoder.text(&call.name);
                encoder.json_text(&call.arguments);
            }
            encoder.option(message.tool_call_id.as_deref(), Encoder::text);
        }
        encoder.number(self.tools.len() as u64);
        for tool in &self.tools {
            encoder.text(&tool.name);
            encoder.text(&tool.description);
            encoder.json(&tool.parameters);
        }
        match &self.tool_choice {
            ToolChoice::Auto => encoder.text("auto"),
            ToolChoice::None => encoder.text("none"),
            ToolChoice::Required => encoder.text("required"),
            ToolChoice::Named(name) => {
                encoder.text("named");
                encoder.text(name);
            }
        }
        encoder.option(self.answer_schema.as_ref(), Encoder::json);
        encoder.option(self.tier, |encoder, tier| encoder.text(tier.as_str()));
        encoder.option(self.max_tokens, |encoder, tokens| encoder.number(tokens.into()));
        encoder.option(self.temperature, |encoder, temperature| encoder.number(temperature.to_bits().into()));
        encoder.number(self.stop.len() as u64);
        self.stop.iter().for_each(|stop| encoder.text(stop));
    }
}

/// Why the answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finish {
    /// The model was done.
    Stop,
    /// The token limit.
    Length,
    /// It wants tools.
    ToolCalls,
}

/// Tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Of the conversation.
    pub input_tokens: u64,
    /// Of the answer.
    pub output_tokens: u64,
}

impl Usage {
    /// Bytes that one token is taken for where nobody counts.
    const BYTES_A_TOKEN: usize = 4;

    /// What a request and an answer of this many bytes may have taken, for providers that do not say.
    #[must_use]
    pub fn estimated(request: &ModelRequest, answered: usize) -> Self {
        let tokens = |bytes: usize| bytes.div_ceil(Self::BYTES_A_TOKEN) as u64;
        let asked: usize = request
            .messages
            .iter()
            .map(|message| {
                let calls = message.tool_calls.iter().map(|call| call.name.len() + call.arguments.len());
                message.content.len() + calls.sum::<usize>()
            })
            .sum();
        let offered: usize = request
            .tools
            .iter()
            .map(|tool| tool.name.len() + tool.description.len() + tool.parameters.to_string().len())
            .sum();
        Self { input_tokens: tokens(asked + offered), output_tokens: tokens(answered) }
    }

    /// Both.
    #[must_use]
    pub fn total(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelAnswer {
    /// The text.
    pub content: String,
    /// Tools that the model wants called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ModelToolCall>,
    /// Why it ended.
    pub finish: Finish,
    /// What it took.
    pub usage: Usage,
    /// The provider's name of the model.
    pub model: String,
}

/// A part of an answer as it comes.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelEvent {
    /// More text.
    Delta(String),
    /// Tokens of an answer that fails with the next event: they were used all the same.
    Used(Usage),
    /// The whole answer; the last event.
    Answer(ModelAnswer),
}
