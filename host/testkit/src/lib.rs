//! testkit

pub mod clock;
pub mod components;
pub mod disk;
pub mod model_server;
