//! `/v1`: document Autonoma.

pub(super) mod admin;
pub(super) mod agents;
pub(super) mod approvals;
pub(super) mod health;
pub(super) mod info;
