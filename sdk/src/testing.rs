//! A scripted host for the unit tests of plugins.
//!
//! [`Host::new`] begins a script for this thread; while it lives, all host calls of the plugin go to it. It is strict: a call
//! that was not scripted fails the test and says what was called, and so does an answer that nobody asked for.
//! Log, clock, random and progress are always there, as on a real host.
//!
//! ```
//! use skep_sdk::prelude::*;
//! use skep_sdk::testing::Host;
//!
//! fn shout(path: &str) -> Result<()> {
//!     files::write(path, files::read_text(path)?.to_uppercase())
//! }
//!
//! let host = Host::new().file("a.txt", "hello");
//! shout("a.txt").unwrap();
//! assert_eq!(host.text("a.txt").unwrap(), "HELLO");
//! ```

mod call;
mod script;
pub(crate) mod scripted;
mod workspace;

use std::cell::RefCell;
use std::rc::Rc;

use serde::Serialize;

use crate::Context;
use crate::bindings::imports::skep::plugin::{http as http_wire, model as model_wire};
use script::{Reply, Script};

pub use call::{Outcome, brief};
pub use http_wire::Request as HttpRequest;
pub use model_wire::Request as ModelRequest;
pub use script::LogLine;

thread_local! {
    static CURRENT: RefCell<Option<Rc<RefCell<Script>>>> = const { RefCell::new(None) };
}

/// The script and, afterwards, the record of what the plugin did. Dropping it checks that everything was used.
pub struct Host {
    script: Rc<RefCell<Script>>,
    context: Context,
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// An empty host: an empty workspace, nothing else.
    ///
    /// # Panics
    /// If this thread has one already.
    pub fn new() -> Self {
        let script = Rc::new(RefCell::new(Script::default()));
        let before = CURRENT.with(|current| current.borrow_mut().replace(Rc::clone(&script)));
        assert!(
            before.is_none(),
            "there is a scripted host in this test already; drop it before making another"
        );
        let context = Context {
            task: "task_000000000000".into(),
            user: "00000000-0000-4000-8000-000000000001".into(),
            agent: "00000000-0000-4000-8000-000000000002".into(),
            ..Context::default()
        };
        Self { script, context }
    }

    fn with(self, change: impl FnOnce(&mut Script)) -> Self {
        change(&mut self.script.borrow_mut());
        self
    }

    /// Puts a file into the workspace.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.with(|script| script.workspace.put(path, content.as_ref()))
    }

    /// The next model call is answered with this value as JSON.
    #[must_use]
    pub fn model_answers(self, value: &impl Serialize) -> Self {
        let text = serde_json::to_string(value).unwrap_or_default();
        self.model_text(text)
    }

    /// The next model call is answered with this text.
    #[must_use]
    pub fn model_text(self, text: impl Into<String>) -> Self {
        let answer = model_wire::Answer {
            content: text.into(),
            tool_calls: Vec::new(),
            finish: model_wire::Finish::Stop,
            usage: model_wire::Usage { input_tokens: 10, output_tokens: 10 },
            model: "scripted".into(),
        };
        self.model_answer(answer)
    }

    /// The next model call is answered with exactly this.
    #[must_use]
    pub fn model_answer(self, answer: model_wire::Answer) -> Self {
        self.with(|script| script.model.push_back(Ok(answer)))
    }

    /// The next model call fails.
    #[must_use]
    pub fn model_fails(self, error: crate::Error) -> Self {
        self.with(|script| script.model.push_back(Err(error.into())))
    }

    /// The next request with this method and URL is answered with this status, headers and body.
    #[must_use]
    pub fn http(
        self,
        method: &str,
        url: &str,
        status: u16,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Self {
        let response = http_wire::Response {
            status,
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: body.as_ref().to_vec(),
        };
        self.with(|script| script.http.push_back(Reply::new(format!("{method} {url}"), Ok(response))))
    }

    /// The next request with this method and URL fails.
    #[must_use]
    pub fn http_fails(self, method: &str, url: &str, error: crate::Error) -> Self {
        self.with(|script| script.http.push_back(Reply::new(format!("{method} {url}"), Err(error.into()))))
    }

    /// The next call of this tool is answered with this value as JSON.
    #[must_use]
    pub fn tool_answers(self, name: &str, value: &impl Serialize) -> Self {
        let text = serde_json::to_string(value).unwrap_or_default();
        self.with(|script| script.tools.push_back(Reply::new(name.to_owned(), Ok(text))))
    }

    /// The next call of this tool fails.
    #[must_use]
    pub fn tool_fails(self, name: &str, error: crate::Error) -> Self {
        self.with(|script| script.tools.push_back(Reply::new(name.to_owned(), Err(error.into()))))
    }

    /// `tools::available` lists this tool.
    #[must_use]
    pub fn tool_available(self, tool: crate::tools::Description) -> Self {
        self.with(|script| script.available.push(tool))
    }

    /// Puts a value into the plugin's state.
    #[must_use]
    pub fn kv(self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.with(|script| {
            script.kv.insert(key.into(), value.as_ref().to_vec());
        })
    }

    /// The agent has this secret; `sign` answers these bytes.
    #[must_use]
    pub fn secret(self, name: &str, signature: impl AsRef<[u8]>) -> Self {
        self.with(|script| {
            script.secrets.insert(name.into(), signature.as_ref().to_vec());
        })
    }

    /// There is an agent of this name that takes messages and tasks.
    #[must_use]
    pub fn agent(self, name: &str) -> Self {
        self.with(|script| script.agents.push(name.into()))
    }

    /// Sets the clock; it begins at 2026-01-01T00:00:00Z and stands still but for a microsecond for each reading.
    #[must_use]
    pub fn now_ms(self, milliseconds: u64) -> Self {
        self.with(|script| script.now_ms = milliseconds)
    }

    /// Every file operation answers this error.
    #[must_use]
    pub fn files_fail(self, error: crate::Error) -> Self {
        self.with(|script| script.workspace.fail_with(error.into()))
    }

    /// The plugin's configuration in the context of calls through this host.
    #[must_use]
    pub fn config(mut self, config: impl Serialize) -> Self {
        self.context = self.context.clone().with_config(config);
        self
    }

    /// The context of calls through this host.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// A file of the workspace.
    pub fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        self.script.borrow().workspace.get(path)
    }

    /// A file of the workspace as text.
    pub fn text(&self, path: &str) -> Option<String> {
        self.bytes(path).and_then(|bytes| String::from_utf8(bytes).ok())
    }

    /// Paths of all files, sorted.
    pub fn paths(&self) -> Vec<String> {
        self.script.borrow().workspace.paths()
    }

    /// A value of the plugin's state.
    pub fn kv_value(&self, key: &str) -> Option<Vec<u8>> {
        self.script.borrow().kv.get(key).cloned()
    }

    /// What the model was asked, in order.
    pub fn model_requests(&self) -> Vec<ModelRequest> {
        self.script.borrow().model_requests.clone()
    }

    /// The HTTP requests, in order.
    pub fn http_requests(&self) -> Vec<HttpRequest> {
        self.script.borrow().http_requests.clone()
    }

    /// The tool calls: name and arguments.
    pub fn tool_calls(&self) -> Vec<(String, serde_json::Value)> {
        self.script.borrow().tool_calls.clone()
    }

    /// Messages and tasks for other agents: name and text or request.
    pub fn agent_messages(&self) -> Vec<(String, String)> {
        self.script.borrow().agent_messages.clone()
    }

    /// The log.
    pub fn log_lines(&self) -> Vec<LogLine> {
        self.script.borrow().log.clone()
    }

    /// The progress reports.
    pub fn progress(&self) -> Vec<(u8, String)> {
        self.script.borrow().progress.clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        CURRENT.with(|current| current.borrow_mut().take());
        // A panic during a panic would hide the first.
        if !std::thread::panicking() {
            let unused = self.script.borrow().unused();
            assert!(unused.is_empty(), "these scripted answers were not asked for: {}", unused.join(", "));
        }
    }
}
