//! The bodies of document Autonomis for OpenAPI. The use cases check and make them; golden tests hold both together.

#![allow(dead_code, reason = "schemas: nobody makes values of these types")]

use serde_json::Value;
use utoipa::ToSchema;

/// The user's plan.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum PlanTier {
    Startup,
    Growth,
    Scale,
    Enterprise,
}

/// A new user.
#[derive(ToSchema)]
pub(super) struct CreateUserRequest {
    /// Lower-case letters, digits and hyphens.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9][a-z0-9-]{0,62}$")]
    name: String,
    /// Unique.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Default `startup`.
    tier: Option<PlanTier>,
}

/// A user.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct UserResponse {
    /// UUID.
    id: String,
    name: String,
    #[schema(required)]
    email: Option<String>,
    tier: PlanTier,
    /// RFC 3339.
    created_at: String,
}

/// A user that was just made.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct CreateUserResponse {
    /// UUID.
    id: String,
    name: String,
    #[schema(required)]
    email: Option<String>,
    tier: PlanTier,
    /// RFC 3339.
    created_at: String,
    /// Shown this once; null in the replay of an `Idempotency-Key`.
    #[schema(required)]
    api_key: Option<String>,
}

/// A user with its agents.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct UserDetailResponse {
    /// UUID.
    id: String,
    name: String,
    #[schema(required)]
    email: Option<String>,
    tier: PlanTier,
    /// RFC 3339.
    created_at: String,
    agents: Vec<AgentResponse>,
}

/// A page of users.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct UserListResponse {
    users: Vec<UserResponse>,
    /// Of all pages.
    total: u64,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Another plan.
#[derive(ToSchema)]
pub(super) struct TierRequest {
    tier: PlanTier,
}

/// Whether it answers.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum RunState {
    Inactive,
    Active,
}

/// Ticks of an agent.
#[derive(ToSchema)]
pub(super) struct AgentAutonomy {
    /// It runs, and its flag is set.
    enabled: bool,
    /// Milliseconds between two ticks.
    interval: u64,
}

/// An agent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct AgentResponse {
    /// UUID.
    id: String,
    name: String,
    status: RunState,
    /// The user's tasks run as it.
    default: bool,
    autonomy: AgentAutonomy,
    /// `core`, `pro` or `ultra`.
    model: String,
    /// Live skills of which it may call a tool.
    skills: Vec<String>,
    /// RFC 3339.
    created_at: String,
}

/// A page of agents.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct AgentListResponse {
    agents: Vec<AgentResponse>,
    /// Of all pages.
    total: u64,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// One agent (`name`), several (`agents`), or so many with names of the host's choice (`count`). Beside `name` also what can be
/// configured.
#[derive(ToSchema)]
pub(super) struct CreateAgentsRequest {
    /// Unique among the user's agents.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9][a-z0-9-]{0,62}$")]
    name: Option<String>,
    /// A free UUID; without it the host draws one.
    #[schema(format = "uuid")]
    id: Option<String>,
    /// Each with `name`, `id` and configuration.
    #[schema(min_items = 1, max_items = 100)]
    agents: Option<Vec<Value>>,
    #[schema(minimum = 1, maximum = 100)]
    count: Option<u32>,
}

/// The agents; of a single one also its fields beside `agents`.
#[derive(ToSchema)]
pub(super) struct CreateAgentsResponse {
    agents: Vec<CreatedAgent>,
}

/// An agent that was just made.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct CreatedAgent {
    /// UUID.
    id: String,
    name: String,
    status: RunState,
    default: bool,
    autonomy: AgentAutonomy,
    model: String,
    skills: Vec<String>,
    created_at: String,
    /// Shown this once; null in the replay of an `Idempotency-Key`.
    #[schema(required)]
    api_key: Option<String>,
}

/// A new key.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct KeyResponse {
    /// Shown this once; null in the replay of an `Idempotency-Key`.
    #[schema(required)]
    api_key: Option<String>,
}

/// Whether an agent answers.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct PingResponse {
    online: bool,
    latency_ms: u64,
    /// RFC 3339; null before it did anything.
    #[schema(required)]
    last_seen_at: Option<String>,
}

/// Where an agent's gateway is.
#[derive(ToSchema)]
pub(super) struct ConnectResponse {
    /// A WebSocket.
    url: String,
    /// Good for 10 minutes.
    token: String,
    /// 4.
    protocol: u32,
    /// The agent's name.
    agent: String,
}

/// How a start went.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum DeployWord {
    Pending,
    Deploying,
    Ready,
    Failed,
}

/// How the last starts went.
#[derive(ToSchema)]
pub(super) struct DeployStatusResponse {
    /// The worst of all.
    status: DeployWord,
    agents: Vec<DeployedAgent>,
}

/// How the last start of one agent went.
#[derive(ToSchema)]
pub(super) struct DeployedAgent {
    name: String,
    status: DeployWord,
    #[schema(minimum = 0, maximum = 100)]
    progress: u8,
    /// `initialize`, `load`, `connect`, `register` or `listen`; null before the first start.
    #[schema(required)]
    step: Option<String>,
}

/// A JSON merge patch of a configuration; null sets a value back to its default, unknown keys are refused.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct ConfigRequest {
    /// `core`, `pro` or `ultra`.
    model: Option<String>,
    #[schema(minimum = 0, maximum = 2)]
    temperature: Option<f64>,
    /// Of one answer.
    #[schema(minimum = 1, maximum = 1000000)]
    max_tokens: Option<u32>,
    tools: Option<ToolRulesRequest>,
    autonomy: Option<IntervalRequest>,
    /// `OBSERVE`, `LEARNING`, `ASSISTED` or `AUTONOMOUS`.
    acmf_mode: Option<String>,
    /// Tokens of one month.
    #[schema(minimum = 0)]
    budget: Option<u64>,
}

/// Patterns such as `files.read`, `files.*` or `*`.
#[derive(ToSchema)]
pub(super) struct ToolRulesRequest {
    allow: Option<Vec<String>>,
    deny: Option<Vec<String>>,
}

/// Milliseconds between two ticks, clamped to 5,000..600,000.
#[derive(ToSchema)]
pub(super) struct IntervalRequest {
    #[schema(minimum = 1)]
    interval: Option<u64>,
}

/// A configuration.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct ConfigResponse {
    /// `core`, `pro` or `ultra`.
    model: String,
    /// Null: the provider's own.
    #[schema(required)]
    temperature: Option<f64>,
    /// Null: the provider's own.
    #[schema(required)]
    max_tokens: Option<u32>,
    tools: ToolRules,
    autonomy: Interval,
    /// `OBSERVE`, `LEARNING`, `ASSISTED` or `AUTONOMOUS`.
    acmf_mode: String,
    /// Tokens of one month; null without a limit.
    #[schema(required)]
    budget: Option<u64>,
}

/// Which tools the agent may call; `deny` wins.
#[derive(ToSchema)]
pub(super) struct ToolRules {
    allow: Vec<String>,
    deny: Vec<String>,
}

/// Of ticks.
#[derive(ToSchema)]
pub(super) struct Interval {
    /// Milliseconds, as in force.
    interval: u64,
}

/// Who said it.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum ChatRole {
    User,
    Assistant,
    System,
}

/// Something that was said.
#[derive(ToSchema)]
pub(super) struct ChatMessage {
    role: ChatRole,
    content: String,
}

/// A conversation to go on with.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct ChatRequest {
    /// The whole conversation, or with `conversationId` what is new in it. The last one is answered, so it is a user's.
    #[schema(min_items = 1, max_items = 1000)]
    messages: Vec<ChatMessage>,
    /// The conversation is kept under this name and continued.
    #[schema(min_length = 1, max_length = 128)]
    conversation_id: Option<String>,
}

/// What the agent says.
#[derive(ToSchema)]
pub(super) struct ChatResponse {
    /// Empty when it has nothing to say.
    message: String,
    /// Its name.
    agent: String,
}

/// Texts by template: SOUL.md, USER.md, TOOLS.md, HEARTBEAT.md, and AGENTS.md, IDENTITY.md, MEMORY.md where they are set. With
/// `resolved` each is an object of `text` and `source`.
#[derive(ToSchema)]
pub(super) struct TemplatesResponse(std::collections::BTreeMap<String, Value>);

/// Texts to set, by template; null removes one. Those that are not named stay. The same map may be within `templates`.
#[derive(ToSchema)]
pub(super) struct TemplatesRequest {
    #[schema(rename = "SOUL.md", max_length = 65536)]
    soul: Option<String>,
    #[schema(rename = "USER.md", max_length = 65536)]
    user: Option<String>,
    #[schema(rename = "TOOLS.md", max_length = 65536)]
    tools: Option<String>,
    #[schema(rename = "HEARTBEAT.md", max_length = 65536)]
    heartbeat: Option<String>,
    #[schema(rename = "AGENTS.md", max_length = 65536)]
    agents: Option<String>,
    #[schema(rename = "IDENTITY.md", max_length = 65536)]
    identity: Option<String>,
    #[schema(rename = "MEMORY.md", max_length = 65536)]
    memory: Option<String>,
    /// The same map.
    #[schema(value_type = Option<Object>)]
    templates: Option<Value>,
}

/// A page of a user's log.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct LogsResponse {
    /// Newest first.
    logs: Vec<LogLineBody>,
    /// None at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A line of a log.
#[derive(ToSchema)]
pub(super) struct LogLineBody {
    /// When it was said.
    #[schema(format = DateTime)]
    time: String,
    level: LogLevel,
    /// The agent's name; its id when it was deleted since.
    agent: String,
    /// The task in which it was said.
    #[schema(required)]
    task: Option<String>,
    message: String,
}

/// How much a line matters.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// Tokens of a month.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct UsageResponse {
    /// As `2026-02`.
    month: String,
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
    /// The sum of the budgets of the agents that have one; null when none has.
    #[schema(required)]
    limit: Option<u64>,
    by_agent: Vec<AgentUsage>,
    by_model: Vec<ModelUsage>,
}

/// Tokens of an agent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct AgentUsage {
    /// Its name; its id when it was deleted since.
    agent: String,
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
    /// Its budget of a month.
    #[schema(required)]
    limit: Option<u64>,
}

/// Tokens of a model.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct ModelUsage {
    /// The provider's name.
    model: String,
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
}

/// A folder of a workspace.
#[derive(ToSchema)]
pub(super) struct FolderResponse {
    /// From the root, which is empty.
    path: String,
    /// Sorted by name.
    entries: Vec<FolderEntry>,
}

/// An entry of a folder.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct FolderEntry {
    name: String,
    #[schema(rename = "type")]
    kind: EntryKind,
    /// Bytes; of a folder all below it.
    size: u64,
    /// Of the last write.
    #[schema(format = DateTime)]
    modified_at: String,
}

/// What an entry is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum EntryKind {
    File,
    Folder,
}

/// A file that was written.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct FileResponse {
    /// From the root.
    path: String,
    #[schema(rename = "type")]
    kind: EntryKind,
    size: u64,
    #[schema(format = DateTime)]
    modified_at: String,
}
