//! `/api/server` (elizaOS 1.x).

pub(in crate::routes) mod health;
pub(in crate::routes) mod hello;
pub(in crate::routes) mod ping;
pub(in crate::routes) mod status;
mod wire;
