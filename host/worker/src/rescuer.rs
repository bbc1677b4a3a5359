//! Judges leases that expired: back to the queue, or quarantine.
//!
//! Only the death of a host is a strike. When the database was away, leases expire without anybody having died: first this host gives
//! back its own, and for the time of a lease it judges nobody's, so that the others can do the same.

use crate::running::Running;
use app::App;
use app::ports::queue::Rescued;
use app::ports::store_error::StoreError;
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

pub(crate) async fn run(app: Arc<App>, running: Arc<Running>, shutdown: CancellationToken) {
    let mut judging_from = Duration::ZERO;
    loop {
        if let Err(error) = tick(&app, &running, judging_from).await {
            tracing::error!(%error, "failed to rescue tasks");
            judging_from = app.ports.clock.elapsed() + app.settings.lease;
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.ports.clock.sleep(app.settings.heartbeat / 2) => {}
        }
    }
}

async fn tick(app: &App, running: &Running, judging_from: Duration) -> Result<(), StoreError> {
    give_back(app, running).await?;
    if app.ports.clock.elapsed() < judging_from {
        // Whether the database is there again is known only by asking it.
        return app.ports.queue.next_due().await.map(|_| ());
    }
    let rescued = app.ports.queue.rescue(app.ports.clock.now(), BATCH).await?;
    report(app, &rescued);
    Ok(())
}

/// Give back what this host's attempts had to leave behind. Nobody died, so nobody is struck.
pub(crate) async fn give_back(app: &App, running: &Running) -> Result<(), StoreError> {
    let left = running.left();
    if left.is_empty() {
        return Ok(());
    }
    app.ports.queue.release(&left, app.ports.clock.now()).await?;
    running.gave_back(&left);
    app.queued.notify_one();
    Ok(())
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
