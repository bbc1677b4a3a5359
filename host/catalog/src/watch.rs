//! The signal that something changed in a directory. Never the truth: events are lost, doubled and early.

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// A copy makes many events; the scan comes when they pause.
const QUIET: Duration = Duration::from_millis(40);
/// Somebody who writes all the time is not waited for longer.
const LONGEST: Duration = Duration::from_millis(500);

/// Watches directories until it is dropped.
pub(crate) struct Watch {
    rung: Arc<Notify>,
    /// Rings from its own thread; none when the system gave no watcher.
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Watch what can be watched. What cannot is said once, and left to the slow timer.
    pub(crate) fn new(deep: &[PathBuf], flat: &[PathBuf]) -> Self {
        let rung = Arc::new(Notify::new());
        let bell = Arc::clone(&rung);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error can be an overflow of events: look.
            if event.map_or(true, |event| changes(event.kind)) {
                bell.notify_one();
            }
        });
        let watcher = match watcher {
            Ok(mut watcher) => {
                let deep = deep.iter().map(|path| (path, RecursiveMode::Recursive));
                let flat = flat.iter().map(|path| (path, RecursiveMode::NonRecursive));
                for (path, mode) in deep.chain(flat) {
                    if let Err(error) = watcher.watch(path, mode) {
                        tracing::warn!(path = %path.display(), %error, "cannot watch; changes are seen by the slow timer only");
                    }
                }
                Some(watcher)
            }
            Err(error) => {
                tracing::warn!(%error, "no file watcher; changes of plugins are seen by the slow timer only");
                None
            }
        };
        Self { rung, _watcher: watcher }
    }

    /// Answers when something changed and a short pause followed.
    pub(crate) async fn changed(&self) {
        self.rung.notified().await;
        let pause = async { while tokio::time::timeout(QUIET, self.rung.notified()).await.is_ok() {} };
        // Either it became quiet, or it never does: look now.
        let _paused = tokio::time::timeout(LONGEST, pause).await;
    }
}

/// Our own reading makes events too.
fn changes(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}
