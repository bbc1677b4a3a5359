//! `GET /api/agents/{agentId}/runs`.

pub(in crate::routes) mod run;

use super::wire::RunListResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, Parameters, Segment};
use crate::state::ApiState;
use app::runs::RunQuery;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// Turns of an agent, newest first. The newest 1,000 are looked at.
#[utoipa::path(
    get,
    path = "/api/agents/{agentId}/runs",
    tag = "elizaOS: Agents",
    params(
        ("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000"),
        ("roomId" = Option<String>, Query, description = "Only in this room.", format = "uuid"),
        ("status" = Option<String>, Query, description = "Only those: completed, timeout, error, started, or all."),
        ("limit" = Option<i64>, Query, description = "How many, at most 100."),
        ("from" = Option<i64>, Query, description = "Not before: milliseconds since 1970."),
        ("to" = Option<i64>, Query, description = "Not after: milliseconds since 1970."),
    ),
    responses(
        (status = 200, description = "The runs.", body = RunListResponse, example = json!({ "success": true, "data": { "runs": [{
                "runId": "7475726e-0000-8000-8000-a1b2c3d4e5f6", "status": "completed", "startedAt": 1709683200000_i64,
                "endedAt": 1709683201000_i64, "durationMs": 1000, "roomId": "7d9f1a52-0a3b-5c4d-9e6f-2b3c4d5e6f70",
                "entityId": "123e4567-e89b-42d3-a456-426614174000", "messageId": "0b5d3f60-6c1e-4b0e-8f3b-1c2d3e4f5a6b",
                "counts": { "actions": 0, "modelCalls": 1, "errors": 0, "evaluators": 0 },
                "metadata": { "kind": "chat", "task": "turn_a1b2c3d4e5f6" }
            }], "total": 1, "hasMore": false } })),
        (status = 400, description = "The id is no UUID, or a field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "INVALID_ID", "message": "Invalid agent ID format" }
        })),
        (status = 404, description = "No such agent for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "Agent not found" }
        })),
    )
)]
pub(in crate::routes) async fn list_runs(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    let query = RunQuery {
        room: parameters.get("roomId"),
        status: parameters.get("status"),
        limit: parameters.get("limit"),
        from: parameters.get("from"),
        to: parameters.get("to"),
    };
    let data = app::runs::list(&state.app, &caller, &id, query).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}
