//! The body of a task as document Autonoma shows it, with what has to be read for it.

use super::artifacts;
use super::estimate::estimate;
use crate::context::App;
use domain::error::Error;
use domain::rigor::request::AgentTask;
use domain::task::{State, Task};
use serde_json::Value;

/// The input of an agent task.
///
/// # Errors
/// 500 when the stored input is not one.
pub(super) fn request(task: &Task) -> Result<AgentTask, Error> {
    serde_json::from_value(task.new.input.clone()).map_err(|error| {
        Error::internal(format!("the input of {} is not an agent task: {error}", task.new.id))
    })
}

/// The exact body; webhooks and the event `task.completed` carry the same.
///
/// # Errors
/// When the store fails.
pub async fn body(app: &App, task: &Task) -> Result<Value, Error> {
    let estimate = estimate(app, task, &request(task)?).await?;
    let output = match (&task.output, task.state) {
        (Some(output), State::Completed) => artifacts::filled(app, &task.new.id, output).await?,
        _ => Value::Null,
    };
    Ok(domain::rigor::body::body(task, estimate, &output))
}
