//! `GET /api/server/status`.

use super::wire::ServerStatus;
use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// How many agents there are, and how long the server runs.
#[utoipa::path(
    get,
    path = "/api/server/status",
    tag = "elizaOS: Server",
    responses(
        (status = 200, description = "Counts of the caller's agents.", body = ServerStatus, example = json!({
            "status": "ok", "agentCount": 1, "agents": { "total": 2, "active": 1, "inactive": 1 },
            "timestamp": "2026-02-23T15:00:00.000Z", "uptime": 42, "version": "0.1.0"
        })),
    )
)]
pub(in crate::routes) async fn get_server_status(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::servers::status(&state.app, &caller, state.uptime()).await?))
}
