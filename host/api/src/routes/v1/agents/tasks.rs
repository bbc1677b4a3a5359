//! `/v1/agents/tasks`.

pub(in crate::routes) mod cancel;
pub(in crate::routes) mod events;
pub(in crate::routes) mod journal;
pub(in crate::routes) mod replay;
pub(in crate::routes) mod task;
mod wire;

use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Page, Parameters};
use crate::state::ApiState;
use app::tasks::Filter;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use http::{StatusCode, header};
use serde_json::{Value, json};
use wire::{SubmitTaskRequest, SubmitTaskResponse, TaskListResponse};

/// Submit a development task to AI agents.
#[utoipa::path(
    post,
    path = "/v1/agents/tasks",
    tag = "Agent Tasks",
    request_body(content = SubmitTaskRequest, example = json!({
        "task": "Add user authentication to React app",
        "capabilities": ["BUILD"],
        "intelligence": "core",
        "priority": "normal",
        "source": "/path/to/your/project",
        "callbackUrl": "https://your-domain.com/webhook"
    })),
    responses((
        status = 202,
        description = "The task is on disk.",
        body = SubmitTaskResponse,
        headers(("Location" = String, description = "Where the task is read.")),
        example = json!({
            "taskId": "task_a1b2c3d4e5f6",
            "status": "queued",
            "estimatedCompletion": "2026-02-23T15:30:00Z",
            "agentsAssigned": ["req-ai", "planner-ai", "architect-ai", "coder-ai", "tester-ai"],
            "statusUrl": "/v1/agents/tasks/task_a1b2c3d4e5f6"
        })
    ))
)]
pub(in crate::routes) async fn submit_task(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    JsonObject(request): JsonObject,
) -> Result<Response, ApiError> {
    if state.is_draining() {
        return Err(Error::unavailable("the host is stopping").with_retry_after(5).into());
    }
    let submitted = app::tasks::submit(&state.app, &caller, &request).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, submitted.status_url)], Json(submitted.body))
        .into_response())
}

/// The caller's tasks, newest first. Ours.
#[utoipa::path(
    get,
    path = "/v1/agents/tasks",
    tag = "Agent Tasks",
    params(
        ("status" = Option<String>, Query, description = "`queued`, `in_progress`, `completed`, `failed`, `cancelled`; several separated by commas."),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50."),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
    ),
    responses((status = 200, description = "A page.", body = TaskListResponse, example = json!({ "tasks": [], "nextCursor": null })))
)]
pub(in crate::routes) async fn list_tasks(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    page: Page,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    let filter = Filter {
        status: parameters.get("status").map(str::to_owned),
        limit: page.limit,
        cursor: page.cursor,
    };
    let found = app::tasks::list(&state.app, &caller, &filter).await?;
    Ok(Json(json!({ "tasks": found.tasks, "nextCursor": found.next_cursor })))
}
