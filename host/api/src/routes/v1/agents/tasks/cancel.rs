//! `POST /v1/agents/tasks/{taskId}/cancel`.

use super::wire::TaskResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Segment};
use crate::state::ApiState;
use app::tasks::Cancelled;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// Cancel a task and what it started. Ours.
#[utoipa::path(
    post,
    path = "/v1/agents/tasks/{taskId}/cancel",
    tag = "Agent Tasks",
    params(("taskId" = String, Path, description = "Of the task.", example = "task_a1b2c3d4e5f6")),
    responses(
        (status = 200, description = "It has ended.", body = TaskResponse, example = json!({
            "taskId": "task_a1b2c3d4e5f6",
            "status": "cancelled",
            "progress": 0,
            "currentAgent": null,
            "completedPhases": [],
            "estimatedCompletion": null,
            "output": null,
            "error": null,
            "createdAt": "2026-02-23T15:00:00Z",
            "startedAt": null,
            "completedAt": "2026-02-23T15:00:05Z"
        })),
        (status = 202, description = "It runs, and its worker was asked to stop.", body = TaskResponse),
    )
)]
pub(in crate::routes) async fn cancel_task(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    // Nothing in it counts; a body of another type is refused as everywhere.
    _body: JsonObject,
) -> Result<Response, ApiError> {
    let (status, task) = match app::tasks::cancel(&state.app, &caller, &id).await? {
        Cancelled::Ended(task) => (StatusCode::OK, task),
        Cancelled::Asked(task) => (StatusCode::ACCEPTED, task),
    };
    Ok((status, Json(app::tasks::body(&state.app, &task).await?)).into_response())
}
