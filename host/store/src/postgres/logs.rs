//! The port `Logs`.

use super::PostgresStore;
use super::failure::Failure;
use super::transaction::{Write, transact};
use crate::rows::{LogColumns, column, levels_from, text_of};
use app::ports::logs::{LogFilter, LogPart, LogRow, Logs, Place};
use app::ports::store_error::StoreError;
use domain::id::AgentId;
use domain::log::LogLine;
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// What both directions read, but for the condition on the place.
macro_rules! lines {
    ($condition:literal) => {
        concat!(
            "SELECT l.tx, l.id, l.user_id, l.agent_id, a.name, l.task, l.at, l.level, l.message
             FROM logs l LEFT JOIN agents a ON a.id = l.agent_id
             WHERE l.user_id = $1 AND ($2::text IS NULL OR l.agent_id = $2) AND ($3::text IS NULL OR l.task = $3)
             AND l.at >= $4 AND l.level = ANY($5) AND ",
            $condition,
            " LIMIT $8"
        )
    };
}

/// Newest first.
const NEWEST: &str = lines!("(l.tx, l.id) < ($6, $7) ORDER BY l.tx DESC, l.id DESC");
/// A line whose transaction is not older than every open one may get an older neighbour. One that no transaction of this server can have
/// written came with a copy of the database, and gets none.
const SETTLED: &str = lines!(
    "(l.tx, l.id) < ($6, $7) AND (l.tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        OR l.tx >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint) ORDER BY l.tx DESC, l.id DESC"
);
const AFTER: &str = lines!(
    "(l.tx, l.id) > ($6, $7) AND (l.tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        OR l.tx >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint) ORDER BY l.tx, l.id"
);

#[async_trait::async_trait]
impl Logs for PostgresStore {
    async fn write_logs(&self, lines: Vec<LogLine>) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            write.identify().await?;
            insert_lines(&mut write, &lines).await
        })
    }

    async fn list_logs(
        &self,
        filter: &LogFilter,
        part: LogPart,
        limit: u32,
    ) -> Result<Vec<LogRow>, StoreError> {
        transact!(self.database(), write => list(&mut write, filter, part, limit))
    }

    async fn clean_logs(&self, before: Timestamp, most: u64, limit: u32) -> Result<u64, StoreError> {
        transact!(self.database(), write => clean(&mut write, before, most, limit))
    }
}

/// Write lines in the transaction of what they tell of.
pub(super) async fn insert_lines(write: &mut Write, lines: &[LogLine]) -> Result<(), Failure> {
    if lines.is_empty() {
        return Ok(());
    }
    write
        .query(
            "INSERT INTO logs (user_id, agent_id, task, at, level, message)
             SELECT l.user_id, l.agent_id, l.task, l.at, l.level, l.message
             FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bytea[])
                  WITH ORDINALITY AS l (user_id, agent_id, task, at, level, message, place) ORDER BY l.place",
        )
        .bind(lines.iter().map(|line| line.user.to_string()).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.agent.to_string()).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.task.as_ref().map(ToString::to_string)).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.at.0).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.level.as_str().to_owned()).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.message.as_bytes().to_vec()).collect::<Vec<_>>())
        .execute(write.connection())
        .await?;
    Ok(())
}

/// A line of the host in the log of the agent's user.
pub(super) async fn say(
    write: &mut Write,
    id: AgentId,
    message: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    write
        .query(
            "INSERT INTO logs (user_id, agent_id, at, level, message) SELECT user_id, id, $2, 'info', $3 FROM agents WHERE id = $1",
        )
        .bind(id.to_string())
        .bind(now.0)
        .bind(message.as_bytes().to_vec())
        .execute(write.connection())
        .await?;
    Ok(())
}

async fn list(
    write: &mut Write,
    filter: &LogFilter,
    part: LogPart,
    limit: u32,
) -> Result<Vec<LogRow>, Failure> {
    const END: Place = Place { transaction: i64::MAX, number: i64::MAX };
    let (statement, place) = match part {
        LogPart::Newest(before) => (NEWEST, before.unwrap_or(END)),
        LogPart::Settled => (SETTLED, END),
        LogPart::After(place) => (AFTER, place),
    };
    let rows = write
        .query(statement)
        .bind(filter.user.to_string())
        .bind(filter.agent.map(|agent| agent.to_string()))
        .bind(filter.task.as_ref().map(ToString::to_string))
        .bind(filter.since.map_or(i64::MIN, |since| since.0))
        .bind(levels_from(filter.level))
        .bind(place.transaction)
        .bind(place.number)
        .bind(i64::from(limit))
        .fetch_all(write.connection())
        .await?;
    rows.iter().map(|row| Ok(columns(row)?.into_row()?)).collect()
}

async fn clean(write: &mut Write, before: Timestamp, most: u64, limit: u32) -> Result<u64, Failure> {
    let old = write
        .query("DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE at < $1 ORDER BY at LIMIT $2)")
        .bind(before.0)
        .bind(i64::from(limit))
        .execute(write.connection())
        .await?;
    let surplus = write
        .query(
            "DELETE FROM logs WHERE id IN (
                 SELECT l.id FROM (SELECT user_id FROM logs GROUP BY user_id HAVING count(*) > $1) AS talkative
                 CROSS JOIN LATERAL (
                     SELECT tx, id FROM logs WHERE user_id = talkative.user_id ORDER BY tx DESC, id DESC OFFSET $1 LIMIT 1
                 ) AS last
                 JOIN logs l ON l.user_id = talkative.user_id AND (l.tx, l.id) <= (last.tx, last.id)
                 ORDER BY l.tx, l.id LIMIT $2
             )",
        )
        .bind(column(most))
        .bind(i64::from(limit))
        .execute(write.connection())
        .await?;
    Ok(old.rows_affected() + surplus.rows_affected())
}

fn columns(row: &PgRow) -> Result<LogColumns, Failure> {
    Ok(LogColumns {
        transaction: row.try_get(0)?,
        id: row.try_get(1)?,
        user_id: row.try_get(2)?,
        agent_id: row.try_get(3)?,
        agent_name: row.try_get(4)?,
        task: row.try_get(5)?,
        at: row.try_get(6)?,
        level: row.try_get(7)?,
        message: text_of("logs.message", row.try_get(8)?)?,
    })
}
