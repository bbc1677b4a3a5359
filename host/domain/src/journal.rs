//! Journal entries: what is recorded of a scope, and in which form.

use crate::address::Scope;
use crate::component::{CallContext, CallFailure, Cost, Export, Limits, Output};
use crate::effect::{Call, CallError, EffectClass, Reply};
use crate::id::Digest;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Replies whose JSON is larger than this go into a blob.
pub const INLINE_LIMIT: usize = 16 << 10;
/// Largest reply of one call.
pub const REPLY_LIMIT: usize = 8 << 20;
/// Most entries of a task; then `exhausted`.
pub const ENTRIES_LIMIT: u64 = 10_000;
/// Most journal bytes of a task (blobs included); then `exhausted`.
pub const BYTES_LIMIT: u64 = 64 << 20;

/// One entry. Its identity is `(task, scope, ordinal)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The component call.
    pub scope: Scope,
    /// 0 start, 1.. host calls, last + 1 the end.
    pub ordinal: u32,
    /// When it was made, by the host's clock.
    pub at: Timestamp,
    /// What happened.
    pub body: EntryBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum EntryBody {
    /// The scope began: everything that its determinism needs.
    Start(Box<ScopeStart>),
    /// A host call.
    Call(CallRecord),
    /// The scope ended.
    End(ScopeEnd),
}

/// What a scope began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeStart {
    /// The component's name and version; none for a call that the host makes itself.
    pub plugin: Option<String>,
    /// The component's identity; none for a call that the host makes itself.
    pub digest: Option<Digest>,
    /// Whether it is the user's own and not the host's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
    /// Its ABI version.
    pub abi: Option<String>,
    /// What was called with which input; none for a call that the host makes itself.
    pub export: Option<Export>,
    /// In whose name it runs; none for a call that the host makes itself, and in journals of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<CallContext>,
    /// The plugin's configuration.
    #[serde(default)]
    pub config: Value,
    /// What it may use.
    pub limits: Limits,
    /// The scope's clock begins here.
    pub start: Timestamp,
    /// The scope's randomness: 32 bytes, hex.
    pub seed: String,
}

/// One host call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    /// `interface.function`.
    pub function: String,
    /// `h1:…`, compared on replay.
    pub hash: String,
    /// For people.
    pub request: Value,
    /// What recovery may do.
    pub class: EffectClass,
    /// None while only `started` is known (class once).
    pub result: Option<Recorded>,
    /// How long it took; the scope's clock moves by it.
    pub duration_us: u64,
}

/// A reply or error in the form that is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recorded {
    /// The reply's JSON.
    Inline(Reply),
    /// The reply's JSON in a blob.
    Blob(Digest),
    /// A read file: the blob is its content.
    Content(Digest),
    /// A typed error.
    Error(CallError),
}

/// How a scope ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeEnd {
    /// Output or failure.
    pub result: Result<RecordedOutput, CallFailure>,
    /// Recorded, never compared.
    pub cost: Cost,
    /// Whether a keyed or once effect of this scope, or of one nested in it, happened or may have happened: then a retry is not automatic.
    pub effects_done: bool,
    /// Whether the manifest says that a retry is safe all the same.
    pub retry_safe: bool,
}

/// An output, or where it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordedOutput {
    /// Of a component.
    Inline(Output),
    /// Its JSON in a blob.
    Blob(Digest),
    /// Of a call that the host made itself: its reply is in the entry before.
    Host,
}

impl CallRecord {
    /// The record of a call that has not been answered yet.
    #[must_use]
    pub fn started(call: &Call) -> Self {
        Self {
            function: call.name().to_owned(),
            hash: call.request_hash(),
            request: call.describe(),
            class: call.class(),
            result: None,
            duration_us: 0,
        }
    }
}

/// A change that commits in the same transaction as its entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalEffect {
    /// Set a file of the task's workspace.
    PutFile {
        /// From the root.
        path: String,
        /// Its content.
        blob: Digest,
        /// Bytes.
        size: u64,
    },
    /// Remove a file of the task's workspace.
    DeleteFile {
        /// From the root.
        path: String,
    },
    /// Make the workspace's present files the base that diffs are against (after a git import).
    MarkBase,
    /// Set a key.
    PutKv {
        /// Plugin name.
        plugin: String,
        /// Key.
        key: String,
        /// Value.
        #[serde(with = "crate::base64")]
        value: Vec<u8>,
    },
    /// Remove a key.
    DeleteKv {
        /// Plugin name.
        plugin: String,
        /// Key.
        key: String,
    },
    /// Put a message into an agent's inbox.
    Message {
        /// The receiver.
        agent: crate::id::AgentId,
        /// Same key, same message.
        id: String,
        /// What it says.
        text: String,
    },
    /// Start another task; its id is derived from the key, so a second insert is a no-op.
    ChildTask(Box<crate::task::NewTask>),
    /// Count tokens.
    Usage {
        /// The provider's name of the model.
        model: String,
        /// Tokens.
        usage: crate::effect::model::Usage,
    },
    /// Put a message into a room; the same id is the same message.
    RoomMessage(Box<crate::room::NewMessage>),
    /// These instructions are this tick's and no other's.
    ConsumeInstructions {
        /// Of the agent.
        ids: Vec<uuid::Uuid>,
    },
    /// The tick had nothing to report: one more in the one message that counts such ticks.
    QuietTick {
        /// The agent's own.
        room: uuid::Uuid,
    },
    /// Say something in the log of the task's user.
    Log {
        /// When it was said.
        at: Timestamp,
        /// How much it matters.
        level: crate::log::Level,
        /// What.
        message: String,
    },
    /// A durable event for people.
    Event(crate::event::EventBody),
    /// What the task shows.
    Progress(crate::task::Progress),
}
