//! elizaOS sessions: conversations that end when nobody has used them for a while.

use crate::id::{AgentId, UserId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

/// The shortest idle time, in minutes.
pub const SHORTEST_TIMEOUT: u32 = 5;
/// The longest idle time, in minutes.
pub const LONGEST_TIMEOUT: u32 = 1440;
/// The longest whole life, in minutes.
pub const LONGEST_DURATION: u32 = 2 * LONGEST_TIMEOUT;

/// When a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeout {
    /// Idle time.
    pub timeout_minutes: u32,
    /// Whether use renews it.
    pub auto_renew: bool,
    /// Its whole life, however much it is used.
    pub max_duration_minutes: u32,
    /// It is near its end when no more than this is left.
    pub warning_threshold_minutes: u32,
}

impl Default for Timeout {
    fn default() -> Self {
        Self {
            timeout_minutes: 30,
            auto_renew: true,
            max_duration_minutes: 720,
            warning_threshold_minutes: 5,
        }
    }
}

impl Timeout {
    /// The same within the limits: elizaOS clamps, it does not refuse.
    #[must_use]
    pub fn clamped(self) -> Self {
        let timeout_minutes = self.timeout_minutes.clamp(SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
        Self {
            timeout_minutes,
            max_duration_minutes: self.max_duration_minutes.clamp(timeout_minutes, LONGEST_DURATION),
            warning_threshold_minutes: self.warning_threshold_minutes.clamp(1, LONGEST_TIMEOUT),
            ..self
        }
    }
}

/// A stored session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Identity.
    pub id: Uuid,
    /// Its conversation; elizaOS calls it a channel.
    pub room: Uuid,
    /// Whose.
    pub user: UserId,
    /// With which agent.
    pub agent: AgentId,
    /// The client's own id of the person.
    pub sender: Uuid,
    /// The client's own: an object.
    pub metadata: Value,
    /// When it ends.
    pub timeout: Timeout,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_activity: Timestamp,
    /// It is over then.
    pub expires_at: Timestamp,
    /// How often it was renewed.
    pub renewals: u32,
}

fn minutes(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 60)
}

impl Session {
    /// Whether it is over.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// What is left of it.
    #[must_use]
    pub fn remaining(&self, now: Timestamp) -> Duration {
        self.expires_at.since(now)
    }

    /// Whether little is left of it.
    #[must_use]
    pub fn is_near_expiration(&self, now: Timestamp) -> bool {
        !self.is_expired(now) && self.remaining(now) <= minutes(self.timeout.warning_threshold_minutes)
    }

    /// When it ends by its timeout: after the idle time, at most at the end of its whole life.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        let from = if self.timeout.auto_renew { self.last_activity } else { self.created_at };
        let idle = from.plus(minutes(self.timeout.timeout_minutes));
        idle.min(self.created_at.plus(minutes(self.timeout.max_duration_minutes)))
    }

    /// It is used now. Answers whether that renewed it: only with `auto_renew`.
    pub fn touch(&mut self, now: Timestamp) -> bool {
        self.last_activity = now;
        if self.timeout.auto_renew {
            self.renewals = self.renewals.saturating_add(1);
            self.expires_at = self.end();
        }
        self.timeout.auto_renew
    }

    /// Begin the idle time anew, also without `auto_renew`. Nothing outlives its whole life.
    pub fn renew(&mut self, now: Timestamp) {
        let kept = self.timeout;
        self.timeout.auto_renew = true;
        self.touch(now);
        self.timeout = kept;
    }

    /// Give it another timeout.
    pub fn set_timeout(&mut self, timeout: Timeout) {
        self.timeout = timeout.clamped();
        self.expires_at = self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn session(timeout: Timeout) -> Session {
        let mut session = Session {
            id: Uuid::nil(),
            room: Uuid::nil(),
            user: UserId(Uuid::nil()),
            agent: AgentId(Uuid::nil()),
            sender: Uuid::nil(),
            metadata: Value::Null,
            timeout,
            created_at: Timestamp(0),
            last_activity: Timestamp(0),
            expires_at: Timestamp(0),
            renewals: 0,
        };
        session.set_timeout(timeout);
        session
    }

    #[test]
    fn use_renews_it_until_its_whole_life_is_over() {
        let mut session = session(Timeout::default());
        assert_eq!(session.expires_at, Timestamp(30 * MINUTE));
        assert!(
            !session.is_expired(Timestamp(30 * MINUTE - 1)) && session.is_expired(Timestamp(30 * MINUTE))
        );
        assert!(!session.is_near_expiration(Timestamp(25 * MINUTE - 1)));
        assert!(session.is_near_expiration(Timestamp(25 * MINUTE)));
        assert!(!session.is_near_expiration(Timestamp(30 * MINUTE)), "it is over");
        assert!(session.touch(Timestamp(20 * MINUTE)));
        assert_eq!((session.expires_at, session.renewals), (Timestamp(50 * MINUTE), 1));
        assert!(session.touch(Timestamp(715 * MINUTE)));
        assert_eq!(session.expires_at, Timestamp(720 * MINUTE));
    }

    #[test]
    fn without_auto_renew_only_a_renewal_prolongs_it() {
        let mut session = session(Timeout { auto_renew: false, ..Timeout::default() });
        assert!(!session.touch(Timestamp(10 * MINUTE)));
        assert_eq!((session.expires_at, session.renewals), (Timestamp(30 * MINUTE), 0));
        session.renew(Timestamp(10 * MINUTE));
        assert_eq!((session.expires_at, session.renewals), (Timestamp(40 * MINUTE), 1));
        assert!(!session.timeout.auto_renew);
    }

    #[test]
    fn a_timeout_is_clamped() {
        let given = |timeout_minutes, max_duration_minutes, warning_threshold_minutes| Timeout {
            timeout_minutes,
            max_duration_minutes,
            warning_threshold_minutes,
            auto_renew: true,
        };
        for (given, clamped) in [
            (given(30, 720, 5), given(30, 720, 5)),
            (given(4, 3, 0), given(5, 5, 1)),
            (given(1441, 9999, 1441), given(1440, 2880, 1440)),
        ] {
            assert_eq!(given.clamped(), clamped);
        }
    }
}
