//! The router: all routes inside all middleware.

use crate::error::ApiError;
use crate::liveness::Liveness;
use crate::middleware::{authenticate, edge, idempotency, origin, panic, slash, timeout};
use crate::settings::HttpSettings;
use crate::state::ApiState;
use crate::{openapi, routes};
use app::App;
use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use domain::error::{Code, Error};
use http::{Method, Uri};
use std::sync::Arc;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Everything that the host answers.
pub fn router(app: Arc<App>, settings: HttpSettings) -> Router {
    let (routes, openapi) = routes::all().split_for_parts();
    let state = ApiState::new(app, settings, openapi::finish(&openapi));
    let inner = routes
        .merge(SwaggerUi::new("/docs").config(Config::from("/openapi.json")))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(state.clone(), timeout::limit))
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(from_fn_with_state(state.clone(), idempotency::keep))
        .layer(from_fn_with_state(state.clone(), authenticate::require))
        .layer(from_fn_with_state(state.clone(), origin::check))
        // Once more, for what the middleware itself may do.
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(from_fn_with_state(state.clone(), edge::wrap))
        .with_state(state.clone());
    // Layers of a router run after it has routed: only something around it can change the path.
    let inner =
        Router::new().fallback_service(inner.map_request(|request: Request| slash::normalize(request)));
    Router::new().fallback_service(Liveness::new(state, inner))
}

async fn unknown_path(uri: Uri) -> ApiError {
    let path = domain::effect::bounded(uri.path().to_owned(), 256);
    Error::not_found(format!("there is nothing at {path}; /openapi.json lists what there is")).into()
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let path = domain::effect::bounded(uri.path().to_owned(), 256);
    Error::new(
        Code::MethodNotAllowed,
        format!("{path} does not take {method}; the Allow header lists what it takes"),
    )
    .into()
}
