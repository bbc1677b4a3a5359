//! Deletes what has been kept long enough, a little at a time.

use app::App;
use app::ports::tasks::CleanBefore;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Rows of one transaction: longer ones would hold up the writer.
const BATCH: u32 = 500;
/// Between two rounds.
const PAUSE: Duration = Duration::from_secs(600);

pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.ports.clock.sleep(PAUSE) => {}
        }
        if let Err(error) = tick(&app).await {
            tracing::error!(%error, "failed to clean up");
        }
    }
}

async fn tick(app: &App) -> Result<(), app::ports::store_error::StoreError> {
    let now = app.ports.clock.now();
    let before =
        |kept: Duration| domain::time::Timestamp(now.0 - i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
    let old = CleanBefore {
        ended: before(app.settings.keep_ended),
        failed: before(app.settings.keep_failed),
        webhooks: before(app.settings.keep_webhooks),
        chats: before(app.settings.keep_chats),
        ticks: before(app.settings.keep_ticks),
    };
    while app.ports.tasks.clean_tasks(old, BATCH).await? >= u64::from(BATCH) {}
    while app.ports.rooms.clean_rooms(old.chats, BATCH).await? >= u64::from(BATCH) {}
    while app.ports.ticks.clean_instructions(BATCH).await? >= u64::from(BATCH) {}
    while app.ports.idempotency.clean_answers(now, BATCH).await? >= u64::from(BATCH) {}
    while app.ports.skills.clean_skill_versions(BATCH).await? >= u64::from(BATCH) {}
    let (said, lines) = (before(app.settings.keep_logs), app.settings.log_lines);
    while app.ports.logs.clean_logs(said, lines, BATCH).await? >= u64::from(BATCH) {}
    while app.ports.rate_windows.clean_windows(now, BATCH).await? >= u64::from(BATCH) {}
    while app.ports.blobs.clean_blobs(now, BATCH).await? >= u64::from(BATCH) {}
    Ok(())
}
