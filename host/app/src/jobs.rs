//! elizaOS jobs: one question, one turn, one answer, asked for by polling. The state of a job is that of its task.

mod create;
mod show;

pub use create::create;

use crate::context::App;
use crate::fields::{invalid, one_of, uuid_of};
use crate::live::Signal;
use crate::ports::tasks::CancelOutcome;
use crate::rights::{self, Action};
use crate::sessions::only_agent;
use domain::caller::Caller;
use domain::error::Error;
use domain::job::{Job, JobStatus};
use domain::task::Task;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The newest jobs that lists and counts look at.
const MOST_COUNTED: u32 = 1000;
/// Jobs of one answer unless the client says otherwise.
const DEFAULT: usize = 50;
/// Jobs of one answer.
const MOST_LISTED: usize = 200;

/// `GET /api/messaging/jobs/{jobId}`. One whose time is over is cancelled.
///
/// # Errors
/// 400 for the id; 404.
pub async fn get(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    rights::authorize(caller, Action::ListAgents)?;
    let id = uuid_of("jobId", id)?;
    let found = app.ports.jobs.find_job(caller.user, id).await?;
    let found = found.filter(|(job, _)| only_agent(caller).is_none_or(|agent| agent == job.agent));
    let (job, task) = found.ok_or_else(|| Error::not_found("Job not found"))?;
    expire(app, &job, &task).await?;
    show::job(app, &job, &task).await
}

/// `GET /api/messaging/jobs?limit=&status=`: `{jobs,total,filtered}`, newest first.
///
/// # Errors
/// 400 for the query.
pub async fn list(
    app: &App,
    caller: &Caller,
    limit: Option<&str>,
    status: Option<&str>,
) -> Result<Value, Error> {
    let limit = match limit {
        None => DEFAULT,
        Some(text) => {
            let number = text.parse().ok().filter(|number| *number > 0);
            let number: usize =
                number.ok_or_else(|| invalid("limit", "must be a whole number from 1 to 200"))?;
            number.min(MOST_LISTED)
        }
    };
    let wanted =
        status.map(|status| one_of("status", status, &JobStatus::ALL, JobStatus::as_str)).transpose()?;
    let now = app.ports.clock.now();
    let mut jobs = newest(app, caller).await?;
    let total = jobs.len();
    jobs.retain(|(job, task)| wanted.is_none_or(|wanted| job.status(task, now) == wanted));
    jobs.truncate(limit);
    let mut shown = Vec::with_capacity(jobs.len());
    for (job, task) in &jobs {
        shown.push(show::job(app, job, task).await?);
    }
    Ok(json!({ "jobs": shown, "total": total, "filtered": shown.len() }))
}

/// `GET /api/messaging/jobs/health`: how the newest jobs went.
///
/// # Errors
/// When the store fails.
pub async fn health(app: &App, caller: &Caller) -> Result<Value, Error> {
    let now = app.ports.clock.now();
    let jobs = newest(app, caller).await?;
    let mut counts: BTreeMap<JobStatus, u32> = JobStatus::ALL.map(|status| (status, 0)).into();
    let mut spent = 0.0;
    for (job, task) in &jobs {
        let status = job.status(task, now);
        *counts.entry(status).or_default() += 1;
        if let (JobStatus::Completed, Some(end)) = (status, task.completed_at) {
            spent += end.since(job.created_at).as_secs_f64() * 1000.0;
        }
    }
    let count = |status| counts.get(&status).copied().unwrap_or_default();
    let (completed, failed, timeout) =
        (count(JobStatus::Completed), count(JobStatus::Failed), count(JobStatus::Timeout));
    let ended = f64::from((completed + failed + timeout).max(1));
    let rate = |count: u32| (f64::from(count) / ended * 100.0).round() / 100.0;
    let by_status: BTreeMap<&str, u32> =
        counts.iter().map(|(status, count)| (status.as_str(), *count)).collect();
    Ok(json!({
        "healthy": true,
        "timestamp": now,
        "totalJobs": jobs.len(),
        "statusCounts": by_status,
        "metrics": {
            "averageProcessingTimeMs": (spent / f64::from(completed.max(1))).round(),
            "successRate": rate(completed),
            "failureRate": rate(failed),
            "timeoutRate": rate(timeout),
        },
        "maxJobs": MOST_COUNTED,
    }))
}

async fn newest(app: &App, caller: &Caller) -> Result<Vec<(Job, Task)>, Error> {
    rights::authorize(caller, Action::ListAgents)?;
    Ok(app.ports.jobs.list_jobs(caller.user, only_agent(caller), MOST_COUNTED).await?)
}

/// Nobody waits for it any longer: end it.
async fn expire(app: &App, job: &Job, task: &Task) -> Result<(), Error> {
    let now = app.ports.clock.now();
    if !job.is_overdue(task, now) || task.cancel_requested {
        return Ok(());
    }
    match app.ports.tasks.cancel_task(job.user, &job.task, now).await? {
        Some(CancelOutcome::Cancelled(_)) => app.live.publish(&job.task, Signal::Durable),
        Some(CancelOutcome::Requested(_)) => app.stop_running(vec![job.task.clone()]),
        Some(CancelOutcome::Finished(_)) | None => {}
    }
    Ok(())
}
