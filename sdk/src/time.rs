//! The clock of the call. `std::time::SystemTime` and `Instant` do not work in a plugin; this does, and replays the same.

use std::time::Duration;

use crate::host::clock;

/// Time since 1970-01-01T00:00:00Z, in whole milliseconds.
pub fn since_epoch() -> Duration {
    Duration::from_millis(clock::now_ms())
}

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> u64 {
    clock::now_ms()
}

/// A point in time of this call, in the place of `std::time::Instant`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(u64);

impl Instant {
    /// Now.
    pub fn now() -> Self {
        Self(clock::monotonic_ns())
    }

    /// How long ago it was.
    pub fn elapsed(self) -> Duration {
        Self::now().since(self)
    }

    /// How long after another point it is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}
