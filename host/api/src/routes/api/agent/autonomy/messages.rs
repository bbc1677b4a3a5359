//! `GET /api/agent/autonomy/messages`.

use super::wire::AutonomyMessages;
use crate::error::ApiError;
use crate::extract::{Authenticated, Page};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// The agent's conversation with itself, newest message last; `cursor` goes on with older ones. Ours.
#[utoipa::path(
    get,
    path = "/api/agent/autonomy/messages",
    tag = "Autonomy",
    params(
        ("limit" = Option<u32>, Query, description = "Messages of a page.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "From `nextCursor`."),
    ),
    responses((status = 200, description = "A page.", body = AutonomyMessages, example = json!({
        "messages": [{
            "id": "0b5d3f60-6c1e-5b0e-8f3b-1c2d3e4f5a6b", "role": "assistant", "author": "manager", "text": "The report is due today.",
            "task": "tick_a1b2c3d4e5f6", "createdAt": 1771858800000_i64
        }],
        "nextCursor": null
    })))
)]
pub(in crate::routes) async fn list_autonomy_messages(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    page: Page,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::autonomy::messages(&state.app, &caller, page.limit, page.cursor.as_deref()).await?))
}
