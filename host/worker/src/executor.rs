//! Drives one claimed task: load the history, decide, run what is ready at the same time, record, decide again.

mod conclude;
mod insist;

use crate::running::Running;
use app::App;
use app::effects::attempt::{Attempt, stop_of};
use app::effects::history;
use app::effects::scope::{ScopeResult, run_component, run_host_call};
use app::failpoint;
use app::ports::queue::Claimed;
use app::ports::store_error::StoreError;
use domain::address::{Place, Scope};
use domain::component::Stop;
use domain::driver;
use domain::history::{Command, Decision, TaskHistory, TryRecord, Work};
use domain::journal::LocalEffect;
use domain::task::{Outcome, Progress, TaskFailure};
use domain::time::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Run a claimed task until it ends, suspends, or its attempt is stopped.
pub(crate) async fn run(app: Arc<App>, claimed: Claimed, asked_at: Duration, running: Arc<Running>) {
    failpoint::reach("claim.after");
    let attempt = Attempt::new(app, claimed, asked_at);
    if attempt.task.cancel_requested {
        // It was cancelled while nobody had it; it comes here so that its end is told.
        attempt.stop(Stop::Cancelled);
    }
    // Before the journal is read, so that it hears of heartbeats, cancels and drains from the beginning.
    running.insert(Arc::clone(&attempt));
    let ended = match Executor::load(&attempt).await {
        Ok(mut executor) => executor.drive().await,
        Err(stop) => conclude::stop(&attempt, attempt.task.progress.clone(), stop).await,
    };
    let Err(error) = ended else { return };
    let ended = match stop_of(&error) {
        broken @ Stop::Broken(_) => conclude::stop(&attempt, attempt.task.progress.clone(), broken).await,
        _ => Err(error),
    };
    match ended {
        Ok(()) => {}
        // Nobody died: the task is given back once the database can be reached. A lease that somebody else has is left alone there.
        Err(StoreError::Unavailable(_) | StoreError::Stale) if failpoint::is_fenced() => {
            running.leave(attempt.lease.clone());
        }
        Err(error) => tracing::error!(task = %attempt.lease.task, %error, "the task's lease will expire"),
    }
}

struct Executor {
    attempt: Arc<Attempt>,
    history: TaskHistory,
    shown: Progress,
    /// Places whose scope runs now.
    busy: HashSet<Place>,
    scopes: JoinSet<(Scope, ScopeResult)>,
    /// A scope asked to be resumed then.
    suspended: Option<Timestamp>,
}

impl Executor {
    /// Read the journal. A stop that comes before it is read needs none of it.
    async fn load(attempt: &Arc<Attempt>) -> Result<Self, Stop> {
        let loading = insist::insist(attempt, || async {
            let (ports, task) = (&attempt.app.ports, &attempt.task);
            let entries = ports.journal.load_entries(&attempt.lease).await?;
            let used = ports.usage.task_usage(&task.new.id).await?;
            let scopes = history::by_scope(entries);
            let history = history::build(&attempt.app, task, &scopes).await?;
            attempt.load(scopes, used.input_tokens + used.output_tokens);
            Ok(history)
        });
        let history = tokio::select! {
            biased;
            stop = attempt.until_stopped() => return Err(stop),
            loaded = loading => loaded.map_err(|error| stop_of(&error))?,
        };
        Ok(Self {
            attempt: Arc::clone(attempt),
            history,
            shown: attempt.task.progress.clone(),
            busy: HashSet::new(),
            scopes: JoinSet::new(),
            suspended: None,
        })
    }

    /// An error: the lease is still there as far as we know.
    async fn drive(&mut self) -> Result<(), StoreError> {
        loop {
            let next = match self.attempt.stopped() {
                Some(stop) => Next::Stop(stop),
                None => self.decide().await,
            };
            match next {
                Next::Wait => self.wait(None).await,
                Next::WaitUntil(at) => self.wait(Some(at)).await,
                Next::Suspend(at) => return conclude::suspend(&self.attempt, self.shown.clone(), at).await,
                Next::End(outcome) => {
                    self.join_all().await;
                    // Another branch may have ended meanwhile. The end must follow from what the journal has, whoever reads it later.
                    let outcome = self.ended().unwrap_or(outcome);
                    return conclude::finish(&self.attempt, &self.shown, outcome).await;
                }
                Next::Stop(stop) => {
                    self.join_all().await;
                    return conclude::stop(&self.attempt, self.shown.clone(), stop).await;
                }
            }
        }
    }

    /// Ask the decider and start what is ready.
    async fn decide(&mut self) -> Next {
        let decision = match driver::decide(&self.attempt.task.new.driver, &self.history) {
            Ok(decision) => decision,
            Err(error) => {
                return Next::End(Outcome::Failed(conclude::internal("DRIVER_FAILED", &error.to_string())));
            }
        };
        if let Err(stop) = self.show(&decision).await {
            return Next::Stop(stop);
        }
        let now = self.attempt.app.ports.clock.now();
        let mut later: Option<Timestamp> = None;
        for command in decision.commands {
            match command {
                Command::Complete(output) => return Next::End(Outcome::Completed(output)),
                Command::Fail(failure) => return Next::End(Outcome::Failed(failure)),
                Command::Run { place, .. } if self.busy.contains(&place) => {}
                Command::Run { not_before, .. } if not_before > now => {
                    later = Some(later.map_or(not_before, |earlier| earlier.min(not_before)));
                }
                Command::Run { place, attempt, work, .. } => {
                    if self.suspended.is_none() {
                        self.start(Scope { place, attempt }, work);
                    }
                }
            }
        }
        self.next(later, now)
    }

    /// The end that the decider comes to with what is recorded now.
    fn ended(&self) -> Option<Outcome> {
        let decision = driver::decide(&self.attempt.task.new.driver, &self.history).ok()?;
        decision.commands.into_iter().find_map(|command| match command {
            Command::Complete(output) => Some(Outcome::Completed(output)),
            Command::Fail(failure) => Some(Outcome::Failed(failure)),
            Command::Run { .. } => None,
        })
    }

    fn next(&self, later: Option<Timestamp>, now: Timestamp) -> Next {
        if !self.busy.is_empty() {
            return if self.suspended.is_some() {
                Next::Wait
            } else {
                later.map_or(Next::Wait, Next::WaitUntil)
            };
        }
        let wake = match (self.suspended, later) {
            (Some(left), Some(right)) => Some(left.min(right)),
            (left, right) => left.or(right),
        };
        match wake {
            Some(at)
                if self.suspended.is_some() || at.since(now) > self.attempt.app.settings.longest_wait =>
            {
                Next::Suspend(at)
            }
            Some(at) => Next::WaitUntil(at),
            None => Next::End(Outcome::Failed(conclude::internal(
                "DRIVER_FAILED",
                "the driver has nothing to do and no end",
            ))),
        }
    }

    fn start(&mut self, scope: Scope, work: Work) {
        self.busy.insert(scope.place.clone());
        let tries = self.history.places.entry(scope.place.clone()).or_default();
        if (tries.len() as u64) < u64::from(scope.attempt) {
            tries.push(TryRecord { end: None });
        }
        let attempt = Arc::clone(&self.attempt);
        self.scopes.spawn(async move {
            let result = match &work {
                Work::Component { component, export } => {
                    run_component(&attempt, &scope, component, export, None).await
                }
                Work::Host(call) => run_host_call(&attempt, &scope, call).await,
            };
            (scope, result)
        });
    }

    /// Show progress when it changed; it becomes durable with the next flush at the latest.
    async fn show(&mut self, decision: &Decision) -> Result<(), Stop> {
        let mut progress = decision.progress.clone();
        progress.percent = progress.percent.max(self.shown.percent);
        if progress == self.shown {
            return Ok(());
        }
        self.shown = progress.clone();
        self.attempt
            .flush(Vec::new(), vec![LocalEffect::Progress(progress)])
            .await
            .map_err(|error| stop_of(&error))
    }

    /// Wait for a scope to end, for a time, or for the attempt to be stopped.
    async fn wait(&mut self, until: Option<Timestamp>) {
        let clock = Arc::clone(&self.attempt.app.ports.clock);
        let pause = until.map(|until| until.since(clock.now()));
        tokio::select! {
            joined = self.scopes.join_next(), if !self.scopes.is_empty() => {
                if let Some(joined) = joined {
                    self.joined(joined);
                }
            }
            () = async { clock.sleep(pause.unwrap_or_default()).await }, if pause.is_some() => {}
            _stop = self.attempt.until_stopped() => {}
        }
    }

    fn joined(&mut self, joined: Result<(Scope, ScopeResult), tokio::task::JoinError>) {
        match joined {
            Ok((scope, ScopeResult::Ended { end, .. })) => {
                self.busy.remove(&scope.place);
                let tries = self.history.places.entry(scope.place).or_default();
                if let Some(record) = tries.last_mut() {
                    record.end = Some(end);
                }
            }
            Ok((scope, ScopeResult::Stopped(Stop::Suspend { until }))) => {
                self.busy.remove(&scope.place);
                self.suspended = Some(self.suspended.map_or(until, |earlier| earlier.min(until)));
            }
            Ok((scope, ScopeResult::Stopped(stop))) => {
                self.busy.remove(&scope.place);
                self.attempt.stop(stop);
            }
            Err(error) => {
                tracing::error!(task = %self.attempt.task.new.id, %error, "a scope ended badly");
                self.attempt.stop(Stop::Broken("a scope panicked; the cause is in the log".to_owned()));
            }
        }
    }

    /// Wait for every scope: what they have begun is journaled before the lease goes.
    async fn join_all(&mut self) {
        if !self.scopes.is_empty() {
            self.attempt.stop(Stop::Drain);
        }
        while let Some(joined) = self.scopes.join_next().await {
            self.joined(joined);
        }
    }
}

/// What the executor does next.
enum Next {
    Wait,
    WaitUntil(Timestamp),
    Suspend(Timestamp),
    End(Outcome),
    Stop(Stop),
}

/// Used by `conclude`.
fn failure(code: &str, message: &str, details: serde_json::Value) -> TaskFailure {
    TaskFailure { code: code.to_owned(), message: message.to_owned(), agent: None, phase: None, details }
}
