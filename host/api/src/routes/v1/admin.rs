//! `/v1/admin`.

pub(in crate::routes) mod plugins;
