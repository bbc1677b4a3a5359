//! `/api/agents/{agentId}`.

use super::wire::{CharacterResponse, UpdateCharacterRequest};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};

/// One agent: its character and how it runs.
#[utoipa::path(
    get,
    path = "/api/agents/{agentId}",
    tag = "elizaOS: Agents",
    params(
        ("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000"),
    ),
    responses(
        (status = 200, description = "The agent.", body = CharacterResponse, example = json!({ "success": true, "data": {
            "id": "550e8400-e29b-41d4-a716-446655440000", "name": "Eliza", "bio": ["Helps."], "system": "Be kind.", "settings": {},
            "status": "inactive", "enabled": true, "createdAt": "2026-02-23T15:00:00.000Z"
        } })),
        (status = 400, description = "The id is no UUID, or a field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "INVALID_ID", "message": "Invalid agent ID format" }
        })),
        (status = 404, description = "No such agent for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "Agent not found" }
        })),
    )
)]
pub(in crate::routes) async fn get_character(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
) -> Result<Json<Value>, ApiError> {
    let data = app::characters::get(&state.app, &caller, &id).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}

/// Change the character of an agent: a JSON merge patch. It counts from the next turn on.
#[utoipa::path(
    patch,
    path = "/api/agents/{agentId}",
    tag = "elizaOS: Agents",
    params(
        ("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000"),
    ),
    request_body(content = UpdateCharacterRequest, example = json!({ "bio": ["Helps."] })),
    responses(
        (status = 200, description = "The agent.", body = CharacterResponse, example = json!({ "success": true, "data": {
            "id": "550e8400-e29b-41d4-a716-446655440000", "name": "Eliza", "bio": ["Helps."], "system": "Be kind.", "settings": {},
            "status": "inactive", "enabled": true, "createdAt": "2026-02-23T15:00:00.000Z"
        } })),
        (status = 400, description = "The id is no UUID, or a field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "INVALID_ID", "message": "Invalid agent ID format" }
        })),
        (status = 404, description = "No such agent for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "Agent not found" }
        })),
        (status = 409, description = "An agent has the name.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "CONFLICT", "message": "an agent with the name \"eliza\" exists already" }
        })),
    )
)]
pub(in crate::routes) async fn update_character(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    JsonObject(patch): JsonObject,
) -> Result<Json<Value>, ApiError> {
    let data = app::characters::update(&state.app, &caller, &id, &patch).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}

/// Delete an agent with everything of it; its unfinished tasks are cancelled.
#[utoipa::path(
    delete,
    path = "/api/agents/{agentId}",
    tag = "elizaOS: Agents",
    params(
        ("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000"),
    ),
    responses(
        (status = 204, description = "It is gone."),
        (status = 400, description = "The id is no UUID, or a field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "INVALID_ID", "message": "Invalid agent ID format" }
        })),
        (status = 404, description = "No such agent for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "Agent not found" }
        })),
        (status = 409, description = "The default agent stays as long as its user.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "CONFLICT", "message": "agent \"manager\" is the default agent of its user and stays as long as the user" }
        })),
    )
)]
pub(in crate::routes) async fn delete_character(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
) -> Result<StatusCode, ApiError> {
    app::characters::delete(&state.app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
