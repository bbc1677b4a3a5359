//! Lines of a log as rows.

use super::{parse, unreadable};
use app::ports::logs::{LogRow, Place};
use app::ports::store_error::StoreError;
use domain::log::{Level, LogLine};
use domain::time::Timestamp;

/// A row of `logs`.
#[derive(Debug, Clone)]
pub(crate) struct LogColumns {
    pub(crate) transaction: i64,
    pub(crate) id: i64,
    pub(crate) user_id: String,
    pub(crate) agent_id: String,
    pub(crate) agent_name: Option<String>,
    pub(crate) task: Option<String>,
    pub(crate) at: i64,
    pub(crate) level: String,
    pub(crate) message: String,
}

impl LogColumns {
    /// The line that the row holds.
    pub(crate) fn into_row(self) -> Result<LogRow, StoreError> {
        Ok(LogRow {
            place: Place { transaction: self.transaction, number: self.id },
            line: LogLine {
                user: parse("logs.user_id", &self.user_id)?,
                agent: parse("logs.agent_id", &self.agent_id)?,
                task: self.task.as_deref().map(|task| parse("logs.task", task)).transpose()?,
                at: Timestamp(self.at),
                level: Level::parse(&self.level)
                    .ok_or_else(|| unreadable("logs.level", &self.level, &"unknown level"))?,
                message: self.message,
            },
            agent_name: self.agent_name,
        })
    }
}

/// The words of the levels from this one.
pub(crate) fn levels_from(level: Level) -> Vec<String> {
    Level::ALL.into_iter().filter(|other| *other >= level).map(|other| other.as_str().to_owned()).collect()
}
