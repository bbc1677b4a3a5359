//! The webhook that a worker stores with the end of its task.

use super::body::body;
use crate::context::App;
use domain::error::Error;
use domain::rigor::notice::{callback, delivery};
use domain::task::{NewTask, Task};

/// The delivery for a finished task with a `callbackUrl`; none without.
///
/// # Errors
/// When the store fails.
pub async fn notice(app: &App, task: &Task) -> Result<Option<NewTask>, Error> {
    match callback(task) {
        Some(_) => Ok(delivery(task, &body(app, task).await?)),
        None => Ok(None),
    }
}
