//! Segments of the path.

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

/// The two parameters of a path, in its order, decoded.
pub(crate) struct SegmentPair(pub(crate) String, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for SegmentPair {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path((first, second)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::invalid("the path has a segment that is not UTF-8 after decoding"))?;
        Ok(Self(first, second))
    }
}

/// The three parameters of a path, in its order, decoded.
pub(crate) struct SegmentTriple(pub(crate) String, pub(crate) String, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for SegmentTriple {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path((first, second, third)) = Path::<(String, String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::invalid("the path has a segment that is not UTF-8 after decoding"))?;
        Ok(Self(first, second, third))
    }
}
