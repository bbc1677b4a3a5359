//! `/v1/agents`.

pub(in crate::routes) mod list;
pub(in crate::routes) mod orchestrator;
pub(in crate::routes) mod status;
pub(in crate::routes) mod tasks;
