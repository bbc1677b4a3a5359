//! Points in time as whole milliseconds. Nobody in this crate reads a clock.

use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This time and `duration`.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not after.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 with `Z`, without a fraction: `2026-02-23T15:30:00Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_second(self.0.div_euclid(1000)).unwrap_or_default().to_string()
    }

    /// The time of an RFC 3339 text, with any offset and fraction.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let read: jiff::Timestamp = text.parse().ok()?;
        Some(Self(read.as_millisecond()))
    }

    /// RFC 3339 with milliseconds: `2026-02-23T15:30:00.000Z`.
    #[must_use]
    pub fn rfc3339_millis(self) -> String {
        format!("{:.3}", jiff::Timestamp::from_millisecond(self.0).unwrap_or_default())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.rfc3339())
    }
}
