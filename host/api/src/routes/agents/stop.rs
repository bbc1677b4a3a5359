//! `POST /agents/{agentId}/stop`.

use super::wire::StopAgentResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// Stop the agent when done. A turn that runs completes; the settings of the start are forgotten.
#[utoipa::path(
    post,
    path = "/agents/{agentId}/stop",
    tag = "Start Agent",
    params(("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000")),
    responses(
        (status = 200, description = "It is stopped.", body = StopAgentResponse, example = json!({
            "success": true,
            "message": "Agent stopped successfully",
            "data": { "agentId": "550e8400-e29b-41d4-a716-446655440000", "status": "inactive" }
        })),
        (status = 409, description = "It does not run.", content_type = "application/json", example = json!({
            "success": false, "error": "Agent is not running"
        })),
    )
)]
pub(in crate::routes) async fn stop_agent(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    // Nothing in it counts; a body of another type is refused as everywhere.
    _body: JsonObject,
) -> Result<Json<Value>, ApiError> {
    let data = app::agents::stop_runtime(&state.app, &caller, &id).await?;
    Ok(Json(json!({ "success": true, "message": "Agent stopped successfully", "data": data })))
}
