//! `GET /api/messaging/jobs/health`.

use super::wire::JobHealth;
use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// How the newest jobs went.
#[utoipa::path(
    get,
    path = "/api/messaging/jobs/health",
    tag = "elizaOS: Messaging",
    responses(
        (status = 200, description = "Counts of the caller's jobs.", body = JobHealth, example = json!({
            "healthy": true, "timestamp": 1709683200000_i64, "totalJobs": 1,
            "statusCounts": { "pending": 0, "processing": 0, "completed": 1, "failed": 0, "timeout": 0 },
            "metrics": { "averageProcessingTimeMs": 1000.0, "successRate": 1.0, "failureRate": 0.0, "timeoutRate": 0.0 },
            "maxJobs": 1000
        })),
    )
)]
pub(in crate::routes) async fn get_job_health(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::jobs::health(&state.app, &caller).await?))
}
