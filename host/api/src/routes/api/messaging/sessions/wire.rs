//! The bodies of elizaOS sessions for OpenAPI. The use cases check and make them; the client's own test holds both together.

#![allow(dead_code, reason = "schemas: nobody makes values of these types")]

use serde_json::Value;
use utoipa::ToSchema;

/// Begin a session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct CreateSessionRequest {
    /// UUID.
    agent_id: String,
    /// UUID; the client's own id of the person.
    user_id: String,
    /// The client's own, at most 10 KiB.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    timeout_config: Option<TimeoutRequest>,
}

/// When a session ends. Numbers outside their limits are clamped.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct TimeoutRequest {
    /// Idle time, 5 to 1440; default 30.
    timeout_minutes: Option<f64>,
    /// Whether use renews it; default true.
    auto_renew: Option<bool>,
    /// Whole life, at most 2880; default 720.
    max_duration_minutes: Option<f64>,
    /// It is near its end then; default 5.
    warning_threshold_minutes: Option<f64>,
}

/// When a session ends.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SessionTimeout {
    timeout_minutes: u32,
    auto_renew: bool,
    max_duration_minutes: u32,
    warning_threshold_minutes: u32,
}

/// A new session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct CreateSessionResponse {
    /// UUID.
    session_id: String,
    /// UUID of its conversation.
    channel_id: String,
    /// UUID.
    agent_id: String,
    /// UUID.
    user_id: String,
    created_at: String,
    #[schema(value_type = Object)]
    metadata: Value,
    expires_at: String,
    timeout_config: SessionTimeout,
}

/// A session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SessionInfo {
    /// UUID.
    session_id: String,
    /// UUID of its conversation.
    channel_id: String,
    /// UUID.
    agent_id: String,
    /// UUID.
    user_id: String,
    created_at: String,
    last_activity: String,
    #[schema(value_type = Object)]
    metadata: Value,
    expires_at: String,
    timeout_config: SessionTimeout,
    renewal_count: u32,
    /// Milliseconds.
    time_remaining: u64,
    is_near_expiration: bool,
}

/// All sessions that are not over.
#[derive(ToSchema)]
pub(super) struct SessionListResponse {
    sessions: Vec<SessionInfo>,
    total: u64,
}

/// It is gone.
#[derive(ToSchema)]
pub(super) struct DeleteSessionResponse {
    /// True.
    success: bool,
    message: String,
    data: DeletedSession,
}

/// The same again.
#[derive(ToSchema)]
pub(super) struct DeletedSession {
    /// True.
    success: bool,
    message: String,
}

/// Counts.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SessionHealth {
    /// `healthy`.
    status: String,
    active_sessions: u64,
    expiring_soon: u64,
    timestamp: String,
    /// Seconds.
    uptime: u64,
}

/// Say something.
#[derive(ToSchema)]
pub(super) struct SendRequest {
    /// At most 50,000 characters.
    #[schema(min_length = 1, max_length = 50000)]
    content: String,
    /// Kept with the message; agents read its text only.
    #[schema(value_type = Option<Vec<Object>>)]
    attachments: Option<Vec<Value>>,
    /// The client's own, at most 10 KiB.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// `http`, `sse` or `websocket`.
    transport: Option<String>,
}

/// It is said.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SendResponse {
    /// True.
    success: bool,
    user_message: UserMessage,
    /// With `http` only.
    #[schema(nullable = false)]
    agent_response: Option<AgentReply>,
    session_status: SessionStatus,
    data: Sent,
}

/// The same again.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct Sent {
    /// True.
    success: bool,
    user_message: UserMessage,
    #[schema(nullable = false)]
    agent_response: Option<AgentReply>,
    session_status: SessionStatus,
}

/// What was said.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct UserMessage {
    /// UUID.
    id: String,
    content: String,
    /// UUID.
    author_id: String,
    created_at: String,
    #[schema(value_type = Object)]
    metadata: Value,
}

/// What the agent says.
#[derive(ToSchema)]
pub(super) struct AgentReply {
    /// Empty when it has nothing to say.
    text: String,
}

/// How long the session lasts now.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SessionStatus {
    expires_at: String,
    renewal_count: u32,
    was_renewed: bool,
    is_near_expiration: bool,
}

/// What was said.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SessionMessages {
    /// Newest first.
    messages: Vec<SessionMessage>,
    has_more: bool,
    /// Times to go on from.
    #[schema(nullable = false)]
    cursors: Option<Cursors>,
}

/// Times to go on from, in milliseconds since 1970.
#[derive(ToSchema)]
pub(super) struct Cursors {
    before: i64,
    after: i64,
}

/// A message.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SessionMessage {
    /// UUID.
    id: String,
    content: String,
    /// UUID.
    author_id: String,
    is_agent: bool,
    created_at: String,
    #[schema(value_type = Object)]
    metadata: Value,
}
