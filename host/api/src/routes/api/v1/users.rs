//! `/api/v1/users`.

pub(in crate::routes) mod agent_templates;
pub(in crate::routes) mod agents;
pub(in crate::routes) mod deploy;
pub(in crate::routes) mod logs;
pub(in crate::routes) mod secrets;
pub(in crate::routes) mod skills;
pub(in crate::routes) mod tier;
pub(in crate::routes) mod usage;
pub(in crate::routes) mod user;
mod wire;

use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Page};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;
use wire::{CreateUserRequest, CreateUserResponse, UserListResponse};

/// An answer with a key or token in it is kept nowhere on its way.
pub(in crate::routes) const NO_STORE: (header::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// Create a new user account. Needs an admin key; the key in the answer is shown this once.
#[utoipa::path(
    post,
    path = "/api/v1/users",
    tag = "User Management",
    request_body(content = CreateUserRequest, example = json!({
        "name": "ada", "email": "ada@example.com", "tier": "growth"
    })),
    responses((status = 201, description = "The user, with its started agent `manager`.", body = CreateUserResponse, example = json!({
        "id": "0b7e3f7c-6a3f-4a55-9d0e-3f1f6f0c8f11", "name": "ada", "email": "ada@example.com", "tier": "growth",
        "createdAt": "2026-02-23T15:00:00Z", "apiKey": "skep_abcdefghijkl_…"
    })))
)]
pub(in crate::routes) async fn create_user(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    JsonObject(request): JsonObject,
) -> Result<Response, ApiError> {
    let created = app::users::create(&state.app, &caller, &request).await?;
    Ok((StatusCode::CREATED, [NO_STORE], Json(created)).into_response())
}

/// List all users by name. Needs an admin key.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    tag = "User Management",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50."),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
    ),
    responses((status = 200, description = "A page.", body = UserListResponse, example = json!({
        "users": [{
            "id": "0b7e3f7c-6a3f-4a55-9d0e-3f1f6f0c8f11", "name": "ada", "email": "ada@example.com", "tier": "growth",
            "createdAt": "2026-02-23T15:00:00Z"
        }],
        "total": 1,
        "nextCursor": null
    })))
)]
pub(in crate::routes) async fn list_users(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    page: Page,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::users::list(&state.app, &caller, page.limit, page.cursor.as_deref()).await?))
}
