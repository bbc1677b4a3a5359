//! Other agents of the same user.

use serde::Serialize;

use crate::host::agents as host;
use crate::{Result, ResultExt as _};

/// Puts a message into an agent's inbox; answers the message's id.
pub fn send(agent: &str, text: &str) -> Result<String> {
    host::send(agent, text).during(format_args!("sending a message to `{agent}`"))
}

/// Starts a task; the request is that of `POST /v1/agents/tasks`. Answers the task's id.
pub fn start_task(agent: &str, request: &impl Serialize) -> Result<String> {
    host::start_task(agent, &serde_json::to_string(request)?)
        .during(format_args!("starting a task on `{agent}`"))
}
