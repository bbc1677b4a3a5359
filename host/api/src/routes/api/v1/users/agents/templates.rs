//! `/api/v1/users/{user}/agents/{agent}/templates`.

use super::super::agent_templates::is_resolved;
use super::super::wire::{TemplatesRequest, TemplatesResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Parameters, SegmentPair};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Get per-agent template overrides. With `resolved` what is in force, and where it comes from.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/agents/{agent}/templates",
    tag = "Templates",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
        ("resolved" = Option<bool>, Query, description = "What is in force: agent over user over built-in."),
    ),
    responses((status = 200, description = "The texts.", body = TemplatesResponse, example = json!({
        "SOUL.md": "You are a careful researcher.", "USER.md": "", "TOOLS.md": "", "HEARTBEAT.md": ""
    })))
)]
pub(in crate::routes) async fn get_agent_templates(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    let resolved = is_resolved(&parameters)?;
    Ok(Json(app::templates::get_of_agent(&state.app, &caller, &user, &agent, resolved).await?))
}

/// Update per-agent template overrides: texts are merged by name, null removes one.
#[utoipa::path(
    put,
    path = "/api/v1/users/{user}/agents/{agent}/templates",
    tag = "Templates",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
    ),
    request_body(content = TemplatesRequest, example = json!({ "SOUL.md": "You are a careful researcher.", "MEMORY.md": null })),
    responses((status = 200, description = "The texts of the level.", body = TemplatesResponse, example = json!({
        "SOUL.md": "You are a careful researcher.", "USER.md": "", "TOOLS.md": "", "HEARTBEAT.md": ""
    })))
)]
pub(in crate::routes) async fn put_agent_templates(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
    JsonObject(request): JsonObject,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::templates::put_of_agent(&state.app, &caller, &user, &agent, &request).await?))
}
