//! The bodies of document Autonoma for OpenAPI. The use cases check and make them; golden tests hold both together.

#![allow(dead_code, reason = "schemas: nobody makes values of these types")]

use serde_json::Value;
use utoipa::ToSchema;

/// Which agents work on it.
#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE")]
pub(super) enum Capability {
    Build,
    Operate,
    Secure,
    Platform,
    Evolve,
    Optimize,
    Govern,
}

/// The model tier.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Intelligence {
    Core,
    Pro,
    Ultra,
}

/// RIGOR quality level.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Scope {
    Demo,
    Poc,
    Mvp,
    Product,
    Production,
}

/// Queue order.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Priority {
    Low,
    Normal,
    High,
}

/// A development task.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SubmitTaskRequest {
    /// Description of the development task.
    #[schema(min_length = 1, max_length = 32768)]
    task: String,
    /// What is needed; distinct.
    #[schema(min_items = 1, max_items = 7)]
    capabilities: Vec<Capability>,
    /// Default `core`.
    intelligence: Option<Intelligence>,
    /// Default `mvp`.
    scope: Option<Scope>,
    /// Default `normal`.
    priority: Option<Priority>,
    /// Path below an allowed root, or a git URL with an optional `#ref`.
    source: Option<String>,
    /// Webhook URL for completion notification.
    callback_url: Option<String>,
}

/// Where a task is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum Status {
    Queued,
    InProgress,
    Completed,
    Failed,
    Cancelled,
}

/// An accepted task.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SubmitTaskResponse {
    /// `task_` and 12 hex digits.
    task_id: String,
    status: Status,
    /// RFC 3339.
    estimated_completion: String,
    /// The line in its order.
    agents_assigned: Vec<String>,
    /// Where it is read.
    status_url: String,
}

/// A task.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct TaskResponse {
    /// `task_` and 12 hex digits.
    task_id: String,
    status: Status,
    /// Never falls; 100 only when completed.
    #[schema(minimum = 0, maximum = 100)]
    progress: u8,
    #[schema(required)]
    current_agent: Option<String>,
    /// Of requirements, architecture, implementation, verification, operations, security, platform, evolution, optimization, governance.
    completed_phases: Vec<String>,
    /// RFC 3339; null once finished.
    #[schema(required)]
    estimated_completion: Option<String>,
    /// When completed.
    #[schema(required)]
    output: Option<Output>,
    /// When failed.
    #[schema(required)]
    error: Option<Failure>,
    created_at: String,
    #[schema(required)]
    started_at: Option<String>,
    #[schema(required)]
    completed_at: Option<String>,
}

/// What a completed task made.
#[derive(ToSchema)]
pub(super) struct Output {
    summary: String,
    /// One unified diff that `git apply` takes.
    diff: String,
    files: Vec<ChangedFile>,
    artifacts: Vec<Artifact>,
    gates: Vec<Gate>,
    /// Computed from gates and repairs.
    confidence: f64,
}

/// A changed file.
#[derive(ToSchema)]
pub(super) struct ChangedFile {
    path: String,
    /// `added`, `modified` or `deleted`.
    change: String,
}

/// Something that was made.
#[derive(ToSchema)]
pub(super) struct Artifact {
    id: String,
    /// `file` or `document`.
    r#type: String,
    #[schema(required)]
    path: Option<String>,
    /// Text of a file, null when it is not text or too large; a document's own fields.
    content: Value,
    #[schema(required)]
    language: Option<String>,
}

/// A computed check.
#[derive(ToSchema)]
pub(super) struct Gate {
    name: String,
    /// `passed`, `failed` or `not_run`.
    status: String,
    evidence: String,
}

/// Why a task failed.
#[derive(ToSchema)]
pub(super) struct Failure {
    code: String,
    message: String,
    #[schema(required)]
    agent: Option<String>,
    #[schema(required)]
    phase: Option<String>,
}

/// A page of tasks.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct TaskListResponse {
    tasks: Vec<TaskResponse>,
    #[schema(required)]
    next_cursor: Option<String>,
}
