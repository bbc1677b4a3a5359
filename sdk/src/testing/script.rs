//! What the scripted host answers and what it was asked.

use std::collections::{BTreeMap, VecDeque};

use super::CURRENT;
use super::workspace::Workspace;
use crate::bindings::imports::skep::plugin::{http, log, model, tools, types};

/// One line that the plugin logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its level.
    pub level: log::Level,
    /// Its message.
    pub message: String,
    /// Its fields.
    pub fields: Vec<(String, String)>,
}

/// An answer for one call, named as the call is.
pub(super) struct Reply<T> {
    pub(super) call: String,
    pub(super) answer: Result<T, types::Error>,
}

impl<T> Reply<T> {
    pub(super) fn new(call: String, answer: Result<T, types::Error>) -> Self {
        Self { call, answer }
    }
}

/// Everything.
pub(super) struct Script {
    pub(super) workspace: Workspace,
    pub(super) model: VecDeque<Result<model::Answer, types::Error>>,
    pub(super) model_requests: Vec<model::Request>,
    pub(super) http: VecDeque<Reply<http::Response>>,
    pub(super) http_requests: Vec<http::Request>,
    pub(super) tools: VecDeque<Reply<String>>,
    pub(super) available: Vec<tools::Description>,
    pub(super) tool_calls: Vec<(String, serde_json::Value)>,
    pub(super) kv: BTreeMap<String, Vec<u8>>,
    pub(super) secrets: BTreeMap<String, Vec<u8>>,
    pub(super) agents: Vec<String>,
    pub(super) agent_messages: Vec<(String, String)>,
    pub(super) log: Vec<LogLine>,
    pub(super) progress: Vec<(u8, String)>,
    pub(super) now_ms: u64,
    pub(super) readings: u64,
    pub(super) random: u64,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            workspace: Workspace::default(),
            model: VecDeque::new(),
            model_requests: Vec::new(),
            http: VecDeque::new(),
            http_requests: Vec::new(),
            tools: VecDeque::new(),
            available: Vec::new(),
            tool_calls: Vec::new(),
            kv: BTreeMap::new(),
            secrets: BTreeMap::new(),
            agents: Vec::new(),
            agent_messages: Vec::new(),
            log: Vec::new(),
            progress: Vec::new(),
            // 2026-01-01T00:00:00Z.
            now_ms: 1_767_225_600_000,
            readings: 0,
            random: 0,
        }
    }
}

impl Script {
    /// Names of answers that are still waiting.
    pub(super) fn unused(&self) -> Vec<String> {
        let model = (0..self.model.len())
            .map(|index| format!("model answer {} from the end", self.model.len() - index));
        let http = self.http.iter().map(|reply| reply.call.clone());
        let tools = self.tools.iter().map(|reply| format!("tool {}", reply.call));
        model.chain(http).chain(tools).collect()
    }
}

/// Uses the script of this thread.
#[expect(clippy::panic, reason = "a call without a host fails the author's test; there is nobody to answer")]
pub(super) fn current<T>(call: &str, answer: impl FnOnce(&mut Script) -> T) -> T {
    let script = CURRENT.with(|current| current.borrow().clone());
    match script {
        Some(script) => answer(&mut script.borrow_mut()),
        None => panic!(
            "the plugin called {call}, but this test has no host; begin it with `let host = Host::new();`"
        ),
    }
}

/// The script if there is one.
pub(super) fn current_if_any(answer: impl FnOnce(&mut Script)) {
    if let Some(script) = CURRENT.with(|current| current.borrow().clone()) {
        answer(&mut script.borrow_mut());
    }
}

/// Takes the next answer, which must be for this call.
#[expect(clippy::panic, reason = "a call that was not scripted fails the author's test")]
pub(super) fn take<T>(replies: &mut VecDeque<Reply<T>>, call: &str) -> Result<T, types::Error> {
    match replies.pop_front() {
        Some(reply) if reply.call == call => reply.answer,
        Some(reply) => panic!("the plugin called {call}, but the next scripted answer is for {}", reply.call),
        None => panic!("the plugin called {call}, but no answer was scripted for it"),
    }
}
