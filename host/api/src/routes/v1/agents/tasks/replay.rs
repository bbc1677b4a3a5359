//! `POST /v1/agents/tasks/{taskId}/replay`.

use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Segment};
use crate::state::ApiState;
use app::replay::{Against, Report};
use axum::Json;
use axum::extract::State;
use domain::error::Error;
use serde_json::{Value, json};

/// Run a finished task again from its journal, without network, and compare every request and every output byte. Ours.
#[utoipa::path(
    post,
    path = "/v1/agents/tasks/{taskId}/replay",
    tag = "Agent Tasks",
    params(("taskId" = String, Path, description = "Of a completed or failed task.", example = "task_a1b2c3d4e5f6")),
    request_body(content = Value, description = "`against`: `recorded` (default) runs the components of the journal, `live` those that are live now.", example = json!({ "against": "recorded" })),
    responses((status = 200, description = "What differs; nothing when `identical`.", body = Value, example = json!({
        "identical": true,
        "scopes": 25,
        "calls": 60,
        "differences": []
    })))
)]
pub(in crate::routes) async fn replay_task(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    JsonObject(request): JsonObject,
) -> Result<Json<Report>, ApiError> {
    let against = match request.get("against") {
        None | Some(Value::Null) => Against::Recorded,
        Some(Value::String(word)) if word == "recorded" => Against::Recorded,
        Some(Value::String(word)) if word == "live" => Against::Live,
        Some(other) => {
            let message = format!("against must be one of recorded, live; it is {other}");
            return Err(Error::invalid(message).with_details(json!({ "field": "against" })).into());
        }
    };
    Ok(Json(app::replay::replay(&state.app, &caller, &id, against).await?))
}
