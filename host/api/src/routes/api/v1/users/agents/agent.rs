//! `/api/v1/users/{user}/agents/{agent}`.

use super::super::wire::AgentResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, SegmentPair};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::Value;

/// Get agent details.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/agents/{agent}",
    tag = "Agent Management",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
    ),
    responses((status = 200, description = "The agent.", body = AgentResponse, example = json!({
        "id": "550e8400-e29b-41d4-a716-446655440000", "name": "manager", "status": "active", "default": true,
        "autonomy": { "enabled": false, "interval": 30000 }, "model": "core", "skills": ["files"],
        "createdAt": "2026-02-23T15:00:00Z"
    })))
)]
pub(in crate::routes) async fn get_user_agent(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::agents::get(&state.app, &caller, &user, &agent).await?))
}

/// Delete an agent with everything of it; its unfinished tasks are cancelled.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{user}/agents/{agent}",
    tag = "Agent Management",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "writer"),
    ),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "The default agent stays as long as its user.", content_type = "application/json", example = json!({
            "error": "agent \"manager\" is the default agent of its user and stays as long as the user"
        })),
    )
)]
pub(in crate::routes) async fn delete_user_agent(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
) -> Result<StatusCode, ApiError> {
    app::agents::delete(&state.app, &caller, &user, &agent).await?;
    Ok(StatusCode::NO_CONTENT)
}
