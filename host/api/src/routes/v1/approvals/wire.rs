//! Bodies of approvals.

#![allow(dead_code, reason = "described for OpenAPI; use cases make the values")]

use serde_json::Value;
use utoipa::ToSchema;

/// Where an approval stands.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum ApprovalStatus {
    Pending,
    Approved,
    Rejected,
    Used,
    Expired,
}

/// What a person decides or decided.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct ApprovalResponse {
    id: String,
    status: ApprovalStatus,
    /// UUID.
    agent_id: String,
    /// The task that waits.
    #[schema(required = true)]
    task_id: Option<String>,
    /// `SKILL.TOOL`, or a host function such as `http.send`.
    tool: String,
    #[schema(value_type = Object)]
    arguments: Value,
    arguments_hash: String,
    /// Of the component that does it.
    digest: String,
    origin: String,
    #[schema(required = true)]
    reason: Option<String>,
    /// RFC 3339.
    created_at: String,
    /// RFC 3339.
    expires_at: String,
    #[schema(required = true)]
    decided_at: Option<String>,
    /// Kind of the key.
    #[schema(required = true)]
    decided_by: Option<String>,
    /// When the task took note of it.
    #[schema(required = true)]
    used_at: Option<String>,
}

/// A page of approvals.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct ApprovalListResponse {
    approvals: Vec<ApprovalResponse>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// What can be decided.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Decision {
    Approve,
    Reject,
}

/// A decision.
#[derive(ToSchema)]
pub(super) struct DecisionRequest {
    decision: Decision,
    /// The agent is told.
    reason: Option<String>,
}
