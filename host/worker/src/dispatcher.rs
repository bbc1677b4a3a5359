//! Claims due tasks up to the host's concurrency and runs each in an executor. Woken by signal, with a slow poll behind it.

use crate::executor;
use crate::running::Running;
use app::App;
use app::ports::queue::ClaimRequest;
use app::ports::store_error::StoreError;
use domain::driver;
use domain::id::HostId;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Behind the signals. They may be lost, and a store without them (PostgreSQL without LISTEN) polls by itself.
const POLL: Duration = Duration::from_secs(5);
/// After a failed claim.
const BACKOFF: Duration = Duration::from_secs(1);
/// Tasks of one claim.
const BATCH: u32 = 16;
/// Between two looks for a suspect while others run.
const LOOK: Duration = Duration::from_secs(1);

/// A suspect runs alone, and on a host that always has something to do it would never run. When one has been seen for the time of a lease
/// (an idle host would have taken it by then), nothing fresh is claimed until it ran, here or elsewhere.
#[derive(Default)]
struct Suspects {
    looked_at: Option<Duration>,
    seen_since: Option<Duration>,
}

impl Suspects {
    /// Whether to make room for one.
    async fn wait(&mut self, app: &App, drivers: &[String]) -> Result<bool, StoreError> {
        let now = app.ports.clock.elapsed();
        if self.looked_at.is_none_or(|looked_at| looked_at + LOOK <= now) {
            self.looked_at = Some(now);
            let there = app.ports.queue.has_suspect(drivers).await?;
            self.seen_since = there.then(|| self.seen_since.unwrap_or(now));
        }
        Ok(self.seen_since.is_some_and(|since| since + app.settings.lease <= now))
    }
}

pub(crate) async fn run(app: Arc<App>, host: HostId, running: Arc<Running>, shutdown: CancellationToken) {
    let mut suspects = Suspects::default();
    loop {
        let next_end = running.next_end();
        let pause = match tick(&app, host, &running, &mut suspects).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => POLL,
            Err(error) => {
                tracing::error!(%error, "failed to claim tasks");
                BACKOFF
            }
        };
        if shutdown.is_cancelled() {
            return;
        }
        if pause.is_zero() {
            continue;
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = next_end => {}
            () = app.queued.notified() => {}
            () = app.ports.queue.changed() => {}
            () = app.ports.clock.sleep(pause) => {}
        }
    }
}

/// Claim what fits and start it. Answers whether there may be more right now.
async fn tick(
    app: &Arc<App>,
    host: HostId,
    running: &Arc<Running>,
    suspects: &mut Suspects,
) -> Result<bool, StoreError> {
    let busy = u32::try_from(running.len()).unwrap_or(u32::MAX);
    let free = app.settings.concurrency.saturating_sub(busy).min(BATCH);
    if free == 0 || running.has_suspect() {
        return Ok(false);
    }
    let drivers = driver::NAMES.map(str::to_owned).to_vec();
    if busy > 0 && suspects.wait(app, &drivers).await? {
        return Ok(false);
    }
    let request = ClaimRequest { host, drivers, limit: free, lease: app.settings.lease, idle: busy == 0 };
    let asked_at = app.ports.clock.elapsed();
    let claimed = app.ports.queue.claim(request, app.ports.clock.now()).await?;
    let more = claimed.len() == free as usize;
    for claimed in claimed {
        running.begin(claimed.suspect);
        let (app, running) = (Arc::clone(app), Arc::clone(running));
        tokio::spawn(async move {
            let (task, token) = (claimed.lease.task.clone(), claimed.lease.token);
            // The executor runs in a task of its own, so that a panic in it cannot leave the count wrong.
            let executed =
                tokio::spawn(executor::run(Arc::clone(&app), claimed, asked_at, Arc::clone(&running))).await;
            if let Err(error) = executed {
                tracing::error!(%task, %error, "an executor ended badly; the task's lease will expire");
            }
            app.live.forget(&task);
            running.end(&task);
            tracing::debug!(%task, token, "an attempt is over");
        });
    }
    Ok(more)
}
