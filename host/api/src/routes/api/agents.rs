//! `/api/agents` (elizaOS 1.x).

pub(in crate::routes) mod agent;
pub(in crate::routes) mod logs;
pub(in crate::routes) mod panels;
pub(in crate::routes) mod runs;
pub(in crate::routes) mod start;
pub(in crate::routes) mod stop;
mod wire;

use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use wire::{CharacterListResponse, CreateCharacterRequest, CreateCharacterResponse};

/// List agents, those that run first. An agent key sees its own agent only.
#[utoipa::path(
    get,
    path = "/api/agents",
    tag = "elizaOS: Agents",
    responses(
        (status = 200, description = "The caller's agents.", body = CharacterListResponse, example = json!({ "success": true, "data": { "agents": [{ "id": "550e8400-e29b-41d4-a716-446655440000", "name": "Eliza", "characterName": "Eliza", "bio": "Helps.", "status": "active" }] } })),
    )
)]
pub(in crate::routes) async fn list_characters(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    let data = app::characters::list(&state.app, &caller).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}

/// Create an agent with a character. It is inactive until it is started. `characterPath` is refused: this host reads no file that a client names.
#[utoipa::path(
    post,
    path = "/api/agents",
    tag = "elizaOS: Agents",
    request_body(content = CreateCharacterRequest, example = json!({ "characterJson": { "name": "Eliza", "bio": ["Helps."], "system": "Be kind." } })),
    responses(
        (status = 201, description = "The agent.", body = CreateCharacterResponse, example = json!({ "success": true, "data": { "id": "550e8400-e29b-41d4-a716-446655440000", "character": {
            "id": "550e8400-e29b-41d4-a716-446655440000", "name": "Eliza", "bio": ["Helps."], "system": "Be kind.", "settings": {},
            "status": "inactive", "enabled": true, "createdAt": "2026-02-23T15:00:00.000Z"
        } } })),
        (status = 400, description = "A field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "VALIDATION_ERROR", "message": "characterPath is not read: a path names a file of the server; send the file's content as characterJson" }
        })),
        (status = 409, description = "The id is taken.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "CONFLICT", "message": "an agent with the name \"eliza\" or the id 550e8400-e29b-41d4-a716-446655440000 exists already" }
        })),
    )
)]
pub(in crate::routes) async fn create_character(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    JsonObject(request): JsonObject,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let data = app::characters::create(&state.app, &caller, &request).await?;
    Ok((StatusCode::CREATED, Json(json!({ "success": true, "data": data }))))
}
