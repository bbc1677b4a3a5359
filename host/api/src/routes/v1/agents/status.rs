//! `GET /v1/agents/{id}/status`.

use crate::error::ApiError;
use crate::extract::{Authenticated, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// The health and status of a specific agent, measured on the caller's tasks.
#[utoipa::path(
    get,
    path = "/v1/agents/{id}/status",
    tag = "Agent Management",
    params(("id" = String, Path, description = "Of the agent.", example = "coder-ai")),
    responses((status = 200, description = "Its status.", content_type = "application/json", example = json!({
        "id": "coder-ai", "status": "available", "health": "healthy", "acmfMode": "ASSISTED", "currentTasks": [],
        "metrics": { "completed": 3, "failed": 1, "successRate": 0.75, "avgDurationMs": 5200 },
        "lastActiveAt": "2026-02-23T15:00:05Z"
    })))
)]
pub(in crate::routes) async fn get_agent_status(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::personalities::record(&state.app, &caller, &id).await?))
}
