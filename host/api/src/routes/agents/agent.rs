//! `GET /agents/{agentId}`.

use super::wire::RuntimeResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// Check agent status and details.
#[utoipa::path(
    get,
    path = "/agents/{agentId}",
    tag = "Start Agent",
    params(("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000")),
    responses((status = 200, description = "The agent.", body = RuntimeResponse, example = json!({
        "success": true,
        "status": "active",
        "data": {
            "id": "550e8400-e29b-41d4-a716-446655440000", "agentId": "550e8400-e29b-41d4-a716-446655440000", "name": "manager",
            "status": "active", "startedAt": 1709683200000_i64, "enableAutonomy": false,
            "settings": { "temperature": 0.8, "maxTokens": 2000 }
        }
    })))
)]
pub(in crate::routes) async fn get_runtime(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
) -> Result<Json<Value>, ApiError> {
    let data = app::agents::get_runtime(&state.app, &caller, &id).await?;
    Ok(Json(json!({ "success": true, "status": data.get("status"), "data": data })))
}
