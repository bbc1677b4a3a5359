//! testkit

pub mod clock;
pub mod model_server;
