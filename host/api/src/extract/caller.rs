//! The caller, whom the authentication middleware found.

use crate::error::ApiError;
use axum::extract::FromRequestParts;
use domain::caller::Caller;
use domain::error::{Code, Error};
use http::request::Parts;

/// A request with a valid key.
pub(crate) struct Authenticated(pub(crate) Caller);

impl<S: Send + Sync> FromRequestParts<S> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.map(Self).ok_or_else(|| Error::new(Code::Unauthorized, "an API key is needed").into())
    }
}
