//! `/api/messaging/jobs`.

pub(in crate::routes) mod health;
pub(in crate::routes) mod job;
mod wire;

use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Parameters};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::Value;
use wire::{CreateJobRequest, CreateJobResponse, JobListResponse};

/// Ask an agent one question; poll the job for the answer.
#[utoipa::path(
    post,
    path = "/api/messaging/jobs",
    tag = "elizaOS: Messaging",
    request_body(content = CreateJobRequest, example = json!({ "userId": "123e4567-e89b-42d3-a456-426614174000", "content": "Hello" })),
    responses(
        (status = 201, description = "It is queued.", body = CreateJobResponse, example = json!({
            "jobId": "9c8b7a6d-5e4f-4c3b-8a29-1b0c9d8e7f60", "status": "pending", "createdAt": 1709683200000_i64, "expiresAt": 1709683230000_i64
        })),
        (status = 404, description = "No such agent for this caller, or none that runs.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "AGENT_NOT_FOUND", "message": "No agents available on server" }
        })),
        (status = 409, description = "The agent does not run.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "CONFLICT", "message": "Agent is not running" }
        })),
    )
)]
pub(in crate::routes) async fn create_job(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    JsonObject(request): JsonObject,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = app::jobs::create(&state.app, &caller, &request).await?;
    Ok((StatusCode::CREATED, Json(body)))
}

/// List jobs, newest first. The newest 1,000 are looked at.
#[utoipa::path(
    get,
    path = "/api/messaging/jobs",
    tag = "elizaOS: Messaging",
    params(
        ("limit" = Option<i64>, Query, description = "How many, at most 200."),
        ("status" = Option<String>, Query, description = "Only those: pending, processing, completed, failed or timeout."),
    ),
    responses(
        (status = 200, description = "The jobs.", body = JobListResponse, example = json!({ "jobs": [{
            "jobId": "9c8b7a6d-5e4f-4c3b-8a29-1b0c9d8e7f60", "status": "completed",
            "agentId": "550e8400-e29b-41d4-a716-446655440000", "userId": "123e4567-e89b-42d3-a456-426614174000",
            "prompt": "Hello", "createdAt": 1709683200000_i64, "expiresAt": 1709683230000_i64,
            "result": {
                "message": {
                    "id": "0b5d3f60-6c1e-5b0e-8f3b-1c2d3e4f5a6b", "content": "Hello! What can I do for you?",
                    "authorId": "550e8400-e29b-41d4-a716-446655440000", "createdAt": 1709683201000_i64, "metadata": {}
                },
                "processingTimeMs": 1000
            },
            "metadata": {}
        }], "total": 1, "filtered": 1 })),
    )
)]
pub(in crate::routes) async fn list_jobs(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    let (limit, status) = (parameters.get("limit"), parameters.get("status"));
    Ok(Json(app::jobs::list(&state.app, &caller, limit, status).await?))
}
