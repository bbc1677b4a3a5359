pub(in crate::routes) mod agent;
pub(in crate::routes) mod agents;
pub(in crate::routes) mod memory;
pub(in crate::routes) mod messaging;
pub(in crate::routes) mod server;
pub(in crate::routes) mod v1;
