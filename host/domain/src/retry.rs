//! Whether and when a scope is tried again.

use crate::time::Timestamp;
use std::time::Duration;

/// How often and how long apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all.
    pub tries: u32,
    /// Before the second try; doubles each time.
    pub first_delay: Duration,
    /// Delays do not grow beyond this.
    pub longest_delay: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { tries: 3, first_delay: Duration::from_millis(500), longest_delay: Duration::from_secs(60) }
    }
}

impl RetryPolicy {
    /// When to make the try after `failed` (from 1), which ended at `ended`; none when that was the last.
    #[must_use]
    pub fn next(&self, failed: u32, ended: Timestamp, asked: Option<Duration>) -> Option<Timestamp> {
        if failed >= self.tries {
            return None;
        }
        let doubled = self.first_delay.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1)));
        Some(ended.plus(doubled.min(self.longest_delay).max(asked.unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_tries_end() {
        let policy = RetryPolicy {
            tries: 5,
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(3),
        };
        let delays: Vec<_> = (1..=5).map(|failed| policy.next(failed, Timestamp(0), None)).collect();
        assert_eq!(
            delays,
            [
                Some(Timestamp(1000)),
                Some(Timestamp(2000)),
                Some(Timestamp(3000)),
                Some(Timestamp(3000)),
                None
            ]
        );
        assert_eq!(policy.next(1, Timestamp(0), Some(Duration::from_secs(9))), Some(Timestamp(9000)));
    }
}
