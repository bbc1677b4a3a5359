//! `/api/v1/users/{user}/secrets/{key}`.

use crate::error::ApiError;
use crate::extract::{Authenticated, SegmentPair};
use crate::state::ApiState;
use axum::extract::State;
use http::StatusCode;

/// Delete a secret.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{user}/secrets/{key}",
    tag = "Secrets",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("key" = String, Path, description = "Its name.", example = "WEATHER_API_KEY"),
    ),
    responses((status = 204, description = "It is gone; what uses it is answered `not-found` from now on."))
)]
pub(in crate::routes) async fn delete_secret(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, key): SegmentPair,
) -> Result<StatusCode, ApiError> {
    app::secrets::delete(&state.app, &caller, &user, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
