//! The one error of handlers and middleware, and the one place where it becomes a body.

use crate::surface::Surface;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::error::{Code, Error};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// A refused or failed request. It carries no body until [`render`] knows the surface.
#[derive(Debug, Clone)]
pub(crate) struct ApiError(pub(crate) Error);

impl<T: Into<Error>> From<T> for ApiError {
    fn from(error: T) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(seconds) = self.0.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.0.code == Code::Unauthorized {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self.0);
        response
    }
}

/// In which dialect a request wants its errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    surface: Surface,
    wants_problem: bool,
}

impl Dialect {
    /// By path and `Accept`.
    pub(crate) fn of(path: &str, headers: &HeaderMap) -> Self {
        let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let mut ranges = accepts.flat_map(|value| value.split(','));
        let wants_problem = ranges.any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_problem =
                parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/problem+json"));
            is_problem
                && !parts.any(|part| {
                    matches!(part.replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
                })
        });
        Self { surface: Surface::of(path), wants_problem }
    }
}

/// The error of an answer that has a status and no body: files of the docs page that are not there.
fn without_body(response: &Response) -> Option<Error> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.headers().contains_key(header::CONTENT_TYPE) {
        return None;
    }
    let words = status.canonical_reason().unwrap_or("error").to_lowercase();
    Some(match status {
        StatusCode::NOT_FOUND => Error::not_found("there is nothing here; /openapi.json lists what there is"),
        status if status.is_server_error() => Error::internal(words),
        _ => Error::invalid(words),
    })
}

/// Give an error its body; other answers pass unchanged. The cause of a 5xx goes to the log and nowhere else.
pub(crate) fn render(dialect: Dialect, mut response: Response) -> Response {
    let error = response.extensions_mut().remove::<Error>().or_else(|| without_body(&response));
    let Some(error) = error else { return response };
    if error.code.status() >= 500 {
        tracing::error!(code = error.code.as_str(), cause = error.message, "the request failed");
    }
    let problem = if dialect.wants_problem { dialect.surface.problem(&error) } else { None };
    let (kind, body) = match problem {
        Some(body) => ("application/problem+json", body),
        None => ("application/json", dialect.surface.body(&error)),
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Response::from_parts(parts, Body::from(body.to_string()))
}
