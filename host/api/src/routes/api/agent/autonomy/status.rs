//! `GET /api/agent/autonomy/status`.

use super::wire::AutonomyStatus;
use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// How the autonomy loop of the agent goes. Ours.
#[utoipa::path(
    get,
    path = "/api/agent/autonomy/status",
    tag = "Autonomy",
    responses((status = 200, description = "Its state.", body = AutonomyStatus, example = json!({
        "enabled": true, "running": false, "interval": 30000, "autonomousRoomId": "7d9f1a52-0a3b-5c4d-9e6f-2b3c4d5e6f70",
        "agentId": "550e8400-e29b-41d4-a716-446655440000", "lastTickAt": 1771858800000_i64, "nextTickAt": 1771858830000_i64,
        "consecutiveFailures": 0
    })))
)]
pub(in crate::routes) async fn get_autonomy_status(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::autonomy::status(&state.app, &caller).await?))
}
