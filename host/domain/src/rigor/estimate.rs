//! `estimatedCompletion`: from the median durations of finished tasks of the same line and tier.

use crate::time::Timestamp;
use std::time::Duration;

/// The middle of the durations; none when there are none.
#[must_use]
pub fn median(durations: &mut [Duration]) -> Option<Duration> {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied()
}

/// When an unfinished task ends, as far as we can tell: what is left of the expected duration, never in the past.
///
/// `expected` is the median of finished tasks, or stations x the configured default.
#[must_use]
pub fn completion(now: Timestamp, expected: Duration, progress: u8) -> Timestamp {
    let left = expected.mul_f64(1.0 - f64::from(progress.min(100)) / 100.0);
    // A whole second ahead, so that a time without fraction is not in the past either.
    now.plus(left.max(Duration::from_secs(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_shrinks_with_progress_and_is_never_in_the_past() {
        let now = Timestamp(1_000_000);
        let expected = Duration::from_secs(100);
        assert_eq!(completion(now, expected, 0), Timestamp(1_100_000));
        assert_eq!(completion(now, expected, 75), Timestamp(1_025_000));
        assert!(completion(now, expected, 100) > now);
    }

    #[test]
    fn the_median_of_nothing_is_nothing() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3, 1, 2].map(Duration::from_secs)), Some(Duration::from_secs(2)));
    }
}
