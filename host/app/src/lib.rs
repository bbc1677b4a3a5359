//! Use cases, one file a group, and the ports that they need. Each use case takes the caller first, authorizes, then acts.
//!
//! It names no database, no wasm, no HTTP server or client. Start reading at [`ports`], then [`context`], then `effects`, the one
//! implementation of what a running component may do.

pub mod catalog;
pub mod context;
pub mod live;
pub mod ports;
pub mod settings;

pub use context::{App, Ports};
pub use settings::Settings;
