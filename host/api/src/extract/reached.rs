//! By which name and scheme the client reaches this host, as the origin middleware found it.

use crate::error::ApiError;
use axum::extract::FromRequestParts;
use domain::error::Error;
use http::request::Parts;

/// For links that the client is to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReachedAs {
    /// Name and port, one that the host answers to.
    pub(crate) host: String,
    /// TLS ends at a trusted proxy, or at the public URL.
    pub(crate) is_secure: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for ReachedAs {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Error::internal("the origin middleware did not run").into())
    }
}
