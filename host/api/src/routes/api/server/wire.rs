//! The bodies of elizaOS' server routes for OpenAPI.

#![allow(dead_code, reason = "schemas: nobody makes values of these types")]

use utoipa::ToSchema;

/// Whether there are agents that run.
#[derive(ToSchema)]
pub(super) struct ServerHealth {
    /// `OK`.
    status: String,
    version: String,
    timestamp: String,
    dependencies: Dependencies,
}

/// What it needs.
#[derive(ToSchema)]
pub(super) struct Dependencies {
    /// `healthy` or `no_agents`.
    agents: String,
}

/// It answers.
#[derive(ToSchema)]
pub(super) struct Pong {
    /// True.
    pong: bool,
    /// Milliseconds since 1970.
    timestamp: i64,
}

/// A greeting.
#[derive(ToSchema)]
pub(super) struct Hello {
    message: String,
}

/// Counts.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct ServerStatus {
    /// `ok`.
    status: String,
    /// Those that run.
    agent_count: u64,
    agents: AgentCounts,
    timestamp: String,
    /// Seconds.
    uptime: u64,
    version: String,
}

/// The caller's agents.
#[derive(ToSchema)]
pub(super) struct AgentCounts {
    total: u64,
    active: u64,
    inactive: u64,
}
