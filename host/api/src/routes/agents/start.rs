//! `POST /agents/{agentId}/start`.

use super::wire::{StartAgentRequest, StartAgentResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// Start an agent's runtime, enabling it to process messages, execute actions, and interact with users.
#[utoipa::path(
    post,
    path = "/agents/{agentId}/start",
    tag = "Start Agent",
    params(("agentId" = String, Path, description = "Unique identifier (UUID) of the agent to start.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000")),
    request_body(content = StartAgentRequest, example = json!({
        "enableAutonomy": true, "settings": { "temperature": 0.8, "maxTokens": 2000 }
    })),
    responses(
        (status = 200, description = "It runs.", body = StartAgentResponse, example = json!({
            "success": true,
            "message": "Agent started successfully",
            "data": {
                "agentId": "550e8400-e29b-41d4-a716-446655440000", "status": "active", "startedAt": 1709683200000_i64,
                "enableAutonomy": false
            }
        })),
        (status = 400, description = "The id is no UUID, or a field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": "Invalid agent ID format"
        })),
        (status = 404, description = "No such agent for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": "Agent not found"
        })),
        (status = 409, description = "It runs already.", content_type = "application/json", example = json!({
            "success": false, "error": "Agent is already running"
        })),
        (status = 500, description = "A step of the start failed; the agent is stopped.", content_type = "application/json", example = json!({
            "success": false, "error": "Failed to start agent runtime"
        })),
    )
)]
pub(in crate::routes) async fn start_agent(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    JsonObject(request): JsonObject,
) -> Result<Json<Value>, ApiError> {
    let data = app::agents::start_runtime(&state.app, &caller, &id, &request).await?;
    Ok(Json(json!({ "success": true, "message": "Agent started successfully", "data": data })))
}
