//! What a plugin can ask its host for, free of any ABI version: [`Call`], [`Reply`], [`CallError`], one case per host function.
//! `app::effects` performs them; `runtime` translates them from and to WIT.

pub mod files;
pub mod gates;
pub mod http;
pub mod model;
pub mod source;
pub mod tools;
pub mod turn;
pub mod webhook;

use crate::canonical::{Canonical, Encoder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One request to the host. `log`, `clock`, `random` and `progress` are not calls: they are never journaled.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// `model.complete`.
    Model(model::ModelRequest),
    /// `http.send`.
    Http(http::HttpRequest),
    /// `secrets.exists`.
    SecretExists {
        /// The secret's name.
        name: String,
    },
    /// `secrets.sign`.
    SecretSign {
        /// The secret's name.
        name: String,
        /// How.
        algorithm: SignAlgorithm,
        /// What.
        bytes: Vec<u8>,
    },
    /// `files.*`.
    Files(files::FilesCall),
    /// `kv.*`.
    Kv(KvCall),
    /// `tools.*`.
    Tools(tools::ToolsCall),
    /// `agents.send`.
    AgentSend {
        /// The other agent's name.
        agent: String,
        /// The message.
        text: String,
    },
    /// `agents.start-task`.
    AgentStart {
        /// The other agent's name.
        agent: String,
        /// The body of `POST /v1/agents/tasks`.
        request: Value,
    },
    /// Host only: fetch a git `source` into the task's workspace.
    Source(source::SourceRequest),
    /// Host only: compute the gates of a round.
    Gates(gates::GatesRequest),
    /// Host only: deliver a webhook.
    Webhook(webhook::WebhookRequest),
    /// Host only: a step of a chat turn or tick.
    Turn(turn::TurnCall),
}

/// Small persistent state of a plugin for an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KvCall {
    /// The value of a key.
    Get {
        /// 1 to 256 bytes.
        key: String,
    },
    /// Set a key.
    Put {
        /// 1 to 256 bytes.
        key: String,
        /// Counted against the quota of the grant.
        value: Vec<u8>,
    },
    /// Remove a key.
    Delete {
        /// 1 to 256 bytes.
        key: String,
    },
    /// Keys with a prefix.
    Keys {
        /// May be empty.
        prefix: String,
    },
}

/// How `secrets.sign` signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignAlgorithm {
    /// HMAC-SHA256 (RFC 2104).
    HmacSha256,
    /// Ed25519 (RFC 8032).
    Ed25519,
}

/// What crash recovery may do with a call (`local` and `read` are always safe).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectClass {
    /// Committed in the same transaction as its entry: exactly once.
    Local,
    /// Repeatable; its entry may wait in memory.
    Read,
    /// Carries its address as idempotency key; sent again after a crash.
    Keyed,
    /// A `started` entry goes first; found without a result it answers `uncertain` and is never sent again.
    Once,
}

impl Call {
    /// `interface.function`, as in WIT.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Model(_) => "model.complete",
            Self::Http(_) => "http.send",
            Self::SecretExists { .. } => "secrets.exists",
            Self::SecretSign { .. } => "secrets.sign",
            Self::Files(call) => call.name(),
            Self::Kv(KvCall::Get { .. }) => "kv.get",
            Self::Kv(KvCall::Put { .. }) => "kv.put",
            Self::Kv(KvCall::Delete { .. }) => "kv.delete",
            Self::Kv(KvCall::Keys { .. }) => "kv.keys",
            Self::Tools(call) => call.name(),
            Self::AgentSend { .. } => "agents.send",
            Self::AgentStart { .. } => "agents.start-task",
            Self::Source(_) => "source.import",
            Self::Gates(_) => "gates.check",
            Self::Webhook(_) => "webhook.send",
            Self::Turn(call) => call.name(),
        }
    }

    /// The interface that must be granted.
    #[must_use]
    pub fn interface(&self) -> &'static str {
        self.name().split_once('.').map_or("", |(interface, _)| interface)
    }

    /// What recovery may do with it.
    #[must_use]
    pub fn class(&self) -> EffectClass {
        match self {
            Self::Http(request) => request.class(),
            Self::Files(call) => call.class(),
            Self::Kv(KvCall::Put { .. } | KvCall::Delete { .. }) => EffectClass::Local,
            Self::AgentSend { .. } | Self::AgentStart { .. } | Self::Source(_) | Self::Turn(_) => {
                EffectClass::Local
            }
            Self::Webhook(_) => EffectClass::Keyed,
            // A nested tool call journals its own effects in its own scope.
            Self::Model(_)
            | Self::SecretExists { .. }
            | Self::SecretSign { .. }
            | Self::Kv(_)
            | Self::Tools(_)
            | Self::Gates(_) => EffectClass::Read,
        }
    }

    /// `h1:` and the sha256 of the call in canonical encoding. Idempotency keys, credential values, deadlines and trace ids are not in a call.
    #[must_use]
    pub fn request_hash(&self) -> String {
        let mut encoder = Encoder::new(self.name());
        self.encode(&mut encoder);
        encoder.finish()
    }

    /// The call for people, with long bytes as their digest.
    #[must_use]
    pub fn describe(&self) -> Value {
        match self {
            Self::Model(request) => serde_json::to_value(request).unwrap_or_default(),
            Self::Http(request) => request.describe(),
            Self::SecretExists { name } => json!({ "name": name }),
            Self::SecretSign { name, algorithm, bytes } => {
                json!({ "name": name, "algorithm": algorithm, "bytes": summary(bytes) })
            }
            Self::Files(call) => call.describe(),
            Self::Kv(KvCall::Get { key } | KvCall::Delete { key }) => json!({ "key": key }),
            Self::Kv(KvCall::Put { key, value }) => json!({ "key": key, "value": summary(value) }),
            Self::Kv(KvCall::Keys { prefix }) => json!({ "prefix": prefix }),
            Self::Tools(tools::ToolsCall::Available) => json!({}),
            Self::Tools(tools::ToolsCall::Call { name, arguments }) => {
                json!({ "name": name, "arguments": arguments })
            }
            Self::AgentSend { agent, text } => json!({ "agent": agent, "text": text }),
            Self::AgentStart { agent, request } => json!({ "agent": agent, "request": request }),
            Self::Source(request) => serde_json::to_value(request).unwrap_or_default(),
            Self::Gates(request) => serde_json::to_value(request).unwrap_or_default(),
            Self::Webhook(request) => request.describe(),
            Self::Turn(call) => call.describe(),
        }
    }
}

impl Canonical for Call {
    fn encode(&self, encoder: &mut Encoder) {
        match self {
            Self::Model(request) => request.encode(encoder),
            Self::Http(request) => request.encode(encoder),
            Self::SecretExists { name } => encoder.text(name),
            Self::SecretSign { name, algorithm, bytes } => {
                encoder.text(name);
                encoder.text(match algorithm {
                    SignAlgorithm::HmacSha256 => "hmac-sha256",
                    SignAlgorithm::Ed25519 => "ed25519",
                });
                encoder.bytes(bytes);
            }
            Self::Files(call) => call.encode(encoder),
            Self::Kv(KvCall::Get { key } | KvCall::Delete { key }) => encoder.text(key),
            Self::Kv(KvCall::Put { key, value }) => {
                encoder.text(key);
                encoder.bytes(value);
            }
            Self::Kv(KvCall::Keys { prefix }) => encoder.text(prefix),
            Self::Tools(tools::ToolsCall::Available) => {}
            Self::Tools(tools::ToolsCall::Call { name, arguments }) => {
                encoder.text(name);
                encoder.json(arguments);
            }
            Self::AgentSend { agent, text } => {
                encoder.text(agent);
                encoder.text(text);
            }
            Self::AgentStart { agent, request } => {
                encoder.text(agent);
                encoder.json(request);
            }
            Self::Source(request) => encoder.json(&serde_json::to_value(request).unwrap_or_default()),
            Self::Gates(request) => encoder.json(&serde_json::to_value(request).unwrap_or_default()),
            Self::Webhook(request) => request.encode(encoder),
            Self::Turn(call) => call.encode(encoder),
        }
    }
}

/// Bytes for people: text when it is short text, else size and digest.
pub(crate) fn summary(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.len() <= 1024 => json!(text),
        _ => json!({ "bytes": bytes.len(), "digest": crate::id::Digest::of(bytes) }),
    }
}

/// What the host answers. The journal keeps this; a read file is kept as its digest (see [`crate::journal`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Nothing to say.
    Unit,
    /// Yes or no.
    Bool(bool),
    /// `kv.get`, `secrets.sign`; none where the key is not set.
    Bytes(#[serde(with = "crate::base64::option")] Option<Vec<u8>>),
    /// `files.read`.
    Content(#[serde(with = "crate::base64")] Vec<u8>),
    /// `kv.keys`.
    Texts(Vec<String>),
    /// `agents.send`, `agents.start-task`: an id.
    Text(String),
    /// `tools.call`.
    Json(Value),
    /// `model.complete`.
    Model(model::ModelAnswer),
    /// `http.send`.
    Http(http::HttpResponse),
    /// `files.list`.
    Entries(Vec<files::FileEntry>),
    /// `files.search`.
    Matches(Vec<files::MatchLine>),
    /// `tools.available`.
    Tools(Vec<tools::ToolDescription>),
    /// `gates.check`.
    Gates(gates::GatesReport),
    /// `source.import`.
    Source(source::SourceReport),
    /// `webhook.send`.
    Webhook(webhook::WebhookReport),
    /// `turn.context`.
    Turn(turn::TurnContext),
}

/// Why a call failed, for programs. The set is closed; see `types.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// Malformed or beyond the documented limits.
    InvalidInput,
    /// Not granted.
    Denied,
    /// Not there for this agent.
    NotFound,
    /// Excluded by the thing's state.
    Conflict,
    /// Refused for good by the other side.
    Permanent,
    /// The task was cancelled.
    Cancelled,
    /// A budget is used up.
    Exhausted,
    /// Larger than the limit.
    TooLarge,
    /// Anything else that a retry does not mend.
    Other,
    /// Could not be reached, or answered 5xx.
    Unavailable,
    /// No answer in time.
    Timeout,
    /// Asked to come again later.
    Busy,
    /// May or may not have happened.
    Uncertain,
}

impl ErrorKind {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Unavailable | Self::Timeout | Self::Busy)
    }

    /// The word in WIT and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid-input",
            Self::Denied => "denied",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Permanent => "permanent",
            Self::Cancelled => "cancelled",
            Self::Exhausted => "exhausted",
            Self::TooLarge => "too-large",
            Self::Other => "other",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Busy => "busy",
            Self::Uncertain => "uncertain",
        }
    }
}

/// The failure of a host call, or of a plugin's export: the `error` of `types.wit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {message}", kind.as_str())]
#[serde(rename_all = "camelCase")]
pub struct CallError {
    /// The closed word.
    pub kind: ErrorKind,
    /// The open word.
    pub code: String,
    /// For people.
    pub message: String,
    /// When to come again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl CallError {
    /// Texts that a guest wrote are cut here, at a character boundary.
    pub const TEXT_LIMIT: usize = 4096;

    /// A failure.
    pub fn new(kind: ErrorKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: bounded(code.into(), 128),
            message: bounded(message.into(), Self::TEXT_LIMIT),
            retry_after_ms: None,
        }
    }

    /// The same failure with a time to come again.
    #[must_use]
    pub fn retry_after(mut self, milliseconds: u64) -> Self {
        self.retry_after_ms = Some(milliseconds);
        self
    }
}

/// Text cut to at most `limit` bytes at a character boundary.
#[must_use]
pub fn bounded(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let end = (0..=limit).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0);
        text.truncate(end);
    }
    text
}
