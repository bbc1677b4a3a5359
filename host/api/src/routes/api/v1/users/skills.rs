//! `/api/v1/users/{user}/skills`.

pub(in crate::routes) mod file;
pub(in crate::routes) mod grants;
pub(in crate::routes) mod registry_install;
pub(in crate::routes) mod rollback;
pub(in crate::routes) mod skill;
mod wire;

use crate::error::ApiError;
use crate::extract::{Authenticated, Page, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;
use wire::SkillListResponse;

/// List the user's own skills, personalities and steps, by id.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/skills",
    tag = "Skills",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("limit" = Option<u32>, Query, description = "1 to 200.", minimum = 1, maximum = 200, example = 50),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
    ),
    responses((status = 200, description = "Those that the user installed.", body = SkillListResponse, example = json!({
        "skills": [{
            "id": "hello", "version": "1.0.0",
            "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "kind": "skill", "tools": ["greet"], "requested": [], "granted": [], "state": "live", "widened": [],
            "description": "Greets people.", "held": null, "previous": null,
            "installedAt": "2026-02-23T15:00:00Z", "updatedAt": "2026-02-23T15:00:00Z"
        }],
        "total": 1, "nextCursor": null
    })))
)]
pub(in crate::routes) async fn list_skills(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
    Page { limit, cursor }: Page,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::skills::list(&state.app, &caller, &user, limit, cursor.as_deref()).await?))
}
