//! Approvals: how a row is read, and what asking for one means, the same on both databases.

use super::{decode, parse, unreadable};
use app::ports::approvals::Answer;
use app::ports::store_error::StoreError;
use domain::approval::{Approval, Binding, Status};
use domain::id::Digest;
use domain::time::Timestamp;

/// Columns of `approvals a` joined with its task `t`, in the order of [`ApprovalRow`]; the last is whether the task has ended.
macro_rules! approval_columns {
    () => {
        "a.id, a.user_id, a.agent_id, a.task, a.tool, a.arguments_hash, a.arguments, a.digest, a.origin, a.status, a.reason, \
         a.created_at, a.expires_at, a.decided_at, a.decided_by, a.used_at, a.used_by, t.completed_at"
    };
}
pub(crate) use approval_columns;

/// A row.
#[derive(Debug)]
pub(crate) struct ApprovalRow {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) agent_id: String,
    pub(crate) task: Option<String>,
    pub(crate) tool: String,
    pub(crate) arguments_hash: String,
    pub(crate) arguments: String,
    pub(crate) digest: Vec<u8>,
    pub(crate) origin: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) decided_at: Option<i64>,
    pub(crate) decided_by: Option<String>,
    pub(crate) used_at: Option<i64>,
    pub(crate) used_by: Option<String>,
    pub(crate) task_ended: Option<i64>,
}

impl ApprovalRow {
    /// As it stands at this time.
    pub(crate) fn into_approval(self, now: Timestamp) -> Result<Approval, StoreError> {
        let stored = Status::parse(&self.status)
            .ok_or_else(|| unreadable("approvals.status", &self.status, &"unknown status"))?;
        let is_open = matches!(stored, Status::Pending | Status::Approved);
        let is_over = now.0 >= self.expires_at || self.task_ended.is_some();
        let digest: Result<[u8; 32], _> = self.digest.as_slice().try_into();
        let digest = digest.map_err(|_| {
            StoreError::Internal("column approvals.digest holds no digest of 32 bytes".to_owned())
        })?;
        Ok(Approval {
            id: self.id,
            user: parse("approvals.user_id", &self.user_id)?,
            binding: Binding {
                agent: parse("approvals.agent_id", &self.agent_id)?,
                tool: self.tool,
                arguments_hash: self.arguments_hash,
                digest: Digest(digest),
            },
            task: self.task.map(|task| parse("approvals.task", &task)).transpose()?,
            arguments: decode("approvals.arguments", &self.arguments)?,
            origin: self.origin,
            status: if is_open && is_over { Status::Expired } else { stored },
            reason: self.reason,
            created_at: Timestamp(self.created_at),
            expires_at: Timestamp(self.expires_at),
            decided_at: self.decided_at.map(Timestamp),
            decided_by: self.decided_by,
            used_at: self.used_at.map(Timestamp),
        })
    }
}

/// What asking means for what is kept: the answer, and the status to write with the time of use, if something changes.
pub(crate) fn answer(
    kept: &Approval,
    used_by: Option<&str>,
    asked: &Binding,
    place: &str,
) -> (Answer, Option<Status>) {
    if kept.binding != *asked {
        return (Answer::Unusable, None);
    }
    match kept.status {
        Status::Pending => (Answer::Wait, None),
        Status::Approved => (Answer::Granted, Some(Status::Used)),
        Status::Rejected => (Answer::Rejected(kept.reason.clone()), Some(Status::Rejected)),
        Status::Expired => (Answer::Expired, Some(Status::Expired)),
        // A worker that comes to the same place again after a crash does the same thing, not another one.
        Status::Used if used_by == Some(place) => (Answer::Granted, None),
        Status::Used => (Answer::Unusable, None),
    }
}
