//! `/api/v1/users/{user}/agents/{agent}/config`.

use super::super::wire::{ConfigRequest, ConfigResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, SegmentPair};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// The agent's configuration with its defaults. Ours.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/agents/{agent}/config",
    tag = "Usage & Monitoring",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
    ),
    responses((status = 200, description = "The configuration.", body = ConfigResponse, example = json!({
        "model": "core", "temperature": null, "maxTokens": null, "tools": { "allow": ["*"], "deny": [] },
        "autonomy": { "interval": 30000 }, "acmfMode": "ASSISTED", "budget": null
    })))
)]
pub(in crate::routes) async fn get_agent_config(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::agents::get_config(&state.app, &caller, &user, &agent).await?))
}

/// Update agent tool configuration: a JSON merge patch. Null sets a value back to its default.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{user}/agents/{agent}/config",
    tag = "Usage & Monitoring",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
    ),
    request_body(content = ConfigRequest, example = json!({
        "model": "pro", "tools": { "allow": ["files.*"], "deny": ["files.delete"] }, "budget": 1000000
    })),
    responses((status = 200, description = "The whole configuration.", body = ConfigResponse, example = json!({
        "model": "pro", "temperature": null, "maxTokens": null, "tools": { "allow": ["files.*"], "deny": ["files.delete"] },
        "autonomy": { "interval": 30000 }, "acmfMode": "ASSISTED", "budget": 1000000
    })))
)]
pub(in crate::routes) async fn patch_agent_config(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
    JsonObject(patch): JsonObject,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::agents::patch_config(&state.app, &caller, &user, &agent, &patch).await?))
}
