//! What was said, by user.

use super::SqliteStore;
use super::failure::Outcome;
use super::writer::Lane;
use crate::rows::{LogColumns, column, levels_from};
use app::ports::logs::{LogFilter, LogPart, LogRow, Logs, Place};
use app::ports::store_error::StoreError;
use domain::id::AgentId;
use domain::log::LogLine;
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

#[async_trait::async_trait]
impl Logs for SqliteStore {
    async fn write_logs(&self, lines: Vec<LogLine>) -> Result<(), StoreError> {
        let weight = 512 + lines.iter().map(|line| 128 + line.message.len()).sum::<usize>();
        self.write(Lane::Normal, weight, move |connection| {
            lines.iter().try_for_each(|line| insert_line(connection, line))
        })
        .await
    }

    async fn list_logs(
        &self,
        filter: &LogFilter,
        part: LogPart,
        limit: u32,
    ) -> Result<Vec<LogRow>, StoreError> {
        let filter = filter.clone();
        self.read(move |connection| list(connection, &filter, part, limit)).await
    }

    async fn clean_logs(&self, before: Timestamp, most: u64, limit: u32) -> Result<u64, StoreError> {
        self.write(Lane::Normal, 4096, move |connection| clean(connection, before, most, limit)).await
    }
}

/// Write a line in the transaction of what it tells of.
pub(super) fn insert_line(connection: &Connection, line: &LogLine) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO logs (user_id, agent_id, task, at, level, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            line.user.to_string(),
            line.agent.to_string(),
            line.task.as_ref().map(ToString::to_string),
            line.at.0,
            line.level.as_str(),
            line.message
        ])?;
    Ok(())
}

/// A line of the host in the log of the agent's user.
pub(super) fn say(connection: &Connection, id: AgentId, message: &str, now: Timestamp) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO logs (user_id, agent_id, at, level, message) SELECT user_id, id, ?2, 'info', ?3 FROM agents WHERE id = ?1",
        )?
        .execute(params![id.to_string(), now.0, message])?;
    Ok(())
}

/// One writer commits in order, so every line is settled.
fn list(connection: &Connection, filter: &LogFilter, part: LogPart, limit: u32) -> Outcome<Vec<LogRow>> {
    let (condition, place) = match part {
        LogPart::Newest(Some(place)) => ("l.id < ?6 ORDER BY l.id DESC", place.number),
        LogPart::Newest(None) | LogPart::Settled => ("l.id < ?6 ORDER BY l.id DESC", i64::MAX),
        LogPart::After(Place { number, .. }) => ("l.id > ?6 ORDER BY l.id", number),
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT l.id, l.user_id, l.agent_id, a.name, l.task, l.at, l.level, l.message
         FROM logs l LEFT JOIN agents a ON a.id = l.agent_id
         WHERE l.user_id = ?1 AND (?2 IS NULL OR l.agent_id = ?2) AND (?3 IS NULL OR l.task = ?3)
         AND l.at >= ?4 AND instr(?5, l.level) > 0 AND {condition} LIMIT ?7"
    ))?;
    let mut rows = statement.query(params![
        filter.user.to_string(),
        filter.agent.map(|agent| agent.to_string()),
        filter.task.as_ref().map(ToString::to_string),
        filter.since.map_or(i64::MIN, |since| since.0),
        levels_from(filter.level).join(" "),
        place,
        limit,
    ])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        lines.push(columns(row)?.into_row()?);
    }
    Ok(lines)
}

fn clean(connection: &Connection, before: Timestamp, most: u64, limit: u32) -> Outcome<u64> {
    let mut deleted = connection
        .prepare_cached(
            "DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute(params![before.0, limit])? as u64;
    let talkative: Vec<String> = connection
        .prepare_cached("SELECT user_id FROM logs GROUP BY user_id HAVING count(*) > ?1")?
        .query_map(params![column(most)], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for user in talkative {
        deleted += connection
            .prepare_cached(
                "DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE user_id = ?1 AND id <= (
                     SELECT id FROM logs WHERE user_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2) ORDER BY id LIMIT ?3)",
            )?
            .execute(params![user, column(most), limit])? as u64;
    }
    Ok(deleted)
}

fn columns(row: &Row<'_>) -> Outcome<LogColumns> {
    Ok(LogColumns {
        transaction: 0,
        id: row.get(0)?,
        user_id: row.get(1)?,
        agent_id: row.get(2)?,
        agent_name: row.get(3)?,
        task: row.get(4)?,
        at: row.get(5)?,
        level: row.get(6)?,
        message: row.get(7)?,
    })
}
