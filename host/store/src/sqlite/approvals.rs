//! Approvals.

use super::SqliteStore;
use super::failure::Outcome;
use super::writer::Lane;
use crate::rows::{ApprovalRow, answer, approval_columns, encode};
use app::ports::approvals::{After, Answer, Approvals, Decided};
use app::ports::store_error::StoreError;
use domain::approval::{Approval, Status};
use domain::id::{TaskId, UserId};
use domain::task::State;
use domain::time::Timestamp;
use rusqlite::{Connection, Params, Row, params};

const FROM: &str = " FROM approvals a LEFT JOIN tasks t ON t.id = a.task WHERE ";

#[async_trait::async_trait]
impl Approvals for SqliteStore {
    async fn ask_approval(
        &self,
        approval: Approval,
        place: &str,
        now: Timestamp,
    ) -> Result<Answer, StoreError> {
        let (place, arguments) = (place.to_owned(), encode(&approval.arguments)?);
        self.write(Lane::Normal, 1024 + arguments.len(), move |connection| {
            insert(connection, &approval, &arguments)?;
            let kept = rows(connection, "a.id = ?1", params![approval.id])?.pop();
            let Some(kept) = kept else {
                return Err(StoreError::Internal("an approval is gone in its own transaction".to_owned()).into());
            };
            let used_by = kept.used_by.clone();
            let (answer, status) = answer(&kept.into_approval(now)?, used_by.as_deref(), &approval.binding, &place);
            if let Some(status) = status {
                connection
                    .prepare_cached(
                        "UPDATE approvals SET status = ?2, used_at = coalesce(used_at, ?3), used_by = ?4 WHERE id = ?1",
                    )?
                    .execute(params![approval.id, status.as_str(), now.0, place])?;
            }
            Ok(answer)
        })
        .await
    }

    async fn decide_approval(
        &self,
        user: UserId,
        id: &str,
        approve: bool,
        reason: Option<String>,
        by: &str,
        now: Timestamp,
    ) -> Result<Decided, StoreError> {
        let (id, by) = (id.to_owned(), by.to_owned());
        let work = move |connection: &Connection| {
            let find = || rows(connection, "a.user_id = ?1 AND a.id = ?2", params![user.to_string(), id]);
            let Some(row) = find()?.pop() else { return Ok(Decided::NoApproval) };
            let approval = row.into_approval(now)?;
            if approval.status != Status::Pending {
                return Ok(Decided::Over(approval));
            }
            let status = if approve { Status::Approved } else { Status::Rejected };
            connection
                .prepare_cached(
                    "UPDATE approvals SET status = ?2, reason = ?3, decided_at = ?4, decided_by = ?5 WHERE id = ?1",
                )?
                .execute(params![id, status.as_str(), reason, now.0, by])?;
            connection
                .prepare_cached("UPDATE tasks SET state = ?2, wake_at = NULL WHERE id = ?1 AND state = ?3")?
                .execute(params![
                    approval.task.as_ref().map(TaskId::as_str),
                    State::Queued.as_str(),
                    State::Waiting.as_str()
                ])?;
            let decided = find()?.pop().map(|row| row.into_approval(now)).transpose()?;
            Ok(decided.map_or(Decided::NoApproval, Decided::Done))
        };
        let decided = self.write(Lane::First, 2048, work).await?;
        self.ring();
        Ok(decided)
    }

    async fn find_approval(
        &self,
        user: UserId,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Approval>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| {
            let row = rows(connection, "a.user_id = ?1 AND a.id = ?2", params![user.to_string(), id])?.pop();
            Ok(row.map(|row| row.into_approval(now)).transpose()?)
        })
        .await
    }

    async fn list_approvals(
        &self,
        user: UserId,
        status: Option<Status>,
        after: Option<After>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Approval>, StoreError> {
        self.read(move |connection| {
            let (at, id) = after.map_or((i64::MAX, String::new()), |(at, id)| (at.0, id));
            let condition = "a.user_id = ?1 AND (a.created_at, a.id) < (?2, ?3)
                 AND (?4 IS NULL OR ?4 = CASE WHEN a.status IN ('pending', 'approved')
                     AND (a.expires_at <= ?5 OR t.completed_at IS NOT NULL) THEN 'expired' ELSE a.status END)
                 ORDER BY a.created_at DESC, a.id DESC LIMIT ?6";
            let status = status.map(Status::as_str);
            let found = rows(connection, condition, params![user.to_string(), at, id, status, now.0, limit])?;
            let found = found.into_iter().map(|row| row.into_approval(now));
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn list_task_approvals(&self, task: &TaskId, now: Timestamp) -> Result<Vec<Approval>, StoreError> {
        let task = task.clone();
        self.read(move |connection| {
            let found = rows(
                connection,
                "a.task = ?1 ORDER BY a.created_at, a.id LIMIT 200",
                params![task.as_str()],
            )?;
            let found = found.into_iter().map(|row| row.into_approval(now));
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn insert(connection: &Connection, approval: &Approval, arguments: &str) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO approvals (id, user_id, agent_id, task, tool, arguments_hash, arguments, digest, origin, status, created_at,
             expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            approval.id,
            approval.user.to_string(),
            approval.binding.agent.to_string(),
            approval.task.as_ref().map(TaskId::as_str),
            approval.binding.tool,
            approval.binding.arguments_hash,
            arguments,
            approval.binding.digest.0,
            approval.origin,
            approval.status.as_str(),
            approval.created_at.0,
            approval.expires_at.0,
        ])?;
    Ok(())
}

/// `condition` is one of the constants above, never a caller's text.
fn rows(connection: &Connection, condition: &'static str, values: impl Params) -> Outcome<Vec<ApprovalRow>> {
    let mut statement =
        connection.prepare_cached(&[concat!("SELECT ", approval_columns!()), FROM, condition].concat())?;
    let rows = statement.query_map(values, row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn row(row: &Row<'_>) -> rusqlite::Result<ApprovalRow> {
    Ok(ApprovalRow {
        id: row.get(0)?,
        user_id: row.get(1)?,
        agent_id: row.get(2)?,
        task: row.get(3)?,
        tool: row.get(4)?,
        arguments_hash: row.get(5)?,
        arguments: row.get(6)?,
        digest: row.get(7)?,
        origin: row.get(8)?,
        status: row.get(9)?,
        reason: row.get(10)?,
        created_at: row.get(11)?,
        expires_at: row.get(12)?,
        decided_at: row.get(13)?,
        decided_by: row.get(14)?,
        used_at: row.get(15)?,
        used_by: row.get(16)?,
        task_ended: row.get(17)?,
    })
}
