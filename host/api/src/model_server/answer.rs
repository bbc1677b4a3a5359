//! Completions on the wire: whole, and in chunks.

use domain::effect::model::{Finish, ModelAnswer, ModelToolCall, Usage};
use serde_json::{Value, json};

/// What all bodies of one completion share.
#[derive(Debug, Clone)]
pub(super) struct Completion {
    id: String,
    created: i64,
    model: String,
}

impl Completion {
    pub(super) fn new(model: String) -> Self {
        // A decoration of the wire format in a process of its own: nothing durable depends on it.
        let created = jiff::Timestamp::now().as_second();
        Self { id: format!("chatcmpl-{}", uuid::Uuid::new_v4().simple()), created, model }
    }

    /// The body of an answer that is not streamed.
    pub(super) fn whole(&self, answer: &ModelAnswer) -> Value {
        let content = if answer.content.is_empty() && !answer.tool_calls.is_empty() {
            Value::Null
        } else {
            json!(answer.content)
        };
        let mut message = json!({ "role": "assistant", "content": content });
        if let (false, Some(fields)) = (answer.tool_calls.is_empty(), message.as_object_mut()) {
            fields.insert("tool_calls".to_owned(), answer.tool_calls.iter().map(tool_call).collect());
        }
        json!({
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish(answer.finish) }],
            "usage": usage(answer.usage),
        })
    }

    /// A chunk with one choice.
    pub(super) fn chunk(&self, delta: &Value, finished: Option<Finish>) -> Value {
        let choice =
            json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finished.map(finish) });
        json!({ "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model, "choices": [choice] })
    }

    /// The chunk that carries usage.
    pub(super) fn usage_chunk(&self, tokens: Usage) -> Value {
        json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": [],
            "usage": usage(tokens),
        })
    }
}

/// A tool call as deltas carry it: whole, in one chunk.
pub(super) fn tool_call_delta(index: usize, call: &ModelToolCall) -> Value {
    let mut body = tool_call(call);
    if let Some(fields) = body.as_object_mut() {
        fields.insert("index".to_owned(), json!(index));
    }
    json!({ "tool_calls": [body] })
}

fn tool_call(call: &ModelToolCall) -> Value {
    json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.arguments } })
}

fn finish(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
    }
}

fn usage(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens.saturating_add(usage.output_tokens),
    })
}
