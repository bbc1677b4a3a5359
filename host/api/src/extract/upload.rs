//! A plugin package as it is uploaded: raw bytes, or the one file of a form.

use super::body::read_at_most;
use crate::error::ApiError;
use crate::middleware::timeout::LONGEST_ANSWER;
use crate::state::ApiState;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use bytes::Bytes;
use domain::error::{Code, Error};
use http::{HeaderMap, header};

/// Largest package, by design §4.3.
const PACKAGE_LIMIT: usize = 50 << 20;
/// What a form adds around its file.
const FORM_LIMIT: usize = 64 << 10;
/// Types that a package is sent as; without one it is bytes.
const TYPES: [&str; 5] = [
    "application/wasm",
    "application/zip",
    "application/x-zip-compressed",
    "application/octet-stream",
    "text/markdown",
];

/// The bytes of a package.
pub(crate) struct Upload(pub(crate) Bytes);

impl FromRequest<ApiState> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        let media = media_type(request.headers());
        let is_form = media.as_deref() == Some("multipart/form-data");
        if !is_form && media.as_deref().is_some_and(|media| !TYPES.contains(&media)) {
            let message = format!("the body must be multipart/form-data or one of {}", TYPES.join(", "));
            return Err(Error::new(Code::UnsupportedMediaType, message).into());
        }
        let headers = request.headers().clone();
        let limit = if is_form { PACKAGE_LIMIT + FORM_LIMIT } else { PACKAGE_LIMIT };
        let time = state.settings.timeout.max(LONGEST_ANSWER);
        let body = read_at_most(request, limit, time).await?;
        let bytes = if is_form { only_file(headers, body).await? } else { body };
        if bytes.is_empty() {
            return Err(Error::invalid("the body is empty; send a component or a zip archive").into());
        }
        Ok(Self(bytes))
    }
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or("(not text)");
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// The one part of the form that has bytes of a file.
async fn only_file(headers: HeaderMap, body: Bytes) -> Result<Bytes, Error> {
    let mut request = Request::new(Body::from(body));
    *request.headers_mut() = headers;
    // It has been read within our own limit.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|error| Error::invalid(format!("the form cannot be read: {}", error.body_text())))?;
    let mut found = None;
    let unreadable = |error: axum::extract::multipart::MultipartError| {
        Error::invalid(format!("the form cannot be read: {}", error.body_text()))
    };
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let is_file = field.file_name().is_some() || field.name() == Some("file");
        let bytes = field.bytes().await.map_err(unreadable)?;
        if is_file && found.replace(bytes).is_some() {
            return Err(Error::invalid("the form has several files; send one package"));
        }
    }
    found.ok_or_else(|| Error::invalid("the form has no file; send the package as the part `file`"))
}
