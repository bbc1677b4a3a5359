//! What a running component may do to the world, and the one way in which it happens:
//! replay, or authorize -> budget -> barrier -> do through a port -> append.
//!
//! [`attempt`] is one claim of a task: its lease, its journal, its buffer. [`scope`] runs or resumes one component call.
//! [`host`] answers the calls of a scope. Every capability has a file of its own; all can be tested without wasm.

mod agents;
mod approve;
pub mod attempt;
mod doubt;
mod files;
pub mod gates;
pub mod history;
pub mod host;
mod http;
mod kv;
mod live;
mod model;
pub mod recorded;
pub(crate) mod schema;
pub mod scope;
mod secrets;
mod source;
mod tools;
mod turn;
mod webhook;
