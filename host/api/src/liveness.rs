//! Liveness checks, answered before routing and middleware: balancers ask all the time, and the answer needs nothing.
//!
//! Only the plain case is taken: GET, one of the three paths, a name that the host listens as, no browser. Everything else, also what is
//! wrong with such a request, goes the common way, where the same routes are described and answered alike.

use crate::middleware::{edge, origin};
use crate::routes::health::{BODY, PATHS};
use crate::state::ApiState;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use futures_util::future::{Either, Ready, ready};
use http::{HeaderMap, HeaderValue, Method, header};
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::Service;

/// Around the whole router. Cloned for each request, so it is one pointer.
#[derive(Clone)]
pub(crate) struct Liveness(Arc<Parts>);

struct Parts {
    state: ApiState,
    inner: Router,
    /// Of every answer here; the request's own id replaces the one in it.
    headers: HeaderMap,
}

impl Service<Request> for Liveness {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, <Router as Service<Request>>::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // As a router, which is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.answer(&request) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => Either::Right(self.0.inner.clone().call(request)),
        }
    }
}

impl Liveness {
    pub(crate) fn new(state: ApiState, inner: Router) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for path in PATHS {
            edge::secure(&mut headers, path);
        }
        headers.insert(edge::REQUEST_ID, HeaderValue::from_static(""));
        Self(Arc::new(Parts { state, inner, headers }))
    }

    fn answer(&self, request: &Request) -> Option<Response> {
        let path = request.uri().path();
        let path = PATHS.iter().find(|known| **known == path).filter(|_| request.method() == Method::GET)?;
        let headers = request.headers();
        let is_plain = !headers.contains_key(header::ORIGIN) && !headers.contains_key("x-forwarded-host");
        if !is_plain || edge::head_size(request) > self.0.state.settings.head_limit {
            return None;
        }
        origin::is_own_name(&self.0.state.settings, request).then_some(())?;
        let mut response = Response::new(Body::from(Bytes::from_static(BODY)));
        response.headers_mut().clone_from(&self.0.headers);
        response.headers_mut().insert(edge::REQUEST_ID, edge::request_id(&self.0.state, headers));
        self.0.state.counters.count_liveness(path);
        Some(response)
    }
}
