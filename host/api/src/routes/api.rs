pub(in crate::routes) mod agent;
pub(in crate::routes) mod v1;
