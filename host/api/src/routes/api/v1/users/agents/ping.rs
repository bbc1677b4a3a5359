//! `GET /api/v1/users/{user}/agents/{agent}/ping`.

use super::super::wire::PingResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, SegmentPair};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Check if the agent is online: it is active, and database and model answer now.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/agents/{agent}/ping",
    tag = "Agent Management",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
    ),
    responses((status = 200, description = "Measured now.", body = PingResponse, example = json!({
        "online": true, "latencyMs": 12, "lastSeenAt": "2026-02-23T15:00:05Z"
    })))
)]
pub(in crate::routes) async fn ping_agent(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::agents::ping(&state.app, &caller, &user, &agent).await?))
}
