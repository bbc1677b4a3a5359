//! `PUT /api/v1/users/{user}/tier`.

use super::wire::{TierRequest, UserResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Change the user's plan. Needs an admin key.
#[utoipa::path(
    put,
    path = "/api/v1/users/{user}/tier",
    tag = "User Management",
    params(("user" = String, Path, description = "Id or name.", example = "ada")),
    request_body(content = TierRequest, example = json!({ "tier": "scale" })),
    responses((status = 200, description = "The user as it is now.", body = UserResponse, example = json!({
        "id": "0b7e3f7c-6a3f-4a55-9d0e-3f1f6f0c8f11", "name": "ada", "email": null, "tier": "scale",
        "createdAt": "2026-02-23T15:00:00Z"
    })))
)]
pub(in crate::routes) async fn set_tier(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
    JsonObject(request): JsonObject,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::users::set_tier(&state.app, &caller, &user, &request).await?))
}
