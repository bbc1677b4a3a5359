//! `GET /api/v1/users/{user}/agents/{agent}/chat/events`.

use super::frame;
use crate::error::ApiError;
use crate::event_stream::{event_stream, last_event_id};
use crate::extract::{Authenticated, SegmentPair};
use crate::state::ApiState;
use axum::extract::State;
use axum::response::Response;
use futures_util::StreamExt as _;
use http::HeaderMap;

/// What the agent says by itself, while its autonomy is on: event `message` for each message that answers nobody. From now on, or after
/// `Last-Event-ID`. Ours.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/agents/{agent}/chat/events",
    tag = "Chat",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
        ("Last-Event-ID" = Option<String>, Header, description = "Go on after this event."),
    ),
    responses(
        (status = 200, description = "Server-sent events.", content_type = "text/event-stream", example = json!(
            "id: 7\nevent: message\ndata: {\"message\":\"The build is red.\",\"agent\":\"manager\",\"messageId\":\"6fa459ea-ee8a-4ca4-894e-db77e160355e\",\"conversationId\":\"16fd2706-8baf-433b-82eb-8c7fada847da\",\"createdAt\":\"2026-02-23T15:00:00Z\"}\n\n"
        )),
    )
)]
pub(in crate::routes) async fn follow_agent(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let events = app::chat::own(&state.app, &caller, &user, &agent, last_event_id(&headers)).await?;
    Ok(event_stream(&state, events.map(frame)))
}
