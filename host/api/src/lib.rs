//! HTTP: routes, extractors, one error renderer for each surface, OpenAPI. axum is named here and nowhere else.
//!
//! It decides nothing: a handler parses, calls one use case of `app`, and shapes the answer. It reads no configuration and opens no socket
//! by itself. Start reading at [`mod@router`], where every route is on one page.

pub mod model_server;
