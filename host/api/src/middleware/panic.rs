//! A panic is a 500 in the surface's shape; the process and the other requests go on.

use crate::error::ApiError;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use std::any::Any;

/// For `tower_http::catch_panic`.
pub(crate) fn answer(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError(Error::internal(format!("a handler panicked: {}", text.unwrap_or("no message")))).into_response()
}
