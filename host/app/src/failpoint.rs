//! Kill points. Only a build with the feature `failpoints` (the tests') can die at one.
//!
//! `SKEP_FAILPOINT=NAME@N` ends the process, as `kill -9` would, when NAME is reached for the Nth time.

/// Every kill point, in the order of a task's life.
pub const NAMES: [&str; 12] = [
    "claim.after",
    "scope.started",
    "local.before-append",
    "local.after-append",
    "keyed.before-send",
    "keyed.after-send",
    "once.after-started",
    "once.after-send",
    "scope.before-end",
    "scope.after-end",
    "finish.before",
    "finish.after",
];

/// Die here if the environment says so.
#[cfg(feature = "failpoints")]
pub fn reach(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static REACHED: AtomicU64 = AtomicU64::new(0);
    debug_assert!(NAMES.contains(&name), "unknown kill point {name}");
    #[allow(clippy::disallowed_methods, reason = "a switch of the tests' build, not configuration")]
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("SKEP_FAILPOINT").ok()?;
        let (name, count) = text.split_once('@')?;
        Some((name.to_owned(), count.parse().ok()?))
    });
    if let Some((wanted, count)) = wanted {
        if wanted == name && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == *count {
            std::process::abort();
        }
    }
}

/// Nothing: this build has no kill points.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn reach(_name: &str) {}
