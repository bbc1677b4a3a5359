//! `/api/v1/users/{user}/agents`.

pub(in crate::routes) mod agent;
pub(in crate::routes) mod chat;
pub(in crate::routes) mod config;
pub(in crate::routes) mod connect;
pub(in crate::routes) mod files;
pub(in crate::routes) mod ping;
pub(in crate::routes) mod rotate_key;
pub(in crate::routes) mod templates;

use super::NO_STORE;
use super::wire::{AgentListResponse, CreateAgentsRequest, CreateAgentsResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Page, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;

/// Create one or more agents, all or none. They are started; the keys in the answer are shown this once.
#[utoipa::path(
    post,
    path = "/api/v1/users/{user}/agents",
    tag = "Agent Management",
    params(("user" = String, Path, description = "Id or name.", example = "ada")),
    request_body(content = CreateAgentsRequest, example = json!({ "name": "writer", "model": "pro" })),
    responses((status = 201, description = "The agents; of a single one its fields, too.", body = CreateAgentsResponse, example = json!({
        "id": "550e8400-e29b-41d4-a716-446655440000", "name": "writer", "status": "active", "default": false,
        "autonomy": { "enabled": false, "interval": 30000 }, "model": "pro", "skills": ["files"],
        "createdAt": "2026-02-23T15:00:00Z", "apiKey": "skep_abcdefghijkl_…",
        "agents": [{
            "id": "550e8400-e29b-41d4-a716-446655440000", "name": "writer", "status": "active", "default": false,
            "autonomy": { "enabled": false, "interval": 30000 }, "model": "pro", "skills": ["files"],
            "createdAt": "2026-02-23T15:00:00Z", "apiKey": "skep_abcdefghijkl_…"
        }]
    })))
)]
pub(in crate::routes) async fn create_agents(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
    JsonObject(request): JsonObject,
) -> Result<Response, ApiError> {
    let created = app::agents::create(&state.app, &caller, &user, &request).await?;
    Ok((StatusCode::CREATED, [NO_STORE], Json(created)).into_response())
}

/// List all agents for a user. An agent key sees its own agent only.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/agents",
    tag = "Agent Management",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50."),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
    ),
    responses((status = 200, description = "A page: the default agent, then by name.", body = AgentListResponse, example = json!({
        "agents": [{
            "id": "550e8400-e29b-41d4-a716-446655440000", "name": "manager", "status": "active", "default": true,
            "autonomy": { "enabled": false, "interval": 30000 }, "model": "core", "skills": ["files"],
            "createdAt": "2026-02-23T15:00:00Z"
        }],
        "total": 1,
        "nextCursor": null
    })))
)]
pub(in crate::routes) async fn list_user_agents(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
    page: Page,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::agents::list(&state.app, &caller, &user, page.limit, page.cursor.as_deref()).await?))
}
