//! A request as it came.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One request to `/v1/chat/completions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Value,
}

impl Received {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The bearer token.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization").and_then(|value| value.strip_prefix("Bearer "))
    }

    /// The messages as JSON.
    #[must_use]
    pub fn messages(&self) -> &[Value] {
        self.body.get("messages").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Content of all messages, one a line.
    #[must_use]
    pub fn text(&self) -> String {
        let content =
            |message: &Value| message.get("content").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.messages().iter().map(content).collect::<Vec<_>>().join("\n")
    }

    /// Content of the last message.
    #[must_use]
    pub fn last_text(&self) -> &str {
        self.messages()
            .last()
            .and_then(|message| message.get("content"))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Whether any message's content contains this.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// Names of the offered tools.
    #[must_use]
    pub fn tools(&self) -> Vec<&str> {
        let tools = self.body.get("tools").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        tools.iter().filter_map(|tool| tool.pointer("/function/name").and_then(Value::as_str)).collect()
    }

    /// The schema that the answer must fit.
    #[must_use]
    pub fn answer_schema(&self) -> Option<&Value> {
        let format = self.body.get("response_format")?;
        (format.get("type")?.as_str()? == "json_schema").then(|| format.pointer("/json_schema/schema"))?
    }

    /// Whether deltas are wanted.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.body.get("stream").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether the stream ends with usage.
    #[must_use]
    pub fn wants_usage(&self) -> bool {
        self.body.pointer("/stream_options/include_usage").and_then(Value::as_bool).unwrap_or(false)
    }

    /// The model that was asked for.
    #[must_use]
    pub fn model(&self) -> &str {
        self.body.get("model").and_then(Value::as_str).unwrap_or_default()
    }
}
