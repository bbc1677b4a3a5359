//! `GET /api/v1/users/{user}/deploy/status`.

use super::super::wire::DeployStatusResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Check deployment progress: how the last starts of the user's agents went, step by step.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/deploy/status",
    tag = "Agent Management",
    params(("user" = String, Path, description = "Id or name.", example = "ada")),
    responses((status = 200, description = "Of all agents, the worst first.", body = DeployStatusResponse, example = json!({
        "status": "deploying",
        "agents": [
            { "name": "manager", "status": "ready", "progress": 100, "step": "listen" },
            { "name": "writer", "status": "deploying", "progress": 40, "step": "connect" }
        ]
    })))
)]
pub(in crate::routes) async fn get_deploy_status(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::agents::deploy_status(&state.app, &caller, &user).await?))
}
