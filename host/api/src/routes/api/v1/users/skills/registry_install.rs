//! `/api/v1/users/{user}/skills/{id}/registry-install`.

use super::wire::{RegistryInstallRequest, SkillResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, SegmentPair};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::Value;

/// Install a skill from the configured registry.
#[utoipa::path(
    post,
    path = "/api/v1/users/{user}/skills/{id}/registry-install",
    tag = "Skills",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("id" = String, Path, description = "The skill's slug in the registry.", example = "weather"),
    ),
    request_body(content = RegistryInstallRequest, example = json!({ "version": "1.0.0", "grant": true })),
    responses(
        (status = 201, description = "It is installed.", body = SkillResponse, example = json!({
            "id": "weather", "version": "1.0.0",
            "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "kind": "skill", "tools": ["forecast"], "requested": [], "granted": [], "state": "live", "widened": []
        })),
        (status = 409, description = "There is no registry.", content_type = "application/json", example = json!({
            "error": "no registry is configured"
        })),
    )
)]
pub(in crate::routes) async fn install_from_registry(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, slug): SegmentPair,
    JsonObject(request): JsonObject,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let installed = app::skills::install_from_registry(&state.app, &caller, &user, &slug, &request).await?;
    Ok((StatusCode::CREATED, Json(installed)))
}
