//! How an attempt ends: an outcome, a suspend, or leaving the task to the next worker.

use super::failure;
use app::effects::attempt::Attempt;
use app::failpoint;
use app::live::Signal;
use app::ports::journal::FollowUps;
use app::ports::store_error::StoreError;
use domain::component::Stop;
use domain::task::{NewTask, Outcome, Progress, State, Task, TaskFailure};
use domain::time::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// Before the next try when a part of the host does not work.
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(1);

/// Our own fault.
pub(super) fn internal(code: &str, message: &str) -> TaskFailure {
    failure(code, message, Value::Null)
}

/// End the task, with the webhook delivery in the same transaction. A cancel that was committed before wins: then the store tells of that.
pub(super) async fn finish(attempt: &Attempt, shown: &Progress, outcome: Outcome) {
    failpoint::reach("finish.before");
    let append = attempt.take_buffer().await;
    let now = attempt.app.ports.clock.now();
    let follow_ups = FollowUps { tasks: webhook(attempt, shown, &outcome, now).await, append };
    match attempt.app.ports.journal.finish(&attempt.lease, outcome, follow_ups, now).await {
        Ok(task) => {
            failpoint::reach("finish.after");
            attempt.app.live.publish(&task.new.id, Signal::Durable);
            attempt.app.queued.notify_one();
            tracing::info!(task = %task.new.id, state = task.state.as_str(), "task ended");
        }
        Err(StoreError::Stale) => {
            tracing::warn!(task = %attempt.lease.task, "the lease was gone before the outcome; dropping it")
        }
        Err(error) => {
            tracing::error!(task = %attempt.lease.task, %error, "failed to store the outcome; the lease will expire")
        }
    }
}

/// The task waits; its lease ends.
pub(super) async fn suspend(attempt: &Attempt, progress: Progress, wake_at: Timestamp) {
    let append = attempt.take_buffer().await;
    let now = attempt.app.ports.clock.now();
    match attempt.app.ports.journal.suspend(&attempt.lease, append, progress, wake_at, now).await {
        Ok(()) => tracing::debug!(task = %attempt.lease.task, %wake_at, "task waits"),
        Err(error) => {
            tracing::warn!(task = %attempt.lease.task, %error, "failed to suspend the task; the lease will expire")
        }
    }
}

/// The attempt was stopped from outside.
pub(super) async fn stop(attempt: &Attempt, progress: Progress, stop: Stop) {
    match stop {
        Stop::Cancelled => finish(attempt, &progress, Outcome::Cancelled).await,
        Stop::Stale => {
            tracing::warn!(task = %attempt.lease.task, "the attempt lost its lease and wrote nothing more")
        }
        Stop::Suspend { until } => suspend(attempt, progress, until).await,
        Stop::Drain => release(attempt).await,
        Stop::Nondeterminism(sides) => {
            let message = format!(
                "the component asked for something else than its journal has, at {} call {}; see details for both sides",
                sides.scope, sides.ordinal
            );
            let details = serde_json::to_value(&sides).unwrap_or_default();
            finish(attempt, &progress, Outcome::Failed(failure("NONDETERMINISM", &message, details))).await;
        }
        Stop::Exhausted(what) => {
            // The buffer would not fit either.
            drop(attempt.take_buffer().await);
            finish(attempt, &progress, Outcome::Failed(internal("EXHAUSTED", &what))).await;
        }
        Stop::Unavailable(reason) => {
            tracing::error!(task = %attempt.lease.task, %reason, "a part of the host does not work; the task waits");
            suspend(attempt, progress, attempt.app.ports.clock.now().plus(UNAVAILABLE_PAUSE)).await;
        }
    }
}

/// Give the task back without a strike.
async fn release(attempt: &Attempt) {
    if let Err(error) = attempt.flush(Vec::new(), Vec::new()).await {
        tracing::warn!(task = %attempt.lease.task, %error, "failed to keep the last entries; they will be made again");
    }
    let now = attempt.app.ports.clock.now();
    if let Err(error) = attempt.app.ports.queue.release(std::slice::from_ref(&attempt.lease), now).await {
        tracing::warn!(task = %attempt.lease.task, %error, "failed to give the task back; the lease will expire");
    }
}

/// The delivery of the task's end to its `callbackUrl`. When its body cannot be made the task still ends, and the log says so.
async fn webhook(attempt: &Attempt, shown: &Progress, outcome: &Outcome, now: Timestamp) -> Vec<NewTask> {
    if *outcome == Outcome::Cancelled {
        // There is no output to read: the store makes this one, whoever cancels.
        return Vec::new();
    }
    match app::tasks::notice(&attempt.app, &ended(&attempt.task, shown, outcome, now)).await {
        Ok(notice) => notice.into_iter().collect(),
        Err(error) => {
            tracing::error!(task = %attempt.task.new.id, %error, "failed to make the webhook of the task's end");
            Vec::new()
        }
    }
}

/// The task as the store will have it after this outcome.
fn ended(task: &Task, shown: &Progress, outcome: &Outcome, now: Timestamp) -> Task {
    let mut ended = task.clone();
    ended.progress = shown.clone();
    ended.completed_at = Some(now);
    ended.progress.current_agent = None;
    ended.progress.current_phase = None;
    match outcome {
        Outcome::Completed(output) => {
            ended.state = State::Completed;
            ended.output = Some(output.clone());
            ended.progress.percent = 100;
        }
        Outcome::Failed(failure) => {
            ended.state = State::Failed;
            ended.failure = Some(failure.clone());
        }
        Outcome::Cancelled => ended.state = State::Cancelled,
    }
    ended
}
