//! `/api/agent/autonomy` (document Autonomy).

pub(in crate::routes) mod instructions;
pub(in crate::routes) mod interval;
pub(in crate::routes) mod messages;
pub(in crate::routes) mod status;
mod wire;

use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use domain::error::{Code, Error};
use serde_json::Value;
use wire::AutonomyState;

/// Get the current autonomy state: true only when the agent runs and its flag is set. The agent is that of an agent key, else the
/// default agent of the user.
#[utoipa::path(
    get,
    path = "/api/agent/autonomy",
    tag = "Autonomy",
    responses((status = 200, description = "Whether autonomous operation is currently enabled.", body = AutonomyState, example = json!({
        "enabled": true
    })))
)]
pub(in crate::routes) async fn get_autonomy(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::autonomy::get(&state.app, &caller).await?))
}

/// Enable or disable autonomous operation. When enabling, the first tick fires immediately; when disabling, the loop stops after the
/// current tick (if any) completes.
#[utoipa::path(
    post,
    path = "/api/agent/autonomy",
    tag = "Autonomy",
    request_body(content = AutonomyState, example = json!({ "enabled": true })),
    responses(
        (status = 200, description = "The state after the operation.", body = AutonomyState, example = json!({
            "enabled": true
        })),
        (status = 400, description = "`enabled` is no boolean.", content_type = "application/json", example = json!({
            "error": "enabled must be a boolean", "code": "INVALID_REQUEST"
        })),
        (status = 404, description = "The agent is gone.", content_type = "application/json", example = json!({
            "error": "agent not found", "code": "NOT_FOUND"
        })),
        (status = 500, description = "The host allows no autonomy (`AUTONOMY_DISABLED`), or our fault.", content_type = "application/json", example = json!({
            "error": "autonomy is disabled in the configuration of this host (SKEP_AUTONOMY=off)", "code": "AUTONOMY_DISABLED"
        })),
        (status = 503, description = "The agent is not started, or the host stops.", content_type = "application/json", example = json!({
            "error": "service unavailable: try again later", "code": "SERVICE_UNAVAILABLE"
        })),
    )
)]
pub(in crate::routes) async fn set_autonomy(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    body: Result<JsonObject, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let request = match body {
        Ok(JsonObject(request)) => Some(request),
        // The document has one text for whatever is not a boolean.
        Err(ApiError(error)) if error.code == Code::InvalidRequest => None,
        Err(error) => return Err(error),
    };
    if *state.settings.draining.borrow() {
        return Err(Error::unavailable("the host stops").into());
    }
    Ok(Json(app::autonomy::set(&state.app, &caller, request.as_ref()).await?))
}
