//! Chunks of a stream put together to the whole answer.

use domain::effect::model::{Finish, ModelAnswer, ModelToolCall, Usage};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A chunk of a stream, or a whole answer of a server that does not stream. Fields that providers leave out or set to null are options.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    pub(super) model: Option<String>,
    pub(super) choices: Vec<Choice>,
    pub(super) usage: Option<WireUsage>,
    pub(super) error: Option<serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    index: u32,
    delta: Option<Delta>,
    /// Instead of `delta` in an answer that is not streamed.
    message: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<CallDelta>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CallDelta {
    index: Option<usize>,
    id: Option<String>,
    function: Option<FunctionDelta>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FunctionDelta {
    name: Option<String>,
    /// Text; some servers send the object itself.
    arguments: Option<serde_json::Value>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub(super) struct WireUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
}

#[derive(Debug, Default)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

/// What has come so far.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    model: Option<String>,
    content: String,
    refusal: String,
    calls: BTreeMap<usize, Call>,
    finish: Option<String>,
    usage: Option<WireUsage>,
    /// Bytes that are held.
    size: usize,
}

impl Assembly {
    /// Take a chunk; answers its new text.
    pub(super) fn add(&mut self, chunk: Chunk) -> String {
        let mut text = String::new();
        self.model = chunk.model.filter(|model| !model.is_empty()).or(self.model.take());
        self.usage = chunk.usage.or(self.usage);
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            self.finish = choice.finish_reason.or(self.finish.take());
            let Some(delta) = choice.delta.or(choice.message) else { continue };
            text.push_str(&delta.content.unwrap_or_default());
            let refusal = delta.refusal.unwrap_or_default();
            self.size = self.size.saturating_add(refusal.len());
            self.refusal.push_str(&refusal);
            for (position, call) in delta.tool_calls.unwrap_or_default().into_iter().enumerate() {
                self.add_call(position, call);
            }
        }
        self.size = self.size.saturating_add(text.len());
        self.content.push_str(&text);
        text
    }

    /// Bytes of text, refusal and calls.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    fn add_call(&mut self, position: usize, delta: CallDelta) {
        // Servers that send whole calls leave the index out.
        let index = delta.index.unwrap_or(position);
        // An empty call takes memory too.
        self.size = self.size.saturating_add(std::mem::size_of::<Call>());
        let call = self.calls.entry(index).or_default();
        if let Some(id) = delta.id.filter(|id| !id.is_empty()) {
            self.size = self.size.saturating_add(id.len());
            call.id = id;
        }
        let function = delta.function.unwrap_or_default();
        // The name comes whole; some servers repeat it in every chunk.
        if let Some(name) = function.name.filter(|name| !name.is_empty()) {
            self.size = self.size.saturating_add(name.len());
            call.name = name;
        }
        match function.arguments {
            Some(serde_json::Value::String(part)) => {
                self.size = self.size.saturating_add(part.len());
                call.arguments.push_str(&part);
            }
            None | Some(serde_json::Value::Null) => {}
            Some(object) => {
                call.arguments = object.to_string();
                self.size = self.size.saturating_add(call.arguments.len());
            }
        }
    }

    /// What it took, where the server has said it.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage
            .map(|usage| Usage { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens })
    }

    /// Whether the server said why the answer ended: only then it is whole.
    pub(super) fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// The whole answer, and whether the server said what it took.
    pub(super) fn answer(self, configured_model: &str) -> (ModelAnswer, bool) {
        let counted = self.usage.is_some();
        let usage = self.usage.unwrap_or_default();
        let calls = self.calls.into_iter().map(|(index, call)| ModelToolCall {
            id: if call.id.is_empty() { format!("call_{index}") } else { call.id },
            name: call.name,
            arguments: if call.arguments.trim().is_empty() { "{}".to_owned() } else { call.arguments },
        });
        let tool_calls: Vec<ModelToolCall> = calls.collect();
        let finish = match self.finish.as_deref() {
            Some("length") => Finish::Length,
            // Some servers say `stop` beside tool calls.
            _ if !tool_calls.is_empty() => Finish::ToolCalls,
            _ => Finish::Stop,
        };
        let answer = ModelAnswer {
            content: self.content,
            tool_calls,
            finish,
            usage: Usage { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens },
            model: self.model.unwrap_or_else(|| configured_model.to_owned()),
        };
        (answer, counted)
    }

    /// What the model said when it refused to answer, or that a filter cut the answer.
    pub(super) fn refusal(&self) -> Option<String> {
        if !self.refusal.is_empty() {
            return Some(format!("the model refused: {}", self.refusal));
        }
        (self.finish.as_deref() == Some("content_filter"))
            .then(|| "the provider's content filter ended the answer".to_owned())
    }
}
