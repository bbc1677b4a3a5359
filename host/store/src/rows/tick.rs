//! When agents tick, and the tasks of their ticks.

use domain::id::{AgentId, TaskId, UserId};
use domain::room::Room;
use domain::task::NewTask;
use domain::time::Timestamp;
use domain::turn::{Origin, Turn};
use uuid::Uuid;

/// An agent whose tick is due.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) agent: AgentId,
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) interval_ms: i64,
    pub(crate) due: Timestamp,
    pub(crate) room: Option<Uuid>,
    /// Its last tick has not ended: this one is skipped.
    pub(crate) is_ticking: bool,
}

impl Due {
    /// The first time of its beat that is not over: what was missed is skipped, not caught up.
    pub(crate) fn next(&self, now: Timestamp) -> Timestamp {
        let interval = self.interval_ms.max(1);
        let missed = now.0.saturating_sub(self.due.0).max(0) / interval;
        Timestamp(self.due.0.saturating_add(interval.saturating_mul(missed.saturating_add(1))))
    }

    /// Its conversation with itself.
    pub(crate) fn room(&self) -> Uuid {
        self.room.unwrap_or_else(|| Room::autonomous_id(self.agent))
    }

    /// The task of its tick. The id follows from the time that it was due: two hosts cannot make two of it.
    pub(crate) fn task(&self, now: Timestamp) -> NewTask {
        let id = TaskId::derived(TaskId::TICK, &format!("{}:{}", self.agent, self.due.0));
        let turn = Turn { origin: Origin::Tick, agent: self.name.clone(), room: self.room() };
        turn.task(id, self.user, self.agent, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_interval_is_skipped_and_the_beat_is_kept() {
        let due = Due {
            agent: AgentId(Uuid::from_u128(1)),
            user: UserId(Uuid::from_u128(2)),
            name: "writer".to_owned(),
            interval_ms: 5_000,
            due: Timestamp(10_000),
            room: None,
            is_ticking: false,
        };
        for (now, expected) in [(10_000, 15_000), (10_900, 15_000), (15_000, 20_000), (31_000, 35_000)] {
            assert_eq!(due.next(Timestamp(now)), Timestamp(expected), "{now}");
        }
        let later = due.clone();
        assert_eq!(due.task(Timestamp(1)).id, later.task(Timestamp(2)).id);
    }
}
