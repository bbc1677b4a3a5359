//! Strikes: which task killed its host.
//!
//! A strike is a claim that ended by host death without a new durable entry. A host that dies takes up to 64 tasks with it, so one
//! strike only makes a task a suspect; suspects run alone, and only strikes alone count towards quarantine.

/// Strikes alone that quarantine a task.
pub const LIMIT: u32 = 3;

/// What the rescuer does with a task whose host died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Back to the queue with this many strikes; runs alone when that is not zero.
    Requeue {
        /// The new count.
        strikes: u32,
    },
    /// A person must look.
    Quarantine,
}

/// Judge a claim that ended by host death.
///
/// `progressed`: it made a durable entry. `alone`: it ran as a suspect, with nothing beside it. `strikes`: before this claim.
#[must_use]
pub fn judge(strikes: u32, progressed: bool, alone: bool) -> Verdict {
    if progressed {
        return Verdict::Requeue { strikes: 0 };
    }
    // The first strike makes a suspect and is not counted as one alone.
    let strikes = if alone || strikes == 0 { strikes + 1 } else { strikes };
    if strikes > LIMIT { Verdict::Quarantine } else { Verdict::Requeue { strikes } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poison_task_is_quarantined_after_three_strikes_alone() {
        let mut strikes = 0;
        let mut alone = false;
        let mut deaths = 0;
        while let Verdict::Requeue { strikes: now } = judge(strikes, false, alone) {
            deaths += 1;
            strikes = now;
            alone = true;
            assert!(deaths < 10);
        }
        assert_eq!(deaths, 3);
    }

    #[test]
    fn tasks_beside_a_poison_task_are_never_quarantined() {
        let mut strikes = 0;
        for _ in 0..100 {
            match judge(strikes, false, false) {
                Verdict::Requeue { strikes: now } => strikes = now,
                Verdict::Quarantine => unreachable!("a bystander was quarantined"),
            }
        }
        assert_eq!(judge(strikes, true, true), Verdict::Requeue { strikes: 0 });
    }
}
