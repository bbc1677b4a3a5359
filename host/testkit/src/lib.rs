//! testkit

pub mod clock;
pub mod disk;
pub mod model_server;
