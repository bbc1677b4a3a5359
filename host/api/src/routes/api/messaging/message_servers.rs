//! `GET /api/messaging/message-servers`.

use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Message servers: this host is the one that the caller's agents are on.
#[utoipa::path(
    get,
    path = "/api/messaging/message-servers",
    tag = "elizaOS: Messaging",
    responses(
        (status = 200, description = "One.", body = MessageServersResponse, example = json!({ "success": true, "data": { "messageServers": [{
            "id": "00000000-0000-0000-0000-000000000000", "name": "ada", "sourceType": "skep", "metadata": { "agents": 1, "activeAgents": 1 },
            "createdAt": "2026-02-23T15:00:00.000Z", "updatedAt": "2026-02-23T15:00:00.000Z"
        }] } })),
    )
)]
pub(in crate::routes) async fn list_message_servers(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    let data = app::servers::message_servers(&state.app, &caller).await?;
    Ok(Json(json!({ "success": true, "data": data })))
}

/// All message servers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "schema")]
struct MessageServersResponse {
    /// True.
    success: bool,
    data: MessageServers,
}

/// All message servers.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "schema")]
struct MessageServers {
    message_servers: Vec<MessageServer>,
}

/// This host, as the user sees it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "schema")]
struct MessageServer {
    /// UUID; the one that clients name when they name none.
    id: String,
    /// The user's name.
    name: String,
    /// `skep`.
    source_type: String,
    /// How many agents there are, and how many of them run.
    #[schema(value_type = Object)]
    metadata: Value,
    created_at: String,
    updated_at: String,
}
