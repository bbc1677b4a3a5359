//! The bodies of elizaOS jobs for OpenAPI. The use cases check and make them; the client's own test holds both together.

#![allow(dead_code, reason = "schemas: nobody makes values of these types")]

use serde_json::Value;
use utoipa::ToSchema;

/// Ask.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct CreateJobRequest {
    /// UUID; the client's own id of the person.
    user_id: String,
    /// At most 50,000 characters.
    #[schema(min_length = 1, max_length = 50000)]
    content: String,
    /// UUID; else the default agent, or the first one that runs.
    agent_id: Option<String>,
    /// How long the client waits, clamped to 1,000 to 300,000; default 30,000.
    timeout_ms: Option<f64>,
    /// The client's own, at most 10,000 bytes.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
}

/// It is queued.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct CreateJobResponse {
    /// UUID.
    job_id: String,
    status: JobState,
    /// Milliseconds since 1970.
    created_at: i64,
    /// Milliseconds since 1970.
    expires_at: i64,
}

/// Where it is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum JobState {
    Pending,
    Processing,
    Completed,
    Failed,
    Timeout,
}

/// Jobs.
#[derive(ToSchema)]
pub(super) struct JobListResponse {
    jobs: Vec<JobDetails>,
    /// All.
    total: u64,
    /// Those in this answer.
    filtered: u64,
}

/// A job.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct JobDetails {
    /// UUID.
    job_id: String,
    status: JobState,
    /// UUID.
    agent_id: String,
    /// UUID.
    user_id: String,
    /// What was asked.
    prompt: String,
    /// Milliseconds since 1970.
    created_at: i64,
    /// Milliseconds since 1970.
    expires_at: i64,
    #[schema(nullable = false)]
    result: Option<JobResult>,
    #[schema(nullable = false)]
    error: Option<String>,
    /// The client's own.
    #[schema(value_type = Object)]
    metadata: Value,
}

/// The answer.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct JobResult {
    message: JobMessage,
    processing_time_ms: u64,
}

/// What the agent said.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct JobMessage {
    /// UUID.
    id: String,
    /// Empty when it has nothing to say.
    content: String,
    /// UUID.
    author_id: String,
    /// Milliseconds since 1970.
    created_at: i64,
    #[schema(value_type = Object)]
    metadata: Value,
}

/// Counts.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct JobHealth {
    /// True.
    healthy: bool,
    /// Milliseconds since 1970.
    timestamp: i64,
    total_jobs: u64,
    status_counts: JobCounts,
    metrics: JobMetrics,
    /// How many are counted.
    max_jobs: u64,
}

/// By status.
#[derive(ToSchema)]
pub(super) struct JobCounts {
    pending: u32,
    processing: u32,
    completed: u32,
    failed: u32,
    timeout: u32,
}

/// Of those that have ended.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct JobMetrics {
    average_processing_time_ms: f64,
    success_rate: f64,
    failure_rate: f64,
    timeout_rate: f64,
}
