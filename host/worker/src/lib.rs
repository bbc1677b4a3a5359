//! The loops that move tasks: dispatcher, heartbeat, rescuer, scheduler, cleaner. Each has one `tick` that is safe to run at any time.
//!
//! [`executor`] drives one claimed task: ask the decider, run what is ready, record, ask again. The rules are in `domain`, the effects in
//! `app::effects`; nothing here knows a database or wasm. Start reading at [`Worker::run`].

mod cleaner;
mod dispatcher;
mod executor;
mod heartbeat;
mod rescuer;
mod running;
mod scheduler;
mod ticks;

use app::App;
use domain::id::HostId;
use running::Running;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a shutdown waits for running tasks to come to a place where they can be left.
const DRAIN: Duration = Duration::from_secs(30);

/// Runs tasks of the queue on this host.
pub struct Worker {
    app: Arc<App>,
    /// This run of this host: what holds leases.
    host: HostId,
    /// The data directory's lasting identity: whose earlier runs we take leases back from.
    installation: Uuid,
    running: Arc<Running>,
}

impl Worker {
    /// A worker that has not started.
    #[must_use]
    pub fn new(app: Arc<App>, host: HostId, installation: Uuid) -> Self {
        Self { app, host, installation, running: Arc::default() }
    }

    /// Work until `shutdown`, then drain: running tasks stop at their next host call and go back to the queue without a strike.
    pub async fn run(self, shutdown: CancellationToken) {
        rescuer::take_back(&self.app, self.installation, self.host).await;
        let loops = tokio_util::task::TaskTracker::new();
        loops.spawn(dispatcher::run(
            Arc::clone(&self.app),
            self.host,
            Arc::clone(&self.running),
            shutdown.clone(),
        ));
        loops.spawn(rescuer::run(Arc::clone(&self.app), Arc::clone(&self.running), shutdown.clone()));
        loops.spawn(scheduler::run(Arc::clone(&self.app), shutdown.clone()));
        loops.spawn(ticks::run(Arc::clone(&self.app), shutdown.clone()));
        loops.spawn(cleaner::run(Arc::clone(&self.app), shutdown.clone()));
        // Heartbeats go on while the running tasks are drained.
        let drained = CancellationToken::new();
        let beating =
            tokio::spawn(heartbeat::run(Arc::clone(&self.app), Arc::clone(&self.running), drained.clone()));
        let cancels = tokio::spawn(heartbeat::hear_cancels(
            Arc::clone(&self.app),
            Arc::clone(&self.running),
            drained.clone(),
        ));
        shutdown.cancelled().await;
        loops.close();
        loops.wait().await;
        self.running.stop_all(&domain::component::Stop::Drain);
        if tokio::time::timeout(DRAIN, self.running.until_idle()).await.is_err() {
            tracing::warn!(
                tasks = self.running.len(),
                "tasks did not stop in time; their leases will expire"
            );
        }
        drained.cancel();
        if let Err(error) = rescuer::give_back(&self.app, &self.running).await {
            tracing::warn!(%error, "failed to give back the last tasks; their leases will expire");
        }
        for loop_task in [beating, cancels] {
            if let Err(error) = loop_task.await {
                tracing::error!(%error, "a worker loop ended badly");
            }
        }
    }
}
