//! HTTP: routes, extractors, one error renderer for each surface, OpenAPI. axum is named here and nowhere else.
//!
//! It decides nothing: a handler parses, calls one use case of `app`, and shapes the answer. It reads no configuration; `host` gives it
//! [`HttpSettings`] and a listener. Start reading at `routes`, where every route is on one page, then at `middleware`, which lists what
//! each request passes.

mod counters;
mod error;
mod event_stream;
mod extract;
mod liveness;
mod middleware;
pub mod model_server;
mod openapi;
mod router;
mod routes;
mod serve;
mod settings;
mod state;
mod surface;

pub use middleware::timeout::LONGEST_ANSWER;
pub use openapi::document;
pub use router::router;
pub use serve::serve;
pub use settings::HttpSettings;
