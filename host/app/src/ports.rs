//! What use cases need from the outside, one trait a file. Adapters implement them and never name each other.
//!
//! Store ports are shaped like operations: **one method is one transaction**, durable when it answers `Ok`.

pub mod agent_files;
pub mod agents;
pub mod api_keys;
pub mod approvals;
pub mod blobs;
pub mod clock;
pub mod components;
pub mod grants;
pub mod host_calls;
pub mod idempotency;
pub mod jobs;
pub mod journal;
pub mod keys;
pub mod kv;
pub mod logs;
pub mod models;
pub mod outbound;
pub mod packages;
pub mod plugins;
pub mod queue;
pub mod rate_windows;
pub mod rooms;
pub mod secrets;
pub mod sessions;
pub mod skills;
pub mod sources;
pub mod store;
pub mod store_error;
pub mod tasks;
pub mod templates;
pub mod ticks;
pub mod usage;
pub mod users;
pub mod vault;
pub mod webhooks;
pub mod workspaces;
