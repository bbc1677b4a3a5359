//! `GET /api/v1/users/{user}/agents/{agent}/files/`: the root of the workspace.

use super::super::super::wire::FolderResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, SegmentPair};
use crate::state::ApiState;
use app::files::Found;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// The entries of the root of the agent's workspace.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/agents/{agent}/files/",
    tag = "Agent Files",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
    ),
    responses((status = 200, description = "The root.", body = FolderResponse, example = json!({
        "path": "", "entries": [{ "name": "docs", "type": "folder", "size": 12, "modifiedAt": "2026-02-23T15:00:00Z" }]
    })))
)]
pub(in crate::routes) async fn list_agent_files(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
) -> Result<Response, ApiError> {
    let spot = app::files::locate(&state.app, &caller, &user, &agent, "").await?;
    Ok(match app::files::find(&state.app, &spot).await? {
        Found::Folder(folder) => Json(folder).into_response(),
        Found::File(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    })
}
