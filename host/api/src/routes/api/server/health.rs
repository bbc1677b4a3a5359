//! `GET /api/server/health`.

use super::wire::ServerHealth;
use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::Value;

/// Whether there are agents that run.
#[utoipa::path(
    get,
    path = "/api/server/health",
    tag = "elizaOS: Server",
    responses(
        (status = 200, description = "There are.", body = ServerHealth, example = json!({ "status": "OK", "version": "0.1.0", "timestamp": "2026-02-23T15:00:00.000Z", "dependencies": { "agents": "healthy" } })),
        (status = 503, description = "There are none, or the host is not ready.", content_type = "application/json", example = json!({ "status": "OK", "version": "0.1.0", "timestamp": "2026-02-23T15:00:00.000Z", "dependencies": { "agents": "no_agents" } })),
    )
)]
pub(in crate::routes) async fn get_server_health(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (body, has_agents) = app::servers::health(&state.app, &caller).await?;
    let status = if has_agents { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(body)))
}
