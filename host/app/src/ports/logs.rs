//! What agents, their plugins and the host said, by user. Lines of a task are local effects of its journal; those of a start, a stop and
//! a pause commit with it.

use super::store_error::StoreError;
use domain::id::{AgentId, TaskId, UserId};
use domain::log::{Level, LogLine};
use domain::time::Timestamp;
use std::fmt;
use std::str::FromStr;

/// Where a line is in the log. Whoever has read up to a place and asks for what is after it misses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// The transaction that wrote it; 0 where transactions commit in order.
    pub transaction: i64,
    /// Among all lines.
    pub number: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.transaction, self.number)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (transaction, number) = text.split_once('-').ok_or(())?;
        let whole = |digits: &str| digits.parse().ok().filter(|value: &i64| *value >= 0).ok_or(());
        Ok(Self { transaction: whole(transaction)?, number: whole(number)? })
    }
}

/// Which lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    /// Whose.
    pub user: UserId,
    /// About this agent only.
    pub agent: Option<AgentId>,
    /// Of this task only.
    pub task: Option<TaskId>,
    /// Not below this level.
    pub level: Level,
    /// Not before this time.
    pub since: Option<Timestamp>,
}

/// Which part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogPart {
    /// The newest, newest first; before a place if one is given.
    Newest(Option<Place>),
    /// The newest, newest first, without lines so young that an older one may still appear.
    Settled,
    /// What is after a place, oldest first, without such lines.
    After(Place),
}

/// A line with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Where it is.
    pub place: Place,
    /// What it says.
    pub line: LogLine,
    /// The agent's name; none when it was deleted since.
    pub agent_name: Option<String>,
}

/// Logs.
#[async_trait::async_trait]
pub trait Logs: Send + Sync + 'static {
    /// Keep lines that no other operation carries.
    async fn write_logs(&self, lines: Vec<LogLine>) -> Result<(), StoreError>;

    /// At most `limit` lines.
    async fn list_logs(
        &self,
        filter: &LogFilter,
        part: LogPart,
        limit: u32,
    ) -> Result<Vec<LogRow>, StoreError>;

    /// Delete lines from before a time, and the oldest of a user who has more than `most`; about `limit` at a time. Answers how many.
    async fn clean_logs(&self, before: Timestamp, most: u64, limit: u32) -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_text_and_other_text_is_refused() {
        let place = Place { transaction: 901, number: 17 };
        assert_eq!(place.to_string().parse(), Ok(place));
        for text in ["", "-", "1", "1-", "-1", "1-x", "1--2", "-1-2", "1-2-3", "9223372036854775808-1"] {
            assert_eq!(text.parse::<Place>(), Err(()), "{text}");
        }
    }
}
