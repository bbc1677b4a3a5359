//! Rate limits (api.md §0): refuses what is over, and tells every holder of a user or agent key where it stands.

use crate::error::ApiError;
use crate::state::ApiState;
use crate::surface::Surface;
use app::authenticate::Known;
use app::rates::Verdict;
use axum::response::{IntoResponse, Response};
use domain::error::{Code, Error};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::future::Future;

/// Let the request pass if it is within its user's limit, and add the headers to whatever is answered.
pub(crate) async fn within(
    state: &ApiState,
    known: &Known,
    path: &str,
    answer: impl Future<Output = Response>,
) -> Response {
    let Some(plan) = known.plan else { return answer.await };
    let surface = Surface::of(path);
    let counted = surface.counted();
    let limits = state.app.settings.plans.of(plan);
    let verdict = match state.app.rates.admit(known.caller.user, counted, limits).await {
        Ok(verdict) => verdict,
        Err(error) => return ApiError(error).into_response(),
    };
    let mut response = match verdict.retry_after {
        None => answer.await,
        Some(seconds) => refusal(seconds).into_response(),
    };
    tell(response.headers_mut(), &verdict);
    if surface == Surface::Eliza {
        tell_draft(response.headers_mut(), &verdict);
    }
    response
}

fn refusal(seconds: u64) -> ApiError {
    let error = Error::new(
        Code::RateLimited,
        format!("the limit of requests is reached; try again in {seconds} s, or ask for a larger plan"),
    );
    ApiError(error.with_retry_after(seconds))
}

fn tell(headers: &mut HeaderMap, verdict: &Verdict) {
    headers.insert(HeaderName::from_static("x-ratelimit-limit"), verdict.limit.into());
    headers.insert(HeaderName::from_static("x-ratelimit-remaining"), verdict.remaining.into());
    headers.insert(HeaderName::from_static("x-ratelimit-reset"), (verdict.resets_at.0 / 1000).into());
}

/// As elizaOS tells it: draft 6 of `RateLimit` header fields.
fn tell_draft(headers: &mut HeaderMap, verdict: &Verdict) {
    headers.insert(HeaderName::from_static("ratelimit-limit"), verdict.limit.into());
    headers.insert(HeaderName::from_static("ratelimit-remaining"), verdict.remaining.into());
    headers.insert(HeaderName::from_static("ratelimit-reset"), verdict.resets_in.into());
    let policy = format!("{};w={}", verdict.limit, verdict.length.as_secs());
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(HeaderName::from_static("ratelimit-policy"), policy);
    }
}
