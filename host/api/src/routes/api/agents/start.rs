//! `POST /api/agents/{agentId}/start`.

use super::wire::{StartCharacterRequest, StartCharacterResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// Start an agent. It is no error when it runs already.
#[utoipa::path(
    post,
    path = "/api/agents/{agentId}/start",
    tag = "elizaOS: Agents",
    params(
        ("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000"),
    ),
    request_body(content = StartCharacterRequest, example = json!({})),
    responses(
        (status = 200, description = "It runs.", body = StartCharacterResponse, example = json!({ "success": true, "data": {
            "id": "550e8400-e29b-41d4-a716-446655440000", "agentId": "550e8400-e29b-41d4-a716-446655440000", "name": "Eliza",
            "status": "active", "startedAt": 1709683200000_i64, "enableAutonomy": false
        } })),
        (status = 400, description = "The id is no UUID, or a field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "INVALID_ID", "message": "Invalid agent ID format" }
        })),
        (status = 404, description = "No such agent for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "Agent not found" }
        })),
        (status = 500, description = "A step of the start failed; the agent is stopped.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "START_ERROR", "message": "Failed to start agent runtime" }
        })),
    )
)]
pub(in crate::routes) async fn start_character(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    JsonObject(request): JsonObject,
) -> Result<Json<Value>, ApiError> {
    let data = app::characters::start(&state.app, &caller, &id, &request).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}
