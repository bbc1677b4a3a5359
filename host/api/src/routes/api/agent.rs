//! `/api/agent`.

pub(in crate::routes) mod autonomy;
