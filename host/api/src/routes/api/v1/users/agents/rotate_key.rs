//! `POST /api/v1/users/{user}/agents/{agent}/rotate-key`.

use super::super::NO_STORE;
use super::super::wire::KeyResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, SegmentPair};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

/// Generate a new API key for the agent. The old one is dead at once; the new one is shown this once.
#[utoipa::path(
    post,
    path = "/api/v1/users/{user}/agents/{agent}/rotate-key",
    tag = "Agent Management",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "writer"),
    ),
    responses((status = 200, description = "The new key.", body = KeyResponse, example = json!({
        "apiKey": "skep_abcdefghijkl_…"
    })))
)]
pub(in crate::routes) async fn rotate_agent_key(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
    // Nothing in it counts; a body of another type is refused as everywhere.
    _body: JsonObject,
) -> Result<Response, ApiError> {
    let key = app::agents::rotate_key(&state.app, &caller, &user, &agent).await?;
    Ok(([NO_STORE], Json(key)).into_response())
}
