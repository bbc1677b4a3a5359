//! Agents that are due tick: each gets the task of its tick.

use app::App;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Ticks queued in one transaction.
const BATCH: u32 = 256;
/// The longest sleep: another host may have enabled an agent's autonomy.
const LONGEST: Duration = Duration::from_secs(1);
/// The shortest one.
const SHORTEST: Duration = Duration::from_millis(10);

pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    if !app.settings.autonomy {
        return;
    }
    loop {
        let pause = tick(&app).await;
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.ports.clock.sleep(pause) => {}
            () = app.due.notified() => {}
        }
    }
}

/// Answers how long nobody is due, as far as we know.
async fn tick(app: &App) -> Duration {
    let now = app.ports.clock.now();
    loop {
        match app.ports.ticks.enqueue_due_ticks(now, BATCH).await {
            Ok(queued) => {
                if queued > 0 {
                    app.queued.notify_one();
                }
                if queued < u64::from(BATCH) {
                    break;
                }
            }
            Err(error) => {
                tracing::error!(%error, "failed to queue the ticks of agents that are due");
                return LONGEST;
            }
        }
    }
    match app.ports.ticks.next_tick_due().await {
        Ok(Some(due)) => due.since(now).clamp(SHORTEST, LONGEST),
        Ok(None) | Err(_) => LONGEST,
    }
}
