//! `GET /api/agents/{agentId}/panels`.

use super::wire::PanelsResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// Pages of this host for people who work with the agent.
#[utoipa::path(
    get,
    path = "/api/agents/{agentId}/panels",
    tag = "elizaOS: Agents",
    params(
        ("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000"),
    ),
    responses(
        (status = 200, description = "The pages.", body = PanelsResponse, example = json!({ "success": true, "data": [{ "name": "API reference", "path": "/docs" }] })),
        (status = 400, description = "The id is no UUID, or a field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "INVALID_ID", "message": "Invalid agent ID format" }
        })),
        (status = 404, description = "No such agent for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "Agent not found" }
        })),
    )
)]
pub(in crate::routes) async fn list_panels(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
) -> Result<Json<Value>, ApiError> {
    let data = app::characters::panels(&state.app, &caller, &id).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}
