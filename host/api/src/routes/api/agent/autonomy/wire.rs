//! The bodies of document Autonomy for OpenAPI. The use cases check and make them; golden tests hold both together.

#![allow(dead_code, reason = "schemas: nobody makes values of these types")]

use utoipa::ToSchema;

/// Whether the agent acts on its own.
#[derive(ToSchema)]
pub(super) struct AutonomyState {
    /// Whether autonomous operation is enabled.
    enabled: bool,
}

/// How the loop goes.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct AutonomyStatus {
    enabled: bool,
    /// A tick executes now.
    running: bool,
    /// Milliseconds between two ticks.
    interval: u64,
    /// UUID; lasting.
    autonomous_room_id: String,
    /// UUID.
    agent_id: String,
    /// Milliseconds since 1970.
    #[schema(required)]
    last_tick_at: Option<i64>,
    /// Milliseconds since 1970; null while nothing is due.
    #[schema(required)]
    next_tick_at: Option<i64>,
    /// The loop pauses itself after five; enabling goes on.
    consecutive_failures: u32,
}

/// A page of the room.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct AutonomyMessages {
    /// Newest last.
    messages: Vec<AutonomyMessage>,
    /// For older ones.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A message of the agent's own room.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct AutonomyMessage {
    /// UUID.
    id: String,
    /// `user` for instructions, `assistant` for what the agent said.
    role: String,
    author: String,
    text: String,
    /// The tick that it belongs to.
    #[schema(required)]
    task: Option<String>,
    /// Milliseconds since 1970.
    created_at: i64,
}

/// For the next tick.
#[derive(ToSchema)]
pub(super) struct InstructionRequest {
    #[schema(min_length = 1, max_length = 16384)]
    instructions: String,
}

/// It is kept.
#[derive(ToSchema)]
pub(super) struct InstructionResponse {
    /// UUID.
    id: String,
    /// How many wait now.
    queued: u64,
}

/// Milliseconds between two ticks.
#[derive(ToSchema)]
pub(super) struct TickInterval {
    /// From 5000 to 600000; others are taken for the nearest of these.
    interval: u64,
}
