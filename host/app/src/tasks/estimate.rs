//! When a task ends, as far as we can tell.

use crate::context::App;
use domain::error::Error;
use domain::rigor::estimate::{completion, median};
use domain::rigor::line::line;
use domain::rigor::request::AgentTask;
use domain::task::Task;
use domain::time::Timestamp;
use std::time::Duration;

/// The median of the last finished tasks with this line and tier; before there is one, the configured time of each station.
pub(super) async fn expected(app: &App, estimate_key: &str, request: &AgentTask) -> Result<Duration, Error> {
    let mut durations = app.ports.tasks.recent_durations(estimate_key).await?;
    let stations = u32::try_from(line(&request.capabilities).len()).unwrap_or(u32::MAX);
    Ok(median(&mut durations).unwrap_or_else(|| app.settings.station_default.saturating_mul(stations)))
}

/// The time for an unfinished task; none for a finished one.
pub(super) async fn estimate(
    app: &App,
    task: &Task,
    request: &AgentTask,
) -> Result<Option<Timestamp>, Error> {
    if task.state.is_finished() {
        return Ok(None);
    }
    let expected = expected(app, &task.new.estimate_key, request).await?;
    Ok(Some(completion(app.ports.clock.now(), expected, task.progress.percent)))
}
