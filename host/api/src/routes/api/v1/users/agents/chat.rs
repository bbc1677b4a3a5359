//! `/api/v1/users/{user}/agents/{agent}/chat`.

pub(in crate::routes) mod events;
pub(in crate::routes) mod stream;
pub(in crate::routes) mod turns;

use super::super::wire::{ChatRequest, ChatResponse};
use crate::error::ApiError;
use crate::event_stream::event_stream;
use crate::extract::{Authenticated, JsonObject, SegmentPair};
use crate::state::ApiState;
use crate::surface::Surface;
use app::chat::{ChatEvent, ChatFollow};
use axum::Json;
use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use http::StatusCode;
use serde_json::Value;

/// Send a message and get a response. The turn goes on when the caller goes away.
#[utoipa::path(
    post,
    path = "/api/v1/users/{user}/agents/{agent}/chat",
    tag = "Chat",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
    ),
    request_body(content = ChatRequest, example = json!({
        "messages": [{ "role": "user", "content": "Hello, what can you help me with?" }]
    })),
    responses(
        (status = 200, description = "What the agent says.", body = ChatResponse, example = json!({
            "message": "I can help you with research, writing, and analysis...", "agent": "manager"
        })),
        (status = 409, description = "The agent is not started.", content_type = "application/json", example = json!({
            "error": "Agent is not running"
        })),
        (status = 410, description = "The agent was deleted meanwhile.", content_type = "application/json", example = json!({
            "error": "the agent was deleted meanwhile"
        })),
        (status = 424, description = "The agent's model refused.", content_type = "application/json", example = json!({
            "error": "the agent could not answer: the model is not known there"
        })),
        (status = 429, description = "The agent's budget is used up.", content_type = "application/json", example = json!({
            "error": "agent \"manager\" has used 1000 tokens in 2026-02, its budget is 1000; PATCH its config to raise `budget`"
        })),
    )
)]
pub(in crate::routes) async fn chat_with_agent(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
    JsonObject(request): JsonObject,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::chat::chat(&state.app, &caller, &user, &agent, &request).await?))
}

/// The events of a turn, or 204 when the last one was seen.
fn answer(state: &ApiState, follow: ChatFollow) -> Response {
    match follow {
        ChatFollow::Over => StatusCode::NO_CONTENT.into_response(),
        ChatFollow::Events(events) => event_stream(state, events.map(frame)),
    }
}

fn frame(event: ChatEvent) -> Event {
    let data = match &event.error {
        None => event.data,
        Some(error) => {
            tracing::warn!(cause = error.message, id = event.id, "a turn has no answer");
            Surface::Autonomis.body(error)
        }
    };
    Event::default().id(event.id).event(event.event).data(data.to_string())
}
