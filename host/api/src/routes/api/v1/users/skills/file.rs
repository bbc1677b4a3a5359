//! `/api/v1/users/{user}/skills/{id}/file`.

use super::wire::SkillResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, SegmentPair, Upload};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::Value;

/// Upload a custom skill: a component, a zip archive with `SKILL.md`, `plugin.wasm` or both, or a `SKILL.md` alone; at most 50 MB, raw or
/// as the one file of a form. Personalities and steps install the same way. What asks for more than it was given waits for a grant.
#[utoipa::path(
    put,
    path = "/api/v1/users/{user}/skills/{id}/file",
    tag = "Skills",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("id" = String, Path, description = "The plugin's name.", example = "hello"),
    ),
    request_body(
        content(
            (Vec<u8> = "application/wasm"),
            (Vec<u8> = "application/zip"),
            (Vec<u8> = "application/octet-stream"),
            (String = "text/markdown"),
            (Object = "multipart/form-data"),
        ),
        description = "The package."
    ),
    responses(
        (status = 201, description = "It is installed.", body = SkillResponse, example = json!({
            "id": "hello", "version": "1.0.0",
            "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "kind": "skill", "tools": ["greet"],
            "requested": [{ "interface": "http", "reason": "asks the weather", "hosts": ["api.example.com"], "methods": ["GET"] }],
            "granted": [], "state": "held", "widened": [{ "interface": "http", "detail": "GET api.example.com" }]
        })),
        (status = 200, description = "The same bytes were installed already.", body = SkillResponse, example = json!({
            "id": "hello", "version": "1.0.0",
            "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "kind": "skill", "tools": ["greet"], "requested": [], "granted": [], "state": "live", "widened": []
        })),
        (status = 422, description = "It cannot be installed, and why.", content_type = "application/json", example = json!({
            "error": "the package is \"greeter\" and the path says \"hello\"; both must be the same"
        })),
    )
)]
pub(in crate::routes) async fn put_skill(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, id): SegmentPair,
    Upload(bytes): Upload,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    // A task of its own: a client that goes away leaves nothing half-done.
    let put = async move { app::skills::put(&state.app, &caller, &user, &id, bytes).await };
    let put = tokio::spawn(tracing::Instrument::in_current_span(put)).await;
    let (is_new, skill) = put
        .map_err(|error| domain::error::Error::internal(format!("an installation ended badly: {error}")))??;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(skill)))
}

/// Delete a skill with its versions and grants.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{user}/skills/{id}/file",
    tag = "Skills",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("id" = String, Path, description = "The plugin's name.", example = "hello"),
    ),
    responses((status = 204, description = "It is gone."))
)]
pub(in crate::routes) async fn delete_skill(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, id): SegmentPair,
) -> Result<StatusCode, ApiError> {
    app::skills::delete(&state.app, &caller, &user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
