//! `POST /api/agents/{agentId}/stop`.

use super::wire::StopCharacterResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// Stop an agent. A turn that runs completes.
#[utoipa::path(
    post,
    path = "/api/agents/{agentId}/stop",
    tag = "elizaOS: Agents",
    params(
        ("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000"),
    ),
    responses(
        (status = 200, description = "It is stopped.", body = StopCharacterResponse, example = json!({ "success": true, "data": { "message": "Agent stopped" } })),
        (status = 400, description = "The id is no UUID, or a field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "INVALID_ID", "message": "Invalid agent ID format" }
        })),
        (status = 404, description = "No such agent for this caller, or it does not run.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "Agent is not running" }
        })),
    )
)]
pub(in crate::routes) async fn stop_character(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
) -> Result<Json<Value>, ApiError> {
    let data = app::characters::stop(&state.app, &caller, &id).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}
