//! `/api/v1/users/{user}`.

use super::wire::UserDetailResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::Value;

/// Get user details and agents.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}",
    tag = "User Management",
    params(("user" = String, Path, description = "Id or name.", example = "ada")),
    responses((status = 200, description = "The user.", body = UserDetailResponse, example = json!({
        "id": "0b7e3f7c-6a3f-4a55-9d0e-3f1f6f0c8f11", "name": "ada", "email": null, "tier": "startup",
        "createdAt": "2026-02-23T15:00:00Z",
        "agents": [{
            "id": "550e8400-e29b-41d4-a716-446655440000", "name": "manager", "status": "active", "default": true,
            "autonomy": { "enabled": false, "interval": 30000 }, "model": "core", "skills": ["files"],
            "createdAt": "2026-02-23T15:00:00Z"
        }]
    })))
)]
pub(in crate::routes) async fn get_user(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::users::get(&state.app, &caller, &user).await?))
}

/// Delete a user and all their data. Needs an admin key.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{user}",
    tag = "User Management",
    params(("user" = String, Path, description = "Id or name.", example = "ada")),
    responses(
        (status = 204, description = "The user and everything of it is gone; its running tasks are cancelled."),
        (status = 409, description = "The user `default` cannot be deleted.", content_type = "application/json", example = json!({
            "error": "user \"default\" cannot be deleted: admin keys work as it when they name no other"
        })),
    )
)]
pub(in crate::routes) async fn delete_user(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
) -> Result<StatusCode, ApiError> {
    app::users::delete(&state.app, &caller, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}
