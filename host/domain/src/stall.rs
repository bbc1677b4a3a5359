//! Tasks that wait for something that does not work: how long, and when to give up.
//!
//! A stall is a claim that ended in a wait without a new entry: the journal says nothing of it, so whoever claims next knows only how
//! many there were in a row.

use std::time::Duration;

/// Before the second claim; doubles with each stall.
const FIRST: Duration = Duration::from_secs(1);
/// Waits do not grow beyond this.
const LONGEST: Duration = Duration::from_secs(300);
/// A fault that does not pass ends the task after this many claims in a row: about four minutes.
pub const LASTING_LIMIT: u32 = 8;
/// Trouble that should pass ends it after this many: about eight hours.
pub const PASSING_LIMIT: u32 = 100;

/// Before a model that is away is asked again; doubles with each stall.
const MODEL_FIRST: Duration = Duration::from_secs(5);

/// What becomes of a task that met a fault of its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It waits.
    Wait(Duration),
    /// It ends.
    GiveUp,
}

/// Judge a claim that met a fault, after `stalls` claims in a row that had no new entry either.
#[must_use]
pub fn judge(stalls: u32, lasting: bool) -> Verdict {
    let limit = if lasting { LASTING_LIMIT } else { PASSING_LIMIT };
    if stalls.saturating_add(1) >= limit { Verdict::GiveUp } else { Verdict::Wait(doubled(FIRST, stalls)) }
}

/// How long to wait for a model that is away; none when the task has waited longer than `patience` for it already.
#[must_use]
pub fn model(stalls: u32, patience: Duration) -> Option<Duration> {
    let waited: Duration = (0..stalls).map(|stall| doubled(MODEL_FIRST, stall)).sum();
    (waited < patience).then(|| doubled(MODEL_FIRST, stalls))
}

fn doubled(first: Duration, stalls: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(stalls)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_and_lasting_faults_end_first() {
        let mut waited = Duration::ZERO;
        let mut claims = 0;
        while let Verdict::Wait(wait) = judge(claims, true) {
            assert!(claims == 0 || wait > Duration::from_secs(1));
            waited += wait;
            claims += 1;
        }
        assert_eq!((claims + 1, waited), (LASTING_LIMIT, Duration::from_secs(127)));
        assert_eq!(judge(claims, false), Verdict::Wait(Duration::from_secs(128)));
        assert_eq!(judge(50, false), Verdict::Wait(LONGEST));
        assert_eq!(judge(PASSING_LIMIT, false), Verdict::GiveUp);
    }

    #[test]
    fn a_model_is_waited_for_until_patience_ends() {
        let hour = Duration::from_secs(3600);
        assert_eq!(model(0, hour), Some(Duration::from_secs(5)));
        assert_eq!(model(1, hour), Some(Duration::from_secs(10)));
        let asked = (0..).take_while(|stalls| model(*stalls, hour).is_some()).count();
        // 5, 10 ... 160 s, then every five minutes.
        assert_eq!(asked, 17);
        assert_eq!(model(0, Duration::ZERO), None);
    }
}
