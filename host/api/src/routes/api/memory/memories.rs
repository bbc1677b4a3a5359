//! `GET /api/memory/{agentId}/memories`.

use crate::error::ApiError;
use crate::extract::{Authenticated, Parameters, Segment};
use crate::state::ApiState;
use app::memories::MemoryQuery;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// What was said in the rooms of an agent, newest first. The newest 1,000 messages are looked at.
#[utoipa::path(
    get,
    path = "/api/memory/{agentId}/memories",
    tag = "elizaOS: Memory",
    params(
        ("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000"),
        ("limit" = Option<i64>, Query, description = "How many, at most 200."),
        ("offset" = Option<i64>, Query, description = "Skip so many."),
        ("type" = Option<String>, Query, description = "Only of this type; there is `messages`."),
        ("roomId" = Option<String>, Query, description = "Only of this room.", format = "uuid"),
        ("search" = Option<String>, Query, description = "Only with this text in them."),
        ("from" = Option<String>, Query, description = "Not before: a time, or milliseconds since 1970."),
        ("to" = Option<String>, Query, description = "Not after: the same."),
    ),
    responses(
        (status = 200, description = "The memories.", body = MemoriesResponse, example = json!({ "success": true, "data": { "memories": [{
            "id": "0b5d3f60-6c1e-4b0e-8f3b-1c2d3e4f5a6b", "entityId": "123e4567-e89b-42d3-a456-426614174000",
            "agentId": "550e8400-e29b-41d4-a716-446655440000", "roomId": "7d9f1a52-0a3b-4c4d-9e6f-2b3c4d5e6f70", "type": "messages",
            "content": { "text": "Hello", "source": "user" }, "createdAt": "2026-02-23T15:00:00.000Z",
            "updatedAt": "2026-02-23T15:00:00.000Z", "metadata": {}
        }] } })),
        (status = 400, description = "The id is no UUID, or a field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "INVALID_ID", "message": "Invalid agent ID format" }
        })),
        (status = 404, description = "No such agent for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "Agent not found" }
        })),
    )
)]
pub(in crate::routes) async fn list_memories(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    let query = MemoryQuery {
        limit: parameters.get("limit"),
        offset: parameters.get("offset"),
        kind: parameters.get("type").or_else(|| parameters.get("tableName")),
        room: parameters.get("roomId"),
        search: parameters.get("search"),
        from: parameters.get("from"),
        to: parameters.get("to"),
    };
    let data = app::memories::list(&state.app, &caller, &id, query).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}

/// What was said.
#[derive(ToSchema)]
#[expect(dead_code, reason = "schema")]
struct MemoriesResponse {
    /// True.
    success: bool,
    data: Memories,
}

/// What was said.
#[derive(ToSchema)]
#[expect(dead_code, reason = "schema")]
struct Memories {
    memories: Vec<Memory>,
}

/// A message in a room of the agent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "schema")]
struct Memory {
    /// UUID.
    id: String,
    /// UUID of who said it.
    entity_id: String,
    /// UUID.
    agent_id: String,
    /// UUID.
    room_id: String,
    /// `messages`.
    r#type: String,
    content: MemoryContent,
    created_at: String,
    updated_at: String,
    /// The client's own.
    #[schema(value_type = Object)]
    metadata: Value,
}

/// What it says.
#[derive(ToSchema)]
#[expect(dead_code, reason = "schema")]
struct MemoryContent {
    text: String,
    /// `user`, `assistant` or `system`.
    source: String,
}
