//! What a task shows never falls, and 100 is for completed tasks.

use domain::event::EventBody;
use domain::task::Progress;

/// What a progress report means beside what the task shows already.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    /// What the task shows from now on.
    pub(crate) progress: Progress,
    /// Whether that is something new; then it is an event, too.
    pub(crate) changed: bool,
}

impl Shown {
    /// Merge a report into what is shown.
    pub(crate) fn merge(present: &Progress, report: Progress) -> Self {
        let percent = report.percent.min(99).max(present.percent);
        let progress = Progress { percent, ..report };
        Self { changed: progress != *present, progress }
    }
}

/// The durable event `progress`.
pub(crate) fn progress_event(progress: &Progress) -> EventBody {
    let data = serde_json::json!({
        "percent": progress.percent,
        "currentAgent": progress.current_agent,
        "currentPhase": progress.current_phase,
        "completedPhases": progress.completed_phases,
        "atWork": progress.at_work,
    });
    EventBody { event: "progress".to_owned(), data }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(percent: u8, agent: &str) -> Progress {
        Progress { percent, current_agent: Some(agent.to_owned()), ..Progress::default() }
    }

    #[test]
    fn progress_never_falls_and_only_a_finish_shows_a_hundred() {
        for (present, report, shown, changed) in
            [(0, 10, 10, true), (10, 5, 10, false), (10, 10, 10, false), (10, 100, 99, true)]
        {
            let merged = Shown::merge(&progress(present, "a"), progress(report, "a"));
            assert_eq!(
                (merged.progress.percent, merged.changed),
                (shown, changed),
                "{present} then {report}"
            );
        }
        let other = Shown::merge(&progress(10, "a"), progress(5, "b"));
        assert!(other.changed && other.progress == progress(10, "b"));
    }
}
