//! `GET /v1/agents/tasks/{taskId}/journal`.

use crate::error::ApiError;
use crate::extract::{Authenticated, Page, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// Everything that the task did, in order: calls with their requests, answers, durations and the digests of the components. Ours.
#[utoipa::path(
    get,
    path = "/v1/agents/tasks/{taskId}/journal",
    tag = "Agent Tasks",
    params(
        ("taskId" = String, Path, description = "Of the task.", example = "task_a1b2c3d4e5f6"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50."),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
    ),
    responses((status = 200, description = "A page.", content_type = "application/json", example = json!({
        "entries": [{ "pos": 3, "scope": "req-ai@1/research#1", "ordinal": 1, "at": "2026-02-23T15:00:05.120Z", "entry": { "type": "call", "function": "model.complete" } }],
        "nextCursor": null
    })))
)]
pub(in crate::routes) async fn list_entries(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    page: Page,
) -> Result<Json<Value>, ApiError> {
    let found = app::tasks::journal(&state.app, &caller, &id, page.limit, page.cursor.as_deref()).await?;
    Ok(Json(json!({ "entries": found.entries, "nextCursor": found.next_cursor })))
}
