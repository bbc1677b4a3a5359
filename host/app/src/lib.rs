//! Use cases, one file a group, and the ports that they need. Each use case takes the caller first, authorizes, then acts.
//!
//! It names no database, no wasm, no HTTP server or client. Start reading at [`ports`], then [`context`], then `effects`, the one
//! implementation of what a running component may do.

pub mod accounts;
pub mod agents;
pub mod approvals;
pub mod authenticate;
pub mod autonomy;
pub mod catalog;
pub mod characters;
pub mod chat;
pub mod context;
pub mod effects;
pub mod failpoint;
mod fields;
pub mod files;
pub mod health;
pub mod install;
pub mod jobs;
pub mod live;
pub mod logs;
pub mod memories;
pub mod personalities;
pub mod plugins;
pub mod ports;
pub mod rates;
pub mod references;
pub mod replay;
pub mod rights;
pub mod runs;
pub mod secrets;
pub mod servers;
pub mod sessions;
pub mod settings;
pub mod skills;
pub mod tasks;
pub mod templates;
mod turns;
pub mod usage;
pub mod users;

pub use context::{App, Ports};
pub use settings::Settings;
