//! The port `Approvals`.

use super::PostgresStore;
use super::failure::Failure;
use super::row::bytes;
use super::transaction::{Write, transact};
use crate::rows::{ApprovalRow, answer, approval_columns, encode};
use app::ports::approvals::{After, Answer, Approvals, Decided};
use app::ports::store_error::StoreError;
use domain::approval::{Approval, Status};
use domain::id::{TaskId, UserId};
use domain::task::State;
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

#[async_trait::async_trait]
impl Approvals for PostgresStore {
    async fn ask_approval(
        &self,
        approval: Approval,
        place: &str,
        now: Timestamp,
    ) -> Result<Answer, StoreError> {
        transact!(self.database(), write => ask(&mut write, &approval, place, now))
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
        let status = if approve { Status::Approved } else { Status::Rejected };
        let decided = transact!(self.database(), write => async {
            write.identify().await?;
            decide(&mut write, (user, id), status, reason.as_deref(), by, now).await
        })?;
        self.signal().raise_if(matches!(decided, Decided::Done(_)));
        Ok(decided)
    }

    async fn find_approval(
        &self,
        user: UserId,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Approval>, StoreError> {
        transact!(self.database(), write => find(&mut write, user, id, now))
    }

    async fn list_approvals(
        &self,
        user: UserId,
        status: Option<Status>,
        after: Option<After>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Approval>, StoreError> {
        transact!(self.database(), write => async {
            let (at, id) = after.clone().map_or((i64::MAX, String::new()), |(at, id)| (at.0, id));
            let rows = write
                .query(concat!(
                    "SELECT ",
                    approval_columns!(),
                    " FROM approvals a LEFT JOIN tasks t ON t.id = a.task
                     WHERE a.user_id = $1 AND (a.created_at, a.id) < ($2, $3)
                     AND ($4::text IS NULL OR $4 = CASE WHEN a.status IN ('pending', 'approved')
                         AND (a.expires_at <= $5 OR t.completed_at IS NOT NULL) THEN 'expired' ELSE a.status END)
                     ORDER BY a.created_at DESC, a.id DESC LIMIT $6"
                ))
                .bind(user.to_string())
                .bind(at)
                .bind(id)
                .bind(status.map(Status::as_str))
                .bind(now.0)
                .bind(i64::from(limit))
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(|found| Ok(row(found)?.into_approval(now)?)).collect()
        })
    }

    async fn list_task_approvals(&self, task: &TaskId, now: Timestamp) -> Result<Vec<Approval>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(concat!(
                    "SELECT ",
                    approval_columns!(),
                    " FROM approvals a LEFT JOIN tasks t ON t.id = a.task WHERE a.task = $1
                     ORDER BY a.created_at, a.id LIMIT 200"
                ))
                .bind(task.to_string())
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(|found| Ok(row(found)?.into_approval(now)?)).collect()
        })
    }
}

async fn ask(write: &mut Write, asked: &Approval, place: &str, now: Timestamp) -> Result<Answer, Failure> {
    write
        .query(
            "INSERT INTO approvals (id, user_id, agent_id, task, tool, arguments_hash, arguments, digest, origin, status, created_at,
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING",
        )
        .bind(asked.id.clone())
        .bind(asked.user.to_string())
        .bind(asked.binding.agent.to_string())
        .bind(asked.task.as_ref().map(ToString::to_string))
        .bind(asked.binding.tool.clone())
        .bind(asked.binding.arguments_hash.clone())
        .bind(encode(&asked.arguments)?)
        .bind(bytes(&asked.binding.digest))
        .bind(asked.origin.clone())
        .bind(asked.status.as_str())
        .bind(asked.created_at.0)
        .bind(asked.expires_at.0)
        .execute(write.connection())
        .await?;
    let found = write
        .query(concat!(
            "SELECT ",
            approval_columns!(),
            " FROM approvals a LEFT JOIN tasks t ON t.id = a.task WHERE a.id = $1 FOR UPDATE OF a"
        ))
        .bind(asked.id.clone())
        .fetch_one(write.connection())
        .await?;
    let kept = row(&found)?;
    let used_by = kept.used_by.clone();
    let (answer, status) = answer(&kept.into_approval(now)?, used_by.as_deref(), &asked.binding, place);
    if let Some(status) = status {
        write
            .query("UPDATE approvals SET status = $2, used_at = coalesce(used_at, $3), used_by = $4 WHERE id = $1")
            .bind(asked.id.clone())
            .bind(status.as_str())
            .bind(now.0)
            .bind(place.to_owned())
            .execute(write.connection())
            .await?;
    }
    Ok(answer)
}

async fn decide(
    write: &mut Write,
    (user, id): (UserId, &str),
    status: Status,
    reason: Option<&str>,
    by: &str,
    now: Timestamp,
) -> Result<Decided, Failure> {
    // The task's row first: a worker that suspends the task holds it, and looks for decisions under it.
    write
        .query("SELECT 1 FROM tasks WHERE id = (SELECT task FROM approvals WHERE id = $1) FOR NO KEY UPDATE")
        .bind(id.to_owned())
        .fetch_optional(write.connection())
        .await?;
    write
        .query("SELECT 1 FROM approvals WHERE id = $1 FOR UPDATE")
        .bind(id.to_owned())
        .fetch_optional(write.connection())
        .await?;
    let Some(approval) = find(write, user, id, now).await? else { return Ok(Decided::NoApproval) };
    if approval.status != Status::Pending {
        return Ok(Decided::Over(approval));
    }
    write
        .query(
            "UPDATE approvals SET status = $2, reason = $3, decided_at = $4, decided_by = $5 WHERE id = $1",
        )
        .bind(id.to_owned())
        .bind(status.as_str())
        .bind(reason.map(str::to_owned))
        .bind(now.0)
        .bind(by.to_owned())
        .execute(write.connection())
        .await?;
    write
        .query("UPDATE tasks SET state = $2, wake_at = NULL WHERE id = $1 AND state = $3")
        .bind(approval.task.as_ref().map(ToString::to_string))
        .bind(State::Queued.as_str())
        .bind(State::Waiting.as_str())
        .execute(write.connection())
        .await?;
    Ok(find(write, user, id, now).await?.map_or(Decided::NoApproval, Decided::Done))
}

async fn find(
    write: &mut Write,
    user: UserId,
    id: &str,
    now: Timestamp,
) -> Result<Option<Approval>, Failure> {
    let found = write
        .query(concat!(
            "SELECT ",
            approval_columns!(),
            " FROM approvals a LEFT JOIN tasks t ON t.id = a.task WHERE a.user_id = $1 AND a.id = $2"
        ))
        .bind(user.to_string())
        .bind(id.to_owned())
        .fetch_optional(write.connection())
        .await?;
    let Some(found) = found else { return Ok(None) };
    Ok(Some(row(&found)?.into_approval(now)?))
}

fn row(row: &PgRow) -> Result<ApprovalRow, Failure> {
    Ok(ApprovalRow {
        id: row.try_get(0)?,
        user_id: row.try_get(1)?,
        agent_id: row.try_get(2)?,
        task: row.try_get(3)?,
        tool: row.try_get(4)?,
        arguments_hash: row.try_get(5)?,
        arguments: row.try_get(6)?,
        digest: row.try_get(7)?,
        origin: row.try_get(8)?,
        status: row.try_get(9)?,
        reason: row.try_get(10)?,
        created_at: row.try_get(11)?,
        expires_at: row.try_get(12)?,
        decided_at: row.try_get(13)?,
        decided_by: row.try_get(14)?,
        used_at: row.try_get(15)?,
        used_by: row.try_get(16)?,
        task_ended: row.try_get(17)?,
    })
}
