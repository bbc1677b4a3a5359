//! `/api/v1/users/{user}/skills/{id}`.

use super::wire::SkillDetailResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, SegmentPair};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Get one of the user's own skills.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/skills/{id}",
    tag = "Skills",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("id" = String, Path, description = "The plugin's name.", example = "hello"),
    ),
    responses((status = 200, description = "The skill.", body = SkillDetailResponse, example = json!({
        "id": "hello", "version": "1.0.0",
        "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "kind": "skill", "tools": ["greet"], "requested": [], "granted": [], "state": "live", "widened": [],
        "description": "Greets people.", "held": null, "previous": null,
        "installedAt": "2026-02-23T15:00:00Z", "updatedAt": "2026-02-23T15:00:00Z"
    })))
)]
pub(in crate::routes) async fn get_skill(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, id): SegmentPair,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::skills::get(&state.app, &caller, &user, &id).await?))
}
