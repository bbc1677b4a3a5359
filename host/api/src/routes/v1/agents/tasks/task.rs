//! `GET /v1/agents/tasks/{taskId}`.

use super::wire::TaskResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, Parameters, Segment};
use crate::state::ApiState;
use app::tasks::Include;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// The status and progress of a submitted task.
#[utoipa::path(
    get,
    path = "/v1/agents/tasks/{taskId}",
    tag = "Agent Tasks",
    params(
        ("taskId" = String, Path, description = "Of the task.", example = "task_a1b2c3d4e5f6"),
        ("include" = Option<String>, Query, description = "`rigor`, `attempt`, `usage`, `approvals`; several separated by commas."),
    ),
    responses((status = 200, description = "The task.", body = TaskResponse, example = json!({
        "taskId": "task_a1b2c3d4e5f6",
        "status": "in_progress",
        "progress": 65,
        "currentAgent": "coder-ai",
        "completedPhases": ["requirements", "architecture", "implementation"],
        "estimatedCompletion": "2026-02-23T15:30:00Z",
        "output": null,
        "error": null,
        "createdAt": "2026-02-23T15:00:00Z",
        "startedAt": "2026-02-23T15:00:05Z",
        "completedAt": null
    })))
)]
pub(in crate::routes) async fn get_task(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    let includes = Include::parse_list(parameters.get("include").unwrap_or_default())?;
    Ok(Json(app::tasks::get(&state.app, &caller, &id, &includes).await?))
}
