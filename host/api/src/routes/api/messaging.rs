//! `/api/messaging` (elizaOS 1.x).

pub(in crate::routes) mod jobs;
pub(in crate::routes) mod message_servers;
pub(in crate::routes) mod sessions;
