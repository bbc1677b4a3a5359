//! One scripted answer and its faults.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// A tool call of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedCall {
    /// The tool.
    pub name: String,
    /// JSON text is sent as it is, anything else as its JSON.
    pub arguments: Value,
}

/// Opens scripted answers: those that hang, and each delta of those that are stepped. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Let `count` deltas (or hanging answers) pass.
    pub fn release(&self, count: usize) {
        self.0.add_permits(count);
    }

    /// Let everything pass from now on.
    pub fn open(&self) {
        self.0.close();
    }

    /// Waits for a permit and uses it up; passes at once when the gate is open.
    pub(super) async fn pass(&self) {
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
    }
}

/// How an answer goes wrong.
#[derive(Debug, Clone, Default)]
pub(super) enum Fault {
    #[default]
    None,
    /// An error status with this body.
    Status { status: u16, body: Value },
    /// The connection breaks after this many deltas.
    Cut { after: usize },
}

/// An answer: build it with [`Scripted::text`], [`Scripted::json`], [`Scripted::tool`] or [`Scripted::status`], then refine it.
#[derive(Debug, Clone, Default)]
pub struct Scripted {
    pub(super) content: String,
    pub(super) calls: Vec<ScriptedCall>,
    pub(super) usage: Option<(u64, u64)>,
    pub(super) finish: Option<String>,
    pub(super) needs_schema: bool,
    pub(super) pieces: Option<Vec<String>>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) fault: Fault,
    pub(super) delay: Duration,
    pub(super) before: Option<Gate>,
    pub(super) step: Option<Gate>,
}

impl Scripted {
    /// Plain text. Usage is 10 tokens in and one token a word out unless [`Self::usage`] says otherwise.
    #[must_use]
    pub fn text(content: impl Into<String>) -> Self {
        let content = content.into();
        let words = content.split_whitespace().count() as u64;
        Self { content, usage: Some((10, words)), ..Self::default() }
    }

    /// JSON for a request that asked for a schema; one that did not is answered 400.
    #[must_use]
    pub fn json(content: &Value) -> Self {
        Self { needs_schema: true, ..Self::text(content.to_string()) }
    }

    /// A call of one tool.
    #[must_use]
    pub fn tool(name: impl Into<String>, arguments: Value) -> Self {
        Self::text("").and_tool(name, arguments)
    }

    /// An error status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let body = serde_json::json!({ "error": { "message": format!("scripted {status}"), "type": "scripted", "code": null } });
        Self { fault: Fault::Status { status, body }, ..Self::default() }
    }

    /// An error status with its whole body.
    #[must_use]
    pub fn error(status: u16, body: Value) -> Self {
        Self { fault: Fault::Status { status, body }, ..Self::default() }
    }

    /// One more tool call.
    #[must_use]
    pub fn and_tool(mut self, name: impl Into<String>, arguments: Value) -> Self {
        self.calls.push(ScriptedCall { name: name.into(), arguments });
        self.usage = self.usage.or(Some((10, 0))).map(|(input, output)| (input, output + 5));
        self
    }

    /// Tokens in and out.
    #[must_use]
    pub fn usage(mut self, input: u64, output: u64) -> Self {
        self.usage = Some((input, output));
        self
    }

    /// A provider that never says what it took.
    #[must_use]
    pub fn without_usage(mut self) -> Self {
        self.usage = None;
        self
    }

    /// The finish reason on the wire, `stop` or `tool_calls` otherwise.
    #[must_use]
    pub fn finish(mut self, reason: impl Into<String>) -> Self {
        self.finish = Some(reason.into());
        self
    }

    /// A header of the answer.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// `Retry-After`.
    #[must_use]
    pub fn retry_after(self, value: impl Into<String>) -> Self {
        self.header("retry-after", value)
    }

    /// Exactly these deltas; one a word otherwise.
    #[must_use]
    pub fn pieces(mut self, pieces: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let pieces: Vec<String> = pieces.into_iter().map(Into::into).collect();
        self.content = pieces.concat();
        self.pieces = Some(pieces);
        self
    }

    /// The connection breaks after so many deltas.
    #[must_use]
    pub fn cut_after(mut self, deltas: usize) -> Self {
        self.fault = Fault::Cut { after: deltas };
        self
    }

    /// Nothing is answered before this has passed; a test that waits for it is slow, so prefer [`Self::hang`].
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Nothing is answered, not even a status, until the gate lets it pass.
    #[must_use]
    pub fn hang(mut self, gate: &Gate) -> Self {
        self.before = Some(gate.clone());
        self
    }

    /// Each delta waits for the gate.
    #[must_use]
    pub fn stepped(mut self, gate: &Gate) -> Self {
        self.step = Some(gate.clone());
        self
    }

    pub(super) fn deltas(&self) -> Vec<String> {
        match &self.pieces {
            Some(pieces) => pieces.clone(),
            None => self.content.split_inclusive(' ').map(ToOwned::to_owned).collect(),
        }
    }

    pub(super) fn finish_reason(&self) -> String {
        let usual = if self.calls.is_empty() { "stop" } else { "tool_calls" };
        self.finish.clone().unwrap_or_else(|| usual.to_owned())
    }
}
