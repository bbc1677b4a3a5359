//! Kill points, and the control without the fence. Only a build with the feature `failpoints` (the tests') has them.
//!
//! `SKEP_FAILPOINT=NAME@N` ends the process, as `kill -9` would, when NAME is reached for the Nth time. `NAME@N:stop` lets it stand still
//! there, as in a long pause of its machine, until SIGCONT: the way to a worker that goes on after its lease is over.
//! `SKEP_FENCING=off` takes away everything that keeps such a worker from doing harm.

/// Every kill point, in the order of a task's life.
pub const NAMES: [&str; 14] = [
    "claim.after",
    "scope.started",
    "append.fenced",
    "local.before-append",
    "local.after-append",
    "keyed.before-send",
    "keyed.after-send",
    "once.after-started",
    "once.before-send",
    "once.after-send",
    "scope.before-end",
    "scope.after-end",
    "finish.before",
    "finish.after",
];

/// Kill points of an upload of a skill, which is no task's.
pub const OF_UPLOADS: [&str; 2] = ["skill.before-record", "skill.after-record"];

/// Die or stand still here if the environment says so.
#[cfg(feature = "failpoints")]
pub fn reach(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static WANTED: OnceLock<Option<(String, u64, bool)>> = OnceLock::new();
    static REACHED: AtomicU64 = AtomicU64::new(0);
    debug_assert!(NAMES.contains(&name) || OF_UPLOADS.contains(&name), "unknown kill point {name}");
    #[allow(clippy::disallowed_methods, reason = "a switch of the tests' build, not configuration")]
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("SKEP_FAILPOINT").ok()?;
        let (place, stop) = text.strip_suffix(":stop").map_or((text.as_str(), false), |place| (place, true));
        let (name, count) = place.split_once('@')?;
        Some((name.to_owned(), count.parse().ok()?, stop))
    });
    let Some((wanted, count, stop)) = wanted else { return };
    if wanted != name || REACHED.fetch_add(1, Ordering::SeqCst) + 1 != *count {
        return;
    }
    if *stop {
        stand_still();
    } else {
        std::process::abort();
    }
}

/// SIGSTOP, sent to this thread's own id: then it is this thread that takes the signal for the process, and runs no step past the point.
#[cfg(feature = "failpoints")]
fn stand_still() {
    use rustix::process::{Pid, Signal, kill_process};
    let thread = std::fs::read_link("/proc/thread-self").ok();
    let id = thread.as_ref().and_then(|link| link.file_name()?.to_str()?.parse().ok());
    let stopped = id.and_then(Pid::from_raw).map(|thread| kill_process(thread, Signal::STOP));
    if !matches!(stopped, Some(Ok(()))) {
        tracing::error!(?thread, "this process cannot stop itself");
        std::process::abort();
    }
}

/// Nothing: this build has no kill points.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn reach(_name: &str) {}

/// Whether a worker without a lease is kept from writing and sending: always, but in the control of the tests that show why.
#[cfg(feature = "failpoints")]
pub fn is_fenced() -> bool {
    static FENCED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    #[allow(clippy::disallowed_methods, reason = "a switch of the tests' build, not configuration")]
    *FENCED.get_or_init(|| std::env::var("SKEP_FENCING").as_deref() != Ok("off"))
}

/// Always: this build has no other way.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn is_fenced() -> bool {
    true
}
