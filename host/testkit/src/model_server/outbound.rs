//! An outbound port straight into the scripted server's router: no socket, no address rules.

use app::ports::outbound::{Outbound, OutboundRequest, OutboundResponse, Purpose};
use axum::Router;
use axum::body::Body;
use domain::effect::{CallError, ErrorKind};
use futures_util::StreamExt as _;
use std::sync::Mutex;
use tower::ServiceExt as _;

/// Sends every request to one router and remembers for what purpose.
pub struct RouterOutbound {
    router: Router,
    purposes: Mutex<Vec<Purpose>>,
}

impl RouterOutbound {
    /// Of any router.
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self { router, purposes: Mutex::default() }
    }

    /// Why requests left, in order.
    #[must_use]
    pub fn purposes(&self) -> Vec<Purpose> {
        self.purposes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

fn unreachable(error: impl std::fmt::Display) -> CallError {
    CallError::new(ErrorKind::Unavailable, "connection", error.to_string())
}

#[async_trait::async_trait]
impl Outbound for RouterOutbound {
    async fn send(&self, request: OutboundRequest, purpose: Purpose) -> Result<OutboundResponse, CallError> {
        self.purposes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(purpose);
        let mut builder =
            axum::http::Request::builder().method(request.method.as_str()).uri(request.url.as_str());
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let sent = builder.body(Body::from(request.body)).map_err(unreachable)?;
        let timeout = || CallError::new(ErrorKind::Timeout, "timeout", "no answer in time");
        let answer = tokio::time::timeout(request.timeout, self.router.clone().oneshot(sent))
            .await
            .map_err(|_| timeout())?;
        let answer = answer.map_err(unreachable)?;
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        Ok(OutboundResponse {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: answer.into_body().into_data_stream().map(|chunk| chunk.map_err(unreachable)).boxed(),
        })
    }

    fn check_url(&self, url: &str, _purpose: Purpose) -> Result<url::Url, CallError> {
        url::Url::parse(url)
            .map_err(|error| CallError::new(ErrorKind::InvalidInput, "url", error.to_string()))
    }
}
