//! `GET /api/agents/{agentId}/logs`.

use super::wire::AgentLogsResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, Parameters, Segment};
use crate::state::ApiState;
use app::characters::LogQuery;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// What an agent, its plugins and the host said of it, newest first. The newest 1,000 lines are looked through.
#[utoipa::path(
    get,
    path = "/api/agents/{agentId}/logs",
    tag = "elizaOS: Agents",
    params(
        ("agentId" = String, Path, description = "UUID of the agent.", format = "uuid", example = "550e8400-e29b-41d4-a716-446655440000"),
        ("limit" = Option<i64>, Query, description = "How many, at most 200."),
        ("offset" = Option<i64>, Query, description = "Skip so many."),
        ("level" = Option<String>, Query, description = "Not below this level: trace, debug, info, warn, error; or all."),
        ("search" = Option<String>, Query, description = "Only with this text in them."),
        ("from" = Option<String>, Query, description = "Not before: a time, or milliseconds since 1970."),
        ("to" = Option<String>, Query, description = "Not after: the same."),
    ),
    responses(
        (status = 200, description = "The lines.", body = AgentLogsResponse, example = json!({ "success": true, "data": [{
            "id": "0b5d3f60-6c1e-5b0e-8f3b-1c2d3e4f5a6b", "agentId": "550e8400-e29b-41d4-a716-446655440000", "type": "log",
            "level": "info", "message": "the agent was started", "timestamp": 1709683200000_i64, "createdAt": 1709683200000_i64,
            "body": { "task": null }
        }] })),
        (status = 400, description = "The id is no UUID, or a field is wrong.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "INVALID_ID", "message": "Invalid agent ID format" }
        })),
        (status = 404, description = "No such agent for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "Agent not found" }
        })),
    )
)]
pub(in crate::routes) async fn list_agent_logs(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    let query = LogQuery {
        limit: parameters.get("limit"),
        offset: parameters.get("offset"),
        level: parameters.get("level"),
        search: parameters.get("search"),
        from: parameters.get("from"),
        to: parameters.get("to"),
    };
    let data = app::characters::logs(&state.app, &caller, &id, query).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}
