//! Running components: implemented by `runtime`, the only crate that knows wasmtime.

use super::host_calls::HostCalls;
use bytes::Bytes;
use domain::component::{CallContext, CallOutcome, Export, Limits};
use domain::id::Digest;
use domain::manifest::Manifest;
use domain::time::Timestamp;
use std::sync::Arc;

/// How a component is run: chosen at install from its own minimums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Pooled, up to 64 MiB.
    Small,
    /// On demand, up to 512 MiB, few at once.
    Large,
}

/// What compiling found.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// The identity of the bytes.
    pub digest: Digest,
    /// How it will run.
    pub profile: Profile,
    /// Host interfaces that it imports, without `log`, `clock`, `random`, `progress`, `types`.
    pub imports: Vec<String>,
    /// Whether it needs WASI 0.2.
    pub wasi: bool,
    /// From the cache instead of the compiler.
    pub cached: bool,
}

/// A component that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ComponentError {
    /// Not a component, or one that this host cannot link.
    #[error("{0}")]
    Invalid(String),
    /// Built for another ABI.
    #[error(
        "the component was built for skep:plugin {found}, this host speaks {supported}: build it again with skep-sdk {supported}"
    )]
    OtherAbi {
        /// The component's.
        found: String,
        /// Ours.
        supported: String,
    },
    /// The compiler went over its limits of time or memory, or died.
    #[error("compiling was stopped: {0}")]
    CompileLimit(String),
    /// It compiled, and a trial instance failed.
    #[error("a trial instance failed: {0}")]
    Trial(String),
    /// The host's own trouble.
    #[error("the runtime failed: {0}")]
    Internal(String),
}

/// The determinism of a scope: its clock begins at `start`, its randomness is ChaCha20 of `seed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Determinism {
    /// Start of the scope's clock.
    pub start: Timestamp,
    /// Of its randomness.
    pub seed: [u8; 32],
}

/// One call.
pub struct CallRequest {
    /// Which component; it must have been compiled.
    pub digest: Digest,
    /// What.
    pub export: Export,
    /// In whose name.
    pub context: CallContext,
    /// What it may use.
    pub limits: Limits,
    /// Clock and randomness.
    pub determinism: Determinism,
    /// 0 for a root call, at most 8.
    pub depth: u8,
    /// Who performs its host calls.
    pub host: Arc<dyn HostCalls>,
}

/// Compiles and calls components. One call is one fresh instance.
#[async_trait::async_trait]
pub trait Components: Send + Sync + 'static {
    /// Compile bytes (child process with CPU and memory limits, or the cache) and keep the result ready under its digest.
    /// The manifest has been read from the bytes before; its ABI version decides the linker.
    async fn compile(&self, bytes: Bytes, manifest: &Manifest) -> Result<Compiled, ComponentError>;

    /// Make and drop one instance.
    async fn trial(&self, digest: Digest) -> Result<(), ComponentError>;

    /// Whether `call` would find it.
    fn is_loaded(&self, digest: Digest) -> bool;

    /// Drop the compiled code from memory once its calls have ended.
    fn unload(&self, digest: Digest);

    /// Call an export on a fresh instance. Never fails by itself: every end is a `CallOutcome`.
    async fn call(&self, request: CallRequest) -> CallOutcome;
}
