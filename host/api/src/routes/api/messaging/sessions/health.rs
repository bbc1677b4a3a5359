//! `GET /api/messaging/sessions/health`.

use super::wire::SessionHealth;
use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// How many sessions there are.
#[utoipa::path(
    get,
    path = "/api/messaging/sessions/health",
    tag = "elizaOS: Messaging",
    responses(
        (status = 200, description = "Counts of the caller's sessions.", body = SessionHealth, example = json!({
            "status": "healthy", "activeSessions": 1, "expiringSoon": 0, "timestamp": "2026-02-23T15:00:00.000Z", "uptime": 42
        })),
    )
)]
pub(in crate::routes) async fn get_session_health(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::sessions::health(&state.app, &caller, state.uptime()).await?))
}
