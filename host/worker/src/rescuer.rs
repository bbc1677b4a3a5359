//! Judges leases that expired: back to the queue, or quarantine.

use app::App;
use app::ports::queue::Rescued;
use domain::id::HostId;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Leases judged in one transaction.
const BATCH: u32 = 64;
/// After a failed take-back at start.
const BACKOFF: Duration = Duration::from_secs(1);
/// Tries of the take-back at start; afterwards leases expire by themselves.
const TRIES: u32 = 5;

pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    loop {
        match app.ports.queue.rescue(app.ports.clock.now(), BATCH).await {
            Ok(rescued) => report(&app, &rescued),
            Err(error) => tracing::error!(%error, "failed to rescue tasks"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.ports.clock.sleep(app.settings.heartbeat / 2) => {}
        }
    }
}

/// At start: this host's earlier runs are dead, so their leases need not expire.
pub(crate) async fn take_back(app: &App, installation: Uuid, host: HostId) {
    for _ in 0..TRIES {
        match app.ports.queue.take_back(installation, host, app.ports.clock.now()).await {
            Ok(rescued) => return report(app, &rescued),
            Err(error) => tracing::error!(%error, "failed to take back the leases of this host's last run"),
        }
        app.ports.clock.sleep(BACKOFF).await;
    }
}

fn report(app: &App, rescued: &Rescued) {
    for task in &rescued.requeued {
        tracing::warn!(%task, "its worker is gone; the task goes on from its journal");
    }
    for task in &rescued.quarantined {
        tracing::error!(%task, "quarantined: it ended its host three times while running alone");
    }
    if !rescued.requeued.is_empty() || rescued.told {
        app.queued.notify_one();
    }
}
