//! Waiting tasks whose time has come go back to the queue.

use app::App;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Tasks woken in one transaction.
const BATCH: u32 = 256;
/// The longest sleep: a task may be suspended meanwhile, by this host or another.
const LONGEST: Duration = Duration::from_secs(1);

pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    loop {
        let pause = tick(&app).await;
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.ports.clock.sleep(pause) => {}
        }
    }
}

/// Answers how long there is nothing to do, as far as we know.
async fn tick(app: &App) -> Duration {
    let now = app.ports.clock.now();
    match app.ports.queue.wake_due(now, BATCH).await {
        Ok(0) => {}
        Ok(_) => app.queued.notify_one(),
        Err(error) => {
            tracing::error!(%error, "failed to wake waiting tasks");
            return LONGEST;
        }
    }
    match app.ports.queue.next_due().await {
        Ok(Some(due)) => due.since(now).clamp(Duration::from_millis(10), LONGEST),
        Ok(None) | Err(_) => LONGEST,
    }
}
