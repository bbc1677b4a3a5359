//! `POST /agents/{agentId}/message`.

use super::wire::{SendMessageRequest, SendMessageResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// Send a message to a started agent and get its answer. The turn goes on when the caller goes away; its answer is then in the room.
#[utoipa::path(
    post,
    path = "/agents/{agentId}/message",
    tag = "Start Agent",
    params(("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000")),
    request_body(content = SendMessageRequest, example = json!({ "text": "Hello" })),
    responses(
        (status = 200, description = "What the agent says; empty when it has nothing to say.", body = SendMessageResponse, example = json!({
            "success": true,
            "data": {
                "text": "Hello! What can I do for you?", "agentId": "550e8400-e29b-41d4-a716-446655440000",
                "messageId": "0b5d3f60-6c1e-5b0e-8f3b-1c2d3e4f5a6b", "roomId": "7d9f1a52-0a3b-5c4d-9e6f-2b3c4d5e6f70"
            }
        })),
        (status = 409, description = "It does not run.", content_type = "application/json", example = json!({
            "success": false, "error": "Agent is not running"
        })),
        (status = 410, description = "It was deleted meanwhile.", content_type = "application/json", example = json!({
            "success": false, "error": "the agent was deleted meanwhile"
        })),
        (status = 424, description = "Its model refused.", content_type = "application/json", example = json!({
            "success": false, "error": "the agent could not answer: the model is not known there"
        })),
        (status = 429, description = "Its budget is used up.", content_type = "application/json", example = json!({
            "success": false, "error": "the task has used its budget of 1000000 tokens; an operator can raise `token_budget`"
        })),
    )
)]
pub(in crate::routes) async fn send_message(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    JsonObject(request): JsonObject,
) -> Result<Json<Value>, ApiError> {
    let data = app::chat::message(&state.app, &caller, &id, &request).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}
