//! JSON bodies (api.md, "Bodies"): none is `{}`, another type is 415, anything but an object is 400.

use crate::error::ApiError;
use crate::settings::HttpSettings;
use crate::state::ApiState;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use domain::error::{Code, Error};
use http::{HeaderMap, header};
use serde_json::{Value, json};
use std::time::Duration;

/// A JSON object.
pub(crate) struct JsonObject(pub(crate) Value);

impl FromRequest<ApiState> for JsonObject {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let body = read_body(request, &state.settings).await?;
        if body.is_empty() {
            return Ok(Self(json!({})));
        }
        if !is_json {
            return Err(Error::new(Code::UnsupportedMediaType, "the body must be application/json").into());
        }
        let value: Value = serde_json::from_slice(&body)
            .map_err(|error| Error::invalid(format!("the body is not JSON: {error}")))?;
        if !value.is_object() {
            return Err(Error::invalid("the body must be a JSON object").into());
        }
        Ok(Self(value))
    }
}

/// Read a body within its limits of size and time.
pub(crate) async fn read_body(request: Request, settings: &HttpSettings) -> Result<Bytes, Error> {
    read_at_most(request, settings.body_limit, settings.timeout).await
}

/// Read a body of at most `limit` bytes within `time`.
pub(crate) async fn read_at_most(request: Request, limit: usize, time: Duration) -> Result<Bytes, Error> {
    let too_large =
        || Error::new(Code::TooLarge, format!("the body is larger than the limit of {limit} bytes"));
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    // Its own deadline: not every reader of a body is inside the one of its route, and that of a submit is long.
    let body = tokio::time::timeout(time, axum::body::to_bytes(request.into_body(), limit)).await;
    let body =
        body.map_err(|_| Error::unavailable(format!("the request's body did not come within {time:?}")))?;
    body.map_err(|error| {
        let is_limit = std::error::Error::source(&error)
            .is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if is_limit { too_large() } else { Error::invalid("the body ended too early") }
    })
}

/// `application/json`, `application/…+json`, or not said.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let name =
        value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    name == "application/json"
        || name.strip_prefix("application/").is_some_and(|rest| rest.ends_with("+json"))
}
