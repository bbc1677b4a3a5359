//! The arithmetic of rate limits: clock windows, and how much of one a host takes at a time.

use crate::plan::PlanLimits;
use crate::time::Timestamp;
use std::time::Duration;

/// Requests of a user that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Those to `/v1` and `/api/v1`: by the user's plan.
    Plan,
    /// Those to the other surfaces: one limit for everybody.
    Other,
}

/// Requests to the other surfaces in 15 minutes.
pub const OTHER_LIMIT: u32 = 1_000;
const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);
const QUARTER: Duration = Duration::from_secs(15 * 60);

impl Counted {
    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Other => "other",
        }
    }

    /// The windows that a request is counted in. The first is the one that clients are told about.
    #[must_use]
    pub fn quotas(self, limits: PlanLimits) -> Vec<Quota> {
        match self {
            Self::Plan => vec![
                Quota { length: HOUR, limit: limits.per_hour },
                Quota { length: MINUTE, limit: limits.per_minute },
            ],
            Self::Other => vec![Quota { length: QUARTER, limit: OTHER_LIMIT }],
        }
    }
}

/// So many requests in each window of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Windows begin at multiples of it.
    pub length: Duration,
    /// Requests in one.
    pub limit: u32,
}

impl Quota {
    /// How many a host takes out of a window of which `taken` are gone: 1 % of the limit, so that several hosts agree to 2 %, but more
    /// than one, so that not each request writes. Near the end it takes half of what is left, so that little lies unused at another host.
    #[must_use]
    pub fn chunk(self, taken: u32) -> u32 {
        let left = self.limit.saturating_sub(taken);
        (self.limit / 100).max(2).min(left.div_ceil(2))
    }
}

/// A clock window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// How long it is.
    pub length: Duration,
    /// A multiple of the length since the epoch.
    pub starts_at: Timestamp,
}

impl Window {
    /// The window of this length that `now` is in.
    #[must_use]
    pub fn at(length: Duration, now: Timestamp) -> Self {
        let milliseconds = i64::try_from(length.as_millis()).unwrap_or(i64::MAX).max(1);
        Self { length, starts_at: Timestamp(now.0 - now.0.rem_euclid(milliseconds)) }
    }

    /// When the next one begins.
    #[must_use]
    pub fn ends_at(self) -> Timestamp {
        self.starts_at.plus(self.length)
    }

    /// Whole seconds until the next one begins, at least one.
    #[must_use]
    pub fn seconds_left(self, now: Timestamp) -> u64 {
        let left = self.ends_at().since(now);
        u64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    #[test]
    fn windows_are_those_of_the_clock() {
        // 2026-02-23T15:30:17.250Z
        let now = Timestamp(1_771_860_617_250);
        for (length, start, left) in [
            (HOUR, 1_771_858_800_000, 1783),
            (MINUTE, 1_771_860_600_000, 43),
            (QUARTER, 1_771_860_600_000, 883),
        ] {
            let window = Window::at(length, now);
            assert_eq!(window.starts_at, Timestamp(start), "{length:?}");
            assert_eq!(window.seconds_left(now), left, "{length:?}");
            assert_eq!(Window::at(length, window.ends_at()).starts_at, window.ends_at(), "{length:?}");
            assert_eq!(Window::at(length, Timestamp(window.ends_at().0 - 1)), window, "{length:?}");
        }
    }

    #[test]
    fn chunks_add_up_to_the_limit_and_are_not_one_by_one() {
        let limits: Vec<u32> = Plan::ALL
            .iter()
            .flat_map(|plan| Counted::Plan.quotas(plan.limits()))
            .chain(Counted::Other.quotas(Plan::Startup.limits()))
            .map(|quota| quota.limit)
            .chain([1, 2, 3, 100_000])
            .collect();
        for limit in limits {
            let quota = Quota { length: HOUR, limit };
            let (mut taken, mut takes) = (0, 0);
            while taken < limit {
                let chunk = quota.chunk(taken);
                assert!(chunk >= 1 && chunk <= (limit / 100).max(2), "{limit}: {chunk} at {taken}");
                taken += chunk;
                takes += 1;
            }
            assert_eq!((taken, quota.chunk(taken)), (limit, 0));
            assert!(limit < 10 || takes * 3 <= limit * 2, "{limit} in {takes} takes");
        }
    }
}
