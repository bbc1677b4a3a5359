//! How an attempt ends: an outcome, a suspend, or leaving the task to the next worker.

use super::failure;
use super::insist::insist;
use app::effects::attempt::Attempt;
use app::failpoint;
use app::live::Signal;
use app::ports::journal::{Append, FollowUps};
use app::ports::store_error::StoreError;
use domain::component::{Nondeterminism, Stop};
use domain::error::Code;
use domain::journal::LocalEffect;
use domain::log::Level;
use domain::stall;
use domain::task::{Kind, NewTask, Outcome, Progress, State, Task, TaskFailure};
use domain::time::Timestamp;
use serde_json::Value;

/// Our own fault.
pub(super) fn internal(code: &str, message: &str) -> TaskFailure {
    failure(code, message, Value::Null)
}

/// End the task, with the webhook delivery in the same transaction. A cancel that was committed before wins: then the store tells of that.
pub(super) async fn finish(attempt: &Attempt, shown: &Progress, outcome: Outcome) -> Result<(), StoreError> {
    failpoint::reach("finish.before");
    let append = attempt.take_buffer().await;
    match store(attempt, shown, outcome, append).await {
        // What waited in the buffer cannot be kept: the task ends with that.
        Err(StoreError::Exhausted(what)) => {
            store(attempt, shown, Outcome::Failed(internal("EXHAUSTED", &what)), Append::default()).await
        }
        Err(StoreError::Nondeterminism(sides)) => {
            store(attempt, shown, Outcome::Failed(nondeterminism(&sides)), Append::default()).await
        }
        result => result,
    }
}

async fn store(
    attempt: &Attempt,
    shown: &Progress,
    outcome: Outcome,
    append: Append,
) -> Result<(), StoreError> {
    let now = attempt.app.ports.clock.now();
    let mut append = append;
    append.effects.extend(said_of(&attempt.task, &outcome, now));
    let follow_ups = FollowUps { tasks: webhook(attempt, shown, &outcome, now).await, append };
    let journal = &attempt.app.ports.journal;
    let stored =
        insist(attempt, || journal.finish(&attempt.lease, outcome.clone(), follow_ups.clone(), now)).await;
    match &stored {
        Ok(task) => {
            failpoint::reach("finish.after");
            attempt.app.live.publish(&task.new.id, Signal::Durable);
            attempt.app.queued.notify_one();
            attempt.app.tell_logged(task.new.user);
            tracing::info!(task = %task.new.id, state = task.state.as_str(), "task ended");
            say_paused(attempt, task).await;
        }
        Err(error) => tracing::warn!(task = %attempt.lease.task, %error, "failed to store the outcome"),
    }
    stored.map(|_| ())
}

/// What the log of the user says of the end of a task, in its transaction. A delivery is the host's own work.
fn said_of(task: &Task, outcome: &Outcome, now: Timestamp) -> Option<LocalEffect> {
    let what = match task.new.kind {
        Kind::Chat => "the turn",
        Kind::Tick => "the tick",
        Kind::AgentTask => "the task",
        Kind::Webhook => return None,
    };
    let Outcome::Failed(failure) = outcome else { return None };
    let message = format!("{what} failed: {}: {}", failure.code, failure.message);
    Some(LocalEffect::Log { at: now, level: Level::Error, message })
}

/// The store pauses the loop of an agent whose ticks fail again and again. People read of it in the log, too.
async fn say_paused(attempt: &Attempt, task: &Task) {
    if task.new.kind != Kind::Tick || task.state != State::Failed {
        return;
    }
    match attempt.app.ports.agents.find_agent(task.new.user, task.new.agent).await {
        Ok(Some(agent)) if agent.autonomy.paused_at.is_some() => {
            let (name, failed_ticks) = (agent.name, agent.autonomy.failed_ticks);
            tracing::error!(
                agent = %agent.id, name, failed_ticks,
                "the agent's ticks failed again and again: its autonomy is paused until somebody enables it"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "failed to read the agent of a tick"),
    }
}

/// The task waits; its lease ends.
pub(super) async fn suspend(
    attempt: &Attempt,
    progress: Progress,
    wake_at: Timestamp,
) -> Result<(), StoreError> {
    let append = attempt.take_buffer().await;
    let now = attempt.app.ports.clock.now();
    let journal = &attempt.app.ports.journal;
    let suspended =
        insist(attempt, || journal.suspend(&attempt.lease, append.clone(), progress.clone(), wake_at, now))
            .await;
    match &suspended {
        Ok(()) => tracing::debug!(task = %attempt.lease.task, %wake_at, "task waits"),
        Err(error) => tracing::warn!(task = %attempt.lease.task, %error, "failed to suspend the task"),
    }
    suspended
}

/// The attempt was stopped from outside.
pub(super) async fn stop(attempt: &Attempt, progress: Progress, stop: Stop) -> Result<(), StoreError> {
    match stop {
        Stop::Cancelled => finish(attempt, &progress, Outcome::Cancelled).await,
        Stop::Stale => {
            tracing::warn!(task = %attempt.lease.task, "the attempt lost its lease and wrote nothing more");
            Err(StoreError::Stale)
        }
        Stop::Suspend { until } => suspend(attempt, progress, until).await,
        Stop::Drain => release(attempt).await,
        Stop::Nondeterminism(sides) => {
            finish(attempt, &progress, Outcome::Failed(nondeterminism(&sides))).await
        }
        Stop::Exhausted(what) => {
            // The buffer would not fit either.
            drop(attempt.take_buffer().await);
            finish(attempt, &progress, Outcome::Failed(internal("EXHAUSTED", &what))).await
        }
        Stop::Unavailable(reason) => fault(attempt, progress, &reason, false).await,
        Stop::Broken(reason) => fault(attempt, progress, &reason, true).await,
    }
}

/// A part of the host does not work: the task waits, longer each time, and ends when that goes on and on.
async fn fault(attempt: &Attempt, progress: Progress, reason: &str, lasting: bool) -> Result<(), StoreError> {
    let stalls = attempt.stalls();
    let task = &attempt.lease.task;
    match stall::judge(stalls, lasting) {
        stall::Verdict::Wait(wait) => {
            tracing::error!(%task, %reason, stalls, "a part of the host does not work; the task waits");
            suspend(attempt, progress, attempt.app.ports.clock.now().plus(wait)).await
        }
        stall::Verdict::GiveUp => {
            tracing::error!(%task, %reason, stalls, "a part of the host does not work; the task is given up");
            let message = format!(
                "the host could not go on with the task, {} times in a row: {reason}",
                stalls.saturating_add(1)
            );
            finish(attempt, &progress, Outcome::Failed(internal("HOST_FAULT", &message))).await
        }
    }
}

fn nondeterminism(sides: &Nondeterminism) -> TaskFailure {
    let message = format!(
        "the component asked for something else than its journal has, at {} call {}; see details for both sides",
        sides.scope, sides.ordinal
    );
    failure("NONDETERMINISM", &message, serde_json::to_value(sides).unwrap_or_default())
}

/// Give the task back without a strike.
async fn release(attempt: &Attempt) -> Result<(), StoreError> {
    if let Err(error) = attempt.flush(Vec::new(), Vec::new()).await {
        tracing::warn!(task = %attempt.lease.task, %error, "failed to keep the last entries; they will be made again");
    }
    let (queue, now) = (&attempt.app.ports.queue, attempt.app.ports.clock.now());
    insist(attempt, || queue.release(std::slice::from_ref(&attempt.lease), now)).await
}

/// The delivery of the task's end to its `callbackUrl`. When its body cannot be made the task still ends, and the log says so.
async fn webhook(attempt: &Attempt, shown: &Progress, outcome: &Outcome, now: Timestamp) -> Vec<NewTask> {
    if *outcome == Outcome::Cancelled {
        // There is no output to read: the store makes this one, whoever cancels.
        return Vec::new();
    }
    let ended = ended(&attempt.task, shown, outcome, now);
    let notice = insist(attempt, || async {
        app::tasks::notice(&attempt.app, &ended).await.map_err(|error| match error.code {
            Code::ServiceUnavailable => StoreError::Unavailable(error.message),
            _ => StoreError::Internal(error.message),
        })
    });
    match notice.await {
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
