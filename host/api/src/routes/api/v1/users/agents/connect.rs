//! `GET /api/v1/users/{user}/agents/{agent}/connect`.

use super::super::NO_STORE;
use super::super::wire::ConnectResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, ReachedAs, SegmentPair};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

/// Get gateway connection details. The token is good for 10 minutes.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/agents/{agent}/connect",
    tag = "Agent Management",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
    ),
    responses((status = 200, description = "Where to connect, and with what.", body = ConnectResponse, example = json!({
        "url": "ws://127.0.0.1:3000/gateway", "token": "skeptok_…", "protocol": 4, "agent": "manager"
    })))
)]
pub(in crate::routes) async fn connect_agent(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
    reached: ReachedAs,
) -> Result<Response, ApiError> {
    let scheme = if reached.is_secure { "wss" } else { "ws" };
    let gateway = format!("{scheme}://{}/gateway", reached.host);
    let details = app::agents::connect(&state.app, &caller, &user, &agent, &gateway).await?;
    Ok(([NO_STORE], Json(details)).into_response())
}
