//! A panic is a 500 in the surface's shape; the process and the other requests go on.

use crate::error::ApiError;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use std::any::Any;

/// For `tower_http::catch_panic`.
pub(crate) fn answer(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError(Error::internal(format!("a handler panicked: {}", text.unwrap_or("no message")))).into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use crate::error::{Dialect, render};
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use http::{HeaderMap, Request};
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    async fn explode() -> &'static str {
        panic!("the password is hunter2")
    }

    #[tokio::test]
    async fn a_panic_is_a_500_in_the_shape_of_the_surface() {
        for (path, expected) in [
            ("/v1/x", r#"{"error":{"code":"INTERNAL_ERROR","message":"internal server error"}}"#),
            ("/api/v1/x", r#"{"error":"internal server error"}"#),
        ] {
            let router =
                Router::new().route(path, get(explode)).layer(CatchPanicLayer::custom(super::answer));
            let response = router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
            let response = render(Dialect::of(path, &HeaderMap::new()), response);
            assert_eq!(response.status(), 500, "{path}");
            let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
            assert_eq!(body, expected, "{path}");
        }
    }
}
