//! Extends the leases of running attempts, stops those whose lease is gone, and hears cancels.

use crate::running::Running;
use app::App;
use app::ports::queue::Beat;
use domain::component::Stop;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(crate) async fn run(app: Arc<App>, running: Arc<Running>, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.ports.clock.sleep(app.settings.heartbeat) => {}
        }
        tick(&app, &running).await;
    }
}

async fn tick(app: &App, running: &Running) {
    let attempts = running.all();
    if attempts.is_empty() {
        return;
    }
    let leases: Vec<_> = attempts.iter().map(|attempt| attempt.lease.clone()).collect();
    // The lease counts from before the request is sent: the answer may be late, never early.
    let asked_at = app.ports.clock.elapsed();
    match app.ports.queue.extend(&leases, app.settings.lease, app.ports.clock.now()).await {
        Ok(beats) => {
            for (attempt, beat) in attempts.iter().zip(beats) {
                match beat {
                    Beat::Kept => attempt.extend(asked_at),
                    Beat::CancelRequested => {
                        attempt.extend(asked_at);
                        attempt.stop(Stop::Cancelled);
                    }
                    Beat::Stale => {
                        tracing::warn!(task = %attempt.task.new.id, "lost the lease; dropping the attempt");
                        attempt.stop(Stop::Stale);
                    }
                }
            }
        }
        Err(error) => {
            tracing::error!(%error, "failed to extend leases");
            attempts
                .iter()
                .filter(|attempt| attempt.is_overdue())
                .for_each(|attempt| attempt.stop(Stop::Stale));
        }
    }
}

/// A cancel on this host is heard at once instead of at the next heartbeat.
pub(crate) async fn hear_cancels(app: Arc<App>, running: Arc<Running>, shutdown: CancellationToken) {
    let mut cancels = app.cancelled.subscribe();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            heard = cancels.recv() => match heard {
                Ok(task) => {
                    if let Some(attempt) = running.find(&task) {
                        attempt.stop(Stop::Cancelled);
                    }
                }
                // Those that were missed are found by the heartbeat.
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            },
        }
    }
}
