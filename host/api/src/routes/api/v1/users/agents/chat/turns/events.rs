//! `GET /api/v1/users/{user}/agents/{agent}/chat/turns/{turn}/events`.

use super::super::answer;
use crate::error::ApiError;
use crate::event_stream::last_event_id;
use crate::extract::{Authenticated, SegmentTriple};
use crate::state::ApiState;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

/// The events of a turn, as its stream has them. `Last-Event-ID` resumes. Ours.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/agents/{agent}/chat/turns/{turn}/events",
    tag = "Chat",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
        ("turn" = String, Path, description = "Before the colon of an event's id.", example = "turn_a1b2c3d4e5f6"),
        ("Last-Event-ID" = Option<String>, Header, description = "Go on after this event."),
    ),
    responses(
        (status = 200, description = "Server-sent events.", content_type = "text/event-stream", example = json!(
            "id: turn_a1b2c3d4e5f6:6\nevent: done\ndata: {\"message\":\"Hello\",\"agent\":\"manager\"}\n\n"
        )),
        (status = 204, description = "`Last-Event-ID` was the last event."),
    )
)]
pub(in crate::routes) async fn follow_turn(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentTriple(user, agent, turn): SegmentTriple,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let last = last_event_id(&headers);
    let follow = app::chat::events(&state.app, &caller, &user, &agent, &turn, last).await?;
    Ok(answer(&state, follow))
}
