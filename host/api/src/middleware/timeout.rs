//! A handler must answer in its route's time. Streams have answered once their first byte is ready.

use crate::error::ApiError;
use crate::state::ApiState;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use http::Method;
use std::time::Duration;

/// A submit reads a whole project into blobs before it answers; a replay runs every component call of a task again; an agent takes its
/// time for an answer.
pub const LONGEST_ANSWER: Duration = Duration::from_secs(120);

pub(crate) async fn limit(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let route =
        request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let limit = match (request.method(), route.as_str()) {
        (
            &Method::POST,
            "/v1/agents/tasks"
            | "/v1/agents/tasks/{taskId}/replay"
            | "/api/v1/users/{user}/agents/{agent}/chat"
            | "/agents/{agentId}/message",
        )
        // A package is up to 50 MB, and is compiled before the answer.
        | (&Method::PUT, "/api/v1/users/{user}/skills/{id}/file") => state.settings.timeout.max(LONGEST_ANSWER),
        _ => state.settings.timeout,
    };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            ApiError(Error::unavailable(format!("{route} did not answer within {limit:?}"))).into_response()
        }
    }
}
