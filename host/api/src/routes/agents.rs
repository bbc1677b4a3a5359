//! `/agents` (document Start agent).

pub(in crate::routes) mod agent;
pub(in crate::routes) mod message;
pub(in crate::routes) mod start;
pub(in crate::routes) mod stop;
mod wire;

use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use wire::RuntimeListResponse;

/// List agents. An agent key sees its own agent only.
#[utoipa::path(
    get,
    path = "/agents",
    tag = "Start Agent",
    responses((status = 200, description = "The caller's agents.", body = RuntimeListResponse, example = json!({
        "success": true,
        "data": { "agents": [{
            "id": "550e8400-e29b-41d4-a716-446655440000", "agentId": "550e8400-e29b-41d4-a716-446655440000", "name": "manager",
            "status": "active", "startedAt": 1709683200000_i64, "enableAutonomy": false, "settings": {}
        }] }
    })))
)]
pub(in crate::routes) async fn list_runtimes(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    let agents = app::agents::list_runtimes(&state.app, &caller).await?;
    Ok(Json(json!({ "success": true, "data": { "agents": agents } })))
}
