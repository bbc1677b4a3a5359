//! A script as a JSON file, for the server as a process of its own.

use super::answer::Scripted;
use super::script::Script;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `{"steps": [{"when": "weather", "text": "rain"}, {"status": 429, "retryAfter": "1"}, …]}`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptFile {
    /// In order.
    pub steps: Vec<ScriptStep>,
}

/// One answer: exactly one of `text`, `json`, `tools`, `status` (`text` may stand beside `tools`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ScriptStep {
    /// Only requests whose conversation contains all of these; empty: the next request in order.
    pub when: Vec<String>,
    /// How often, for one with `when`; none is always.
    pub times: Option<u32>,
    /// Plain text.
    pub text: Option<String>,
    /// JSON for a request with a schema.
    pub json: Option<Value>,
    /// Tool calls.
    pub tools: Vec<super::answer::ScriptedCall>,
    /// An error status.
    pub status: Option<u16>,
    /// Header of that name.
    pub retry_after: Option<String>,
    /// Tokens in and out.
    pub usage: Option<(u64, u64)>,
    /// The connection breaks after so many deltas.
    pub cut_after: Option<usize>,
    /// Milliseconds before the answer begins.
    pub delay_ms: u64,
}

impl ScriptStep {
    fn answer(&self) -> Scripted {
        let mut answer = match (&self.json, self.status) {
            (_, Some(status)) => Scripted::status(status),
            (Some(json), None) => Scripted::json(json),
            (None, None) => Scripted::text(self.text.clone().unwrap_or_default()),
        };
        for call in &self.tools {
            answer = answer.and_tool(&call.name, call.arguments.clone());
        }
        if let Some(value) = &self.retry_after {
            answer = answer.retry_after(value);
        }
        if let Some((input, output)) = self.usage {
            answer = answer.usage(input, output);
        }
        if let Some(deltas) = self.cut_after {
            answer = answer.cut_after(deltas);
        }
        answer.delay(std::time::Duration::from_millis(self.delay_ms))
    }
}

impl ScriptFile {
    /// Into a running script.
    pub(super) fn load(self, script: &Script) {
        for step in self.steps {
            let answer = step.answer();
            if step.when.is_empty() {
                script.push(answer);
            } else {
                let texts = step.when;
                script.when(
                    Box::new(move |request| texts.iter().all(|text| request.contains(text))),
                    step.times,
                    answer,
                );
            }
        }
    }
}
