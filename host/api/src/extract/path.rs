//! One segment of the path.

use crate::error::ApiError;
use axum::extract::{FromRequestParts, Path};
use domain::error::Error;
use http::request::Parts;

/// The only parameter of a path, decoded.
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::invalid("the path has a segment that is not UTF-8 after decoding"))?;
        Ok(Self(text))
    }
}
