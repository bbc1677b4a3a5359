//! The bodies of elizaOS agents for OpenAPI. The use cases check and make them; the client's own test holds both together.

#![allow(dead_code, reason = "schemas: nobody makes values of these types")]

use serde_json::Value;
use utoipa::ToSchema;

/// A new agent; one of the two.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct CreateCharacterRequest {
    character_json: Option<Character>,
    agent: Option<Character>,
}

/// Who an agent is. Other fields are kept as they are.
#[derive(ToSchema)]
pub(super) struct Character {
    /// UUID; 409 when it is taken.
    id: Option<String>,
    /// What people call it.
    name: String,
    /// A text or a list of texts.
    #[schema(value_type = Option<Object>)]
    bio: Option<Value>,
    /// Rules of the agent.
    system: Option<String>,
    /// Without secrets.
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
}

/// A JSON merge patch of the character.
#[derive(ToSchema)]
pub(super) struct UpdateCharacterRequest {
    name: Option<String>,
    system: Option<String>,
}

/// All agents.
#[derive(ToSchema)]
pub(super) struct CharacterListResponse {
    /// True.
    success: bool,
    data: CharacterList,
}

/// All agents.
#[derive(ToSchema)]
pub(super) struct CharacterList {
    agents: Vec<CharacterSummary>,
}

/// An agent in a list.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct CharacterSummary {
    /// UUID.
    id: String,
    name: String,
    character_name: String,
    /// The first line of it.
    bio: String,
    status: CharacterStatus,
}

/// Whether it answers.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum CharacterStatus {
    Inactive,
    Active,
}

/// It was made.
#[derive(ToSchema)]
pub(super) struct CreateCharacterResponse {
    /// True.
    success: bool,
    data: CreatedCharacter,
}

/// A new agent.
#[derive(ToSchema)]
pub(super) struct CreatedCharacter {
    /// UUID.
    id: String,
    character: AgentCharacter,
}

/// One agent.
#[derive(ToSchema)]
pub(super) struct CharacterResponse {
    /// True.
    success: bool,
    data: AgentCharacter,
}

/// A character and how its agent runs; with the other fields that its client gave.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct AgentCharacter {
    /// UUID.
    id: String,
    name: String,
    status: CharacterStatus,
    /// True.
    enabled: bool,
    created_at: String,
}

/// How to start.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct StartCharacterRequest {
    /// Whether the agent ticks; default false.
    #[schema(nullable = false)]
    enable_autonomy: Option<bool>,
    /// Override the agent's configuration until it is stopped.
    #[schema(value_type = Option<Object>, nullable = false)]
    settings: Option<Value>,
}

/// It runs.
#[derive(ToSchema)]
pub(super) struct StartCharacterResponse {
    /// True.
    success: bool,
    data: StartedCharacter,
}

/// An agent that runs.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct StartedCharacter {
    /// UUID.
    id: String,
    /// The same.
    agent_id: String,
    name: String,
    status: CharacterStatus,
    /// Milliseconds since 1970; null when it was stopped at the same moment.
    #[schema(required)]
    started_at: Option<i64>,
    enable_autonomy: bool,
}

/// It is stopped.
#[derive(ToSchema)]
pub(super) struct StopCharacterResponse {
    /// True.
    success: bool,
    data: StoppedCharacter,
}

/// A stopped agent.
#[derive(ToSchema)]
pub(super) struct StoppedCharacter {
    /// For people.
    message: String,
}

/// Pages.
#[derive(ToSchema)]
pub(super) struct PanelsResponse {
    /// True.
    success: bool,
    data: Vec<Panel>,
}

/// A page.
#[derive(ToSchema)]
pub(super) struct Panel {
    name: String,
    /// On this host.
    path: String,
}

/// Lines of the log.
#[derive(ToSchema)]
pub(super) struct AgentLogsResponse {
    /// True.
    success: bool,
    /// Newest first.
    data: Vec<AgentLogLine>,
}

/// A line of the log.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct AgentLogLine {
    /// UUID.
    id: String,
    /// UUID.
    agent_id: String,
    /// `log`.
    r#type: String,
    level: String,
    message: String,
    /// Milliseconds since 1970.
    timestamp: i64,
    /// The same.
    created_at: i64,
    /// Its task, if any.
    #[schema(value_type = Object)]
    body: Value,
}

/// Turns.
#[derive(ToSchema)]
pub(super) struct RunListResponse {
    /// True.
    success: bool,
    data: RunList,
}

/// Turns.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct RunList {
    runs: Vec<Run>,
    /// Those that fit the query.
    total: u64,
    has_more: bool,
}

/// One turn.
#[derive(ToSchema)]
pub(super) struct RunResponse {
    /// True.
    success: bool,
    data: RunDetail,
}

/// One turn and what happened in it.
#[derive(ToSchema)]
pub(super) struct RunDetail {
    summary: Run,
    events: Vec<RunEvent>,
}

/// A turn.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct Run {
    /// UUID.
    run_id: String,
    status: ElizaRunState,
    /// Milliseconds since 1970.
    started_at: i64,
    #[schema(required)]
    ended_at: Option<i64>,
    #[schema(required)]
    duration_ms: Option<u64>,
    /// UUID of the conversation.
    #[schema(nullable = false)]
    room_id: Option<String>,
    /// UUID of who asked.
    #[schema(nullable = false)]
    entity_id: Option<String>,
    /// UUID of what was asked; a tick was not.
    #[schema(nullable = false)]
    message_id: Option<String>,
    counts: RunCounts,
    /// Which kind of turn, and its task.
    #[schema(value_type = Object)]
    metadata: Value,
}

/// Where it is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum ElizaRunState {
    Started,
    Completed,
    Timeout,
    Error,
}

/// How much of what.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct RunCounts {
    actions: u32,
    model_calls: u32,
    errors: u32,
    evaluators: u32,
}

/// Something that happened.
#[derive(ToSchema)]
pub(super) struct RunEvent {
    /// RUN_STARTED, MODEL_USED, ACTION_STARTED, ACTION_COMPLETED or RUN_ENDED.
    r#type: String,
    /// Milliseconds since 1970.
    timestamp: i64,
    #[schema(value_type = Object)]
    data: Value,
}
