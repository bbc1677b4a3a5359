//! `GET /v1/agents/orchestrator/coordination`.

use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Real-time orchestration status: the agents that coordinate on the caller's tasks.
#[utoipa::path(
    get,
    path = "/v1/agents/orchestrator/coordination",
    tag = "Agent Management",
    responses((status = 200, description = "Who works on what.", content_type = "application/json", example = json!({
        "activeAgents": ["coder-ai"],
        "tasks": [{ "taskId": "task_a1b2c3d4e5f6", "agent": "coder-ai", "phase": "generate", "progress": 65 }],
        "queueDepth": 0,
        "timestamp": "2026-02-23T15:00:05Z"
    })))
)]
pub(in crate::routes) async fn get_coordination(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::personalities::coordination(&state.app, &caller).await?))
}
