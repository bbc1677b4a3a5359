//! `GET /api/messaging/jobs/{jobId}`.

use super::wire::JobDetails;
use crate::error::ApiError;
use crate::extract::{Authenticated, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// One job. `result` is there when it is completed, `error` when there will be none.
#[utoipa::path(
    get,
    path = "/api/messaging/jobs/{jobId}",
    tag = "elizaOS: Messaging",
    params(
        ("jobId" = String, Path, description = "UUID of the job.", format = "uuid", example = "9c8b7a6d-5e4f-4c3b-8a29-1b0c9d8e7f60"),
    ),
    responses(
        (status = 200, description = "The job.", body = JobDetails, example = json!({
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
        })),
        (status = 404, description = "No such job for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "Job not found" }
        })),
    )
)]
pub(in crate::routes) async fn get_job(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::jobs::get(&state.app, &caller, &id).await?))
}
