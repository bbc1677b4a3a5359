//! Approvals in the database.

use super::store_error::StoreError;
use domain::approval::{Approval, Status};
use domain::id::{TaskId, UserId};
use domain::time::Timestamp;

/// What whoever asked is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Go on: it was used by this now, or before by the same place.
    Granted,
    /// Nobody has decided.
    Wait,
    /// A person said no, perhaps why.
    Rejected(Option<String>),
    /// It was not decided or not used in time.
    Expired,
    /// It was used elsewhere, or it is about something else.
    Unusable,
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Decided {
    /// It is stored; the task that waits goes on.
    Done(Approval),
    /// There is no such approval.
    NoApproval,
    /// It was decided, used or over before: as it stands.
    Over(Approval),
}

/// Which part of a list: the time and identity of the last entry of the page before.
pub type After = (Timestamp, String);

/// Approvals.
#[async_trait::async_trait]
pub trait Approvals: Send + Sync + 'static {
    /// Ask, and use what was decided, in one transaction: the first time it is kept as pending. `place` is who uses it; another place
    /// cannot, and neither can another binding.
    async fn ask_approval(
        &self,
        approval: Approval,
        place: &str,
        now: Timestamp,
    ) -> Result<Answer, StoreError>;

    /// Decide what is pending; the task that waits for it is queued again in the same transaction.
    async fn decide_approval(
        &self,
        user: UserId,
        id: &str,
        approve: bool,
        reason: Option<String>,
        by: &str,
        now: Timestamp,
    ) -> Result<Decided, StoreError>;

    /// One.
    async fn find_approval(
        &self,
        user: UserId,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Approval>, StoreError>;

    /// Those of a user, newest first.
    async fn list_approvals(
        &self,
        user: UserId,
        status: Option<Status>,
        after: Option<After>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Approval>, StoreError>;

    /// Those of a task, oldest first.
    async fn list_task_approvals(&self, task: &TaskId, now: Timestamp) -> Result<Vec<Approval>, StoreError>;
}
