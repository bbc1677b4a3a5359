//! The place in a list of tasks, newest first: `next` of a page.

use app::ports::store_error::StoreError;
use domain::id::TaskId;
use domain::task::Task;
use domain::time::Timestamp;

/// The last task of the page before: tasks after it are older, or as old with a smaller id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) created_at: Timestamp,
    pub(crate) id: TaskId,
}

impl Cursor {
    /// The cursor after this task.
    pub(crate) fn after(task: &Task) -> Self {
        Self { created_at: task.new.created_at, id: task.new.id.clone() }
    }

    /// `MILLISECONDS.TASK`.
    pub(crate) fn text(&self) -> String {
        format!("{}.{}", self.created_at.0, self.id)
    }

    /// The cursor of that text; another text is `Conflict`.
    pub(crate) fn parse(text: &str) -> Result<Self, StoreError> {
        text.split_once('.')
            .and_then(|(time, id)| {
                Some(Self { created_at: Timestamp(time.parse().ok()?), id: id.parse().ok()? })
            })
            .ok_or_else(|| {
                StoreError::Conflict(format!(
                    "{text:?} is not a cursor: give `nextCursor` of the page before"
                ))
            })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_cursor_comes_back_from_its_text_and_other_text_is_refused() {
        let cursor = Cursor { created_at: Timestamp(1_771_860_600_000), id: TaskId::new("task", [7; 6]) };
        assert_eq!(Cursor::parse(&cursor.text()).unwrap(), cursor);
        for text in ["", "1", "1.", ".task_070707070707", "x.task_070707070707", "1.task_07"] {
            assert!(matches!(Cursor::parse(text), Err(StoreError::Conflict(_))), "{text}");
        }
    }
}
