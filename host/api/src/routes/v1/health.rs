//! `GET /v1/health`.

use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// API health check: connectivity and the state of the service, measured now.
#[utoipa::path(
    get,
    path = "/v1/health",
    operation_id = "get_service_health",
    tag = "Utility",
    responses((status = 200, description = "`healthy`, `degraded` or `unhealthy`, and why.", content_type = "application/json", example = json!({
        "status": "healthy",
        "version": "0.1.0",
        "uptime": 42,
        "checks": {
            "database": { "status": "ok" },
            "models": {
                "core": { "status": "ok", "model": "qwen2.5-coder-0.5b" },
                "pro": { "status": "ok", "model": "qwen2.5-coder-0.5b" },
                "ultra": { "status": "ok", "model": "qwen2.5-coder-0.5b" }
            },
            "plugins": { "status": "ok", "live": 8, "held": 0, "broken": 0 }
        }
    })))
)]
pub(in crate::routes) async fn get_health(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::health::health(&state.app, &caller, state.uptime()).await?))
}
