//! Query parameters, and the two of every list: `limit` (1 to 200, default 50) and `cursor`.

use crate::error::ApiError;
use axum::extract::{FromRequestParts, Query};
use domain::error::Error;
use http::request::Parts;
use serde_json::json;

/// Query parameters; of a repeated one the first counts.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(pairs) = Query::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::invalid("the query string is not readable"))?;
        Ok(Self(pairs))
    }
}

/// Which part of a list.
pub(crate) struct Page {
    pub(crate) limit: u32,
    pub(crate) cursor: Option<String>,
}

/// Entries of a page unless the caller says otherwise.
const DEFAULT: u32 = 50;
/// Most entries of a page.
const MOST: u32 = 200;

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let parameters = Parameters::from_request_parts(parts, state).await?;
        let limit = match parameters.get("limit") {
            None => DEFAULT,
            Some(text) => text.parse().ok().filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| {
                let text = domain::effect::bounded(text.to_owned(), 64);
                Error::invalid(format!("limit must be a whole number from 1 to {MOST}, not {text:?}"))
                    .with_details(json!({ "field": "limit" }))
            })?,
        };
        Ok(Self { limit, cursor: parameters.get("cursor").map(str::to_owned) })
    }
}
