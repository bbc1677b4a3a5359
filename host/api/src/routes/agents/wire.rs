//! The bodies of document Start agent for OpenAPI. The use cases check and make them; golden tests hold both together.

#![allow(dead_code, reason = "schemas: nobody makes values of these types")]

use serde_json::Value;
use utoipa::ToSchema;

/// How to start.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct StartAgentRequest {
    /// Whether the agent ticks and may begin conversations; default false.
    #[schema(nullable = false)]
    enable_autonomy: Option<bool>,
    /// Override the agent's configuration until it is stopped: `model`, `temperature` (0 to 2), `maxTokens`, `tools`, `acmfMode`,
    /// `budget`. Others are kept for plugins.
    #[schema(value_type = Option<Object>, nullable = false)]
    settings: Option<Value>,
}

/// Whether it answers.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum RuntimeStatus {
    Inactive,
    Active,
}

/// It was started.
#[derive(ToSchema)]
pub(super) struct StartAgentResponse {
    /// True.
    success: bool,
    /// For people.
    message: String,
    data: StartedAgent,
}

/// A started agent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct StartedAgent {
    /// UUID.
    agent_id: String,
    /// `active`.
    status: RuntimeStatus,
    /// Milliseconds since 1970.
    started_at: i64,
    enable_autonomy: bool,
}

/// It was stopped.
#[derive(ToSchema)]
pub(super) struct StopAgentResponse {
    /// True.
    success: bool,
    /// For people.
    message: String,
    data: StoppedAgent,
}

/// A stopped agent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct StoppedAgent {
    /// UUID.
    agent_id: String,
    /// `inactive`.
    status: RuntimeStatus,
}

/// One agent.
#[derive(ToSchema)]
pub(super) struct RuntimeResponse {
    /// True.
    success: bool,
    status: RuntimeStatus,
    data: Runtime,
}

/// All agents.
#[derive(ToSchema)]
pub(super) struct RuntimeListResponse {
    /// True.
    success: bool,
    data: Runtimes,
}

/// All agents.
#[derive(ToSchema)]
pub(super) struct Runtimes {
    agents: Vec<Runtime>,
}

/// An agent and how it runs.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct Runtime {
    /// UUID.
    id: String,
    /// The same.
    agent_id: String,
    name: String,
    status: RuntimeStatus,
    /// Milliseconds since 1970; null while it is stopped.
    #[schema(required)]
    started_at: Option<i64>,
    enable_autonomy: bool,
    /// Of its start.
    #[schema(value_type = Object)]
    settings: Value,
}

/// A message to an agent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SendMessageRequest {
    /// What is said.
    text: String,
    /// The client's own id of the person who says it; each has a lasting conversation of its own.
    #[schema(min_length = 1, max_length = 128)]
    user_id: Option<String>,
    /// Another conversation, by its UUID.
    room_id: Option<String>,
}

/// The agent answered.
#[derive(ToSchema)]
pub(super) struct SendMessageResponse {
    /// True.
    success: bool,
    data: AgentMessage,
}

/// What the agent said.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct AgentMessage {
    /// Empty when it has nothing to say.
    text: String,
    /// UUID.
    agent_id: String,
    /// UUID.
    #[schema(required)]
    message_id: Option<String>,
    /// UUID.
    room_id: String,
}
