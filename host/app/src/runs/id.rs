//! Clients of elizaOS want UUIDs for runs: that of a turn holds the turn's id, so that it can be found again by it.

use domain::id::TaskId;
use uuid::{Builder, Uuid};

const WORDS: [&str; 2] = [TaskId::TURN, TaskId::TICK];

/// The UUID (version 8) of a turn or tick; nil for another task.
pub(crate) fn run_id(task: &TaskId) -> Uuid {
    let made = || {
        let (word, digits) = task.as_str().split_once('_')?;
        let digits = u64::from_str_radix(digits, 16).ok()?;
        let mut bytes = [0; 16];
        let word = WORDS.into_iter().find(|known| *known == word)?.bytes();
        bytes.iter_mut().zip(word).for_each(|(byte, letter)| *byte = letter);
        bytes.iter_mut().rev().zip(digits.to_le_bytes()).take(6).for_each(|(byte, digit)| *byte = digit);
        Some(Builder::from_custom_bytes(bytes).into_uuid())
    };
    made().unwrap_or_default()
}

/// The turn or tick of such a UUID.
pub(super) fn task_id(run: Uuid) -> Option<TaskId> {
    let digits: String = run.simple().to_string().chars().skip(20).collect();
    let tasks = WORDS.into_iter().filter_map(|word| format!("{word}_{digits}").parse().ok());
    let mut tasks = tasks.filter(|task| run_id(task) == run);
    tasks.next()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_turn_is_found_by_the_id_of_its_run() {
        let turn = TaskId::new(TaskId::TURN, [0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6]);
        let tick = TaskId::new(TaskId::TICK, [0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6]);
        assert_eq!(run_id(&turn).to_string(), "7475726e-0000-8000-8000-a1b2c3d4e5f6");
        assert_eq!(run_id(&turn).get_version_num(), 8);
        for task in [turn, tick] {
            assert_eq!(task_id(run_id(&task)), Some(task));
        }
        for other in ["00000000-0000-0000-0000-000000000000", "7475726e-0000-4000-8000-a1b2c3d4e5f6"] {
            assert_eq!(task_id(other.parse().unwrap()), None);
        }
        assert_eq!(run_id(&TaskId::new(TaskId::TASK, [1; 6])), Uuid::nil());
    }
}
