//! `GET /v1/agents/list`.

use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// All available AI agents and their current status.
#[utoipa::path(
    get,
    path = "/v1/agents/list",
    tag = "Agent Management",
    responses((status = 200, description = "The agents, by id.", content_type = "application/json", example = json!({
        "agents": [{
            "id": "coder-ai", "name": "Coder AI", "description": "Writes the code.", "capabilities": ["BUILD", "SECURE"],
            "status": "busy", "currentTask": "task_a1b2c3d4e5f6"
        }],
        "total": 1
    })))
)]
pub(in crate::routes) async fn list_agents(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::personalities::list(&state.app, &caller).await?))
}
