//! `GET /api/agents/{agentId}/runs/{runId}`.

use super::super::wire::RunResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, Parameters, SegmentPair};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// One turn of an agent, with its events from the journal.
#[utoipa::path(
    get,
    path = "/api/agents/{agentId}/runs/{runId}",
    tag = "elizaOS: Agents",
    params(
        ("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000"),
        ("runId" = String, Path, description = "UUID of the run.", format = "uuid", example = "7475726e-0000-8000-8000-a1b2c3d4e5f6"),
        ("roomId" = Option<String>, Query, description = "It must be in this room.", format = "uuid"),
    ),
    responses(
        (status = 200, description = "The run.", body = RunResponse, example = json!({ "success": true, "data": { "summary": {
                "runId": "7475726e-0000-8000-8000-a1b2c3d4e5f6", "status": "completed", "startedAt": 1709683200000_i64,
                "endedAt": 1709683201000_i64, "durationMs": 1000, "roomId": "7d9f1a52-0a3b-5c4d-9e6f-2b3c4d5e6f70",
                "entityId": "123e4567-e89b-42d3-a456-426614174000", "messageId": "0b5d3f60-6c1e-4b0e-8f3b-1c2d3e4f5a6b",
                "counts": { "actions": 0, "modelCalls": 1, "errors": 0, "evaluators": 0 },
                "metadata": { "kind": "chat", "task": "turn_a1b2c3d4e5f6" }
            }, "events": [{ "type": "RUN_STARTED", "timestamp": 1709683200000_i64, "data": { "source": "chat" } }] } })),
        (status = 400, description = "The id is no UUID, or a field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "INVALID_ID", "message": "Invalid agent ID format" }
        })),
        (status = 404, description = "No such agent or run for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "Run not found" }
        })),
    )
)]
pub(in crate::routes) async fn get_run(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(agent, run): SegmentPair,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    let room = parameters.get("roomId");
    let data = app::runs::get(&state.app, &caller, &agent, &run, room).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}
