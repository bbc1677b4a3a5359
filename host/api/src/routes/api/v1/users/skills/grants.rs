//! `/api/v1/users/{user}/skills/{id}/grants`.

use super::wire::{GrantsRequest, GrantsResponse, SkillResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, SegmentPair};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// See what a skill was given, and what a held version of it lacks.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/skills/{id}/grants",
    tag = "Skills",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("id" = String, Path, description = "The plugin's name.", example = "hello"),
    ),
    responses((status = 200, description = "What is granted.", body = GrantsResponse, example = json!({
        "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "capabilities": [{ "interface": "http", "reason": "", "hosts": ["api.example.com"], "methods": ["GET"] }],
        "held": null
    })))
)]
pub(in crate::routes) async fn get_skill_grants(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, id): SegmentPair,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::skills::get_grants(&state.app, &caller, &user, &id).await?))
}

/// Grant capabilities to the held version, named by its digest; once it has what it asks for it serves.
#[utoipa::path(
    put,
    path = "/api/v1/users/{user}/skills/{id}/grants",
    tag = "Skills",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("id" = String, Path, description = "The plugin's name.", example = "hello"),
    ),
    request_body(content = GrantsRequest, example = json!({
        "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "capabilities": [{ "interface": "http", "hosts": ["api.example.com"], "methods": ["GET"] }]
    })),
    responses(
        (status = 200, description = "The version as it is now.", body = SkillResponse, example = json!({
            "id": "hello", "version": "1.0.0",
            "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "kind": "skill", "tools": ["greet"],
            "requested": [{ "interface": "http", "reason": "asks the weather", "hosts": ["api.example.com"], "methods": ["GET"] }],
            "granted": [{ "interface": "http", "reason": "", "hosts": ["api.example.com"], "methods": ["GET"] }],
            "state": "live", "widened": []
        })),
        (status = 409, description = "The digest is not the held one.", content_type = "application/json", example = json!({
            "error": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 does not wait for a grant; no version is held"
        })),
    )
)]
pub(in crate::routes) async fn put_skill_grants(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, id): SegmentPair,
    JsonObject(request): JsonObject,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::skills::put_grants(&state.app, &caller, &user, &id, &request).await?))
}
