//! `/api/v1/users/{user}/skills/{id}/rollback`.

use super::wire::SkillResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, SegmentPair};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Let the version before serve again. A second rollback goes forth again.
#[utoipa::path(
    post,
    path = "/api/v1/users/{user}/skills/{id}/rollback",
    tag = "Skills",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("id" = String, Path, description = "The plugin's name.", example = "hello"),
    ),
    responses(
        (status = 200, description = "The version that serves now.", body = SkillResponse, example = json!({
            "id": "hello", "version": "1.0.0",
            "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "kind": "skill", "tools": ["greet"], "requested": [], "granted": [], "state": "live", "widened": []
        })),
        (status = 409, description = "There is no version before.", content_type = "application/json", example = json!({
            "error": "skill \"hello\" has no version before the live one to go back to"
        })),
    )
)]
pub(in crate::routes) async fn roll_back_skill(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, id): SegmentPair,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::skills::rollback(&state.app, &caller, &user, &id).await?))
}
