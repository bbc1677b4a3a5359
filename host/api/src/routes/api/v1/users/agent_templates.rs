//! `/api/v1/users/{user}/agent-templates`.

use super::wire::{TemplatesRequest, TemplatesResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Parameters, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use domain::error::Error;
use serde_json::{Value, json};

/// Get user-level default templates. With `resolved` what is in force, and where it comes from.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/agent-templates",
    tag = "Templates",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("resolved" = Option<bool>, Query, description = "What is in force: agent over user over built-in."),
    ),
    responses((status = 200, description = "The texts.", body = TemplatesResponse, example = json!({
        "SOUL.md": "You are a careful researcher.", "USER.md": "", "TOOLS.md": "", "HEARTBEAT.md": ""
    })))
)]
pub(in crate::routes) async fn get_user_templates(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    let resolved = is_resolved(&parameters)?;
    Ok(Json(app::templates::get_of_user(&state.app, &caller, &user, resolved).await?))
}

/// Update user-level default templates: texts are merged by name, null removes one.
#[utoipa::path(
    put,
    path = "/api/v1/users/{user}/agent-templates",
    tag = "Templates",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
    ),
    request_body(content = TemplatesRequest, example = json!({ "SOUL.md": "You are a careful researcher.", "MEMORY.md": null })),
    responses((status = 200, description = "The texts of the level.", body = TemplatesResponse, example = json!({
        "SOUL.md": "You are a careful researcher.", "USER.md": "", "TOOLS.md": "", "HEARTBEAT.md": ""
    })))
)]
pub(in crate::routes) async fn put_user_templates(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
    JsonObject(request): JsonObject,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::templates::put_of_user(&state.app, &caller, &user, &request).await?))
}

/// The parameter `resolved`.
pub(super) fn is_resolved(parameters: &Parameters) -> Result<bool, ApiError> {
    match parameters.get("resolved") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Error::invalid("resolved must be true or false")
            .with_details(json!({ "field": "resolved" }))
            .into()),
    }
}
