//! The outermost: request id, log span, count, security headers, and the body of every error.

use crate::error::{ApiError, Dialect, render};
use crate::middleware::forwarded;
use crate::state::ApiState;
use app::ports::clock::Entropy;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::error::{Code, Error};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::Instrument as _;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id that is taken over.
const REQUEST_ID_LIMIT: usize = 128;
/// Of a method in logs; the longest registered one has 17 letters.
const METHOD_SHOWN: usize = 32;
/// JSON needs nothing from a browser.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// The docs page: its own files, and inline styles that its library makes.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

pub(crate) async fn wrap(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let started = state.app.ports.clock.elapsed();
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
    let dialect = Dialect::of(&path, request.headers());
    let request_id = request_id(&state, request.headers());
    let client = forwarded::client(&request, &state.settings).address.map(|address| address.to_string());
    let span = tracing::info_span!(
        "request",
        request_id = request_id.to_str().unwrap_or_default(),
        method = domain::effect::bounded(method.as_str().to_owned(), METHOD_SHOWN),
        path,
        client,
        user = tracing::field::Empty
    );
    async {
        let response = match head_size(&request) {
            size if size > state.settings.head_limit => {
                let limit = state.settings.head_limit;
                ApiError(Error::new(
                    Code::TooLarge,
                    format!("the request's head is larger than the limit of {limit} bytes"),
                ))
                .into_response()
            }
            _ => next.run(request).await,
        };
        let mut response = render(dialect, response);
        secure(response.headers_mut(), &path);
        response.headers_mut().insert(REQUEST_ID, request_id.clone());
        let took = state.app.ports.clock.elapsed().saturating_sub(started);
        state.counters.count(&method, &route, response.status().as_u16(), took);
        tracing::info!(status = response.status().as_u16(), milliseconds = took.as_millis(), "answered");
        response
    }
    .instrument(span.clone())
    .await
}

/// The caller's own when it is readable, else a new one.
pub(crate) fn request_id(state: &ApiState, headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID).filter(|value| {
        let bytes = value.as_bytes();
        (1..=REQUEST_ID_LIMIT).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
    });
    given.cloned().unwrap_or_else(|| state.request_ids.make())
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Makes request ids: unique, not secret, and without a system call each.
#[derive(Debug)]
pub(crate) struct RequestIds {
    start: u64,
    made: AtomicU64,
}

impl RequestIds {
    /// With a random beginning, so that two runs of a host share none.
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let mut start = [0; 8];
        entropy.fill(&mut start);
        Self { start: u64::from_le_bytes(start), made: AtomicU64::new(0) }
    }

    fn make(&self) -> HeaderValue {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        // By hand: every answer has one, and formatting costs more than the rest of its header.
        let mut digits = (u128::from(self.start) << 64) | u128::from(number);
        let mut text = [0; 32];
        for digit in text.iter_mut().rev() {
            *digit = HEX.get((digits & 15) as usize).copied().unwrap_or(b'0');
            digits >>= 4;
        }
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    }
}

pub(crate) fn head_size(request: &Request) -> usize {
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let method = request.method().as_str().len();
    headers + method + request.uri().path().len() + request.uri().query().map_or(0, str::len)
}

pub(crate) fn secure(headers: &mut HeaderMap, path: &str) {
    let is_docs = path == "/docs" || path.starts_with("/docs/");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(if is_docs { DOCS_POLICY } else { API_POLICY }),
    );
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
