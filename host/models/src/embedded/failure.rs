//! What goes wrong while a model is read or runs.

use domain::effect::{CallError, ErrorKind};
use std::path::PathBuf;

/// Why a model file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadFailure {
    /// No such file, no right to read it.
    #[error("the model file {} cannot be read: {source}; pull or import the model again", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not a GGUF file, or one that lacks something.
    #[error("the file is no model that runs here: {0}; use a GGUF file of architecture qwen2 or llama")]
    Unsupported(String),
    /// The arithmetic refused.
    #[error("the model cannot be loaded: {0}")]
    Arithmetic(#[from] candle_core::Error),
    /// The system gives no thread.
    #[error("the model's thread cannot be started: {0}")]
    Thread(std::io::Error),
    /// The thread ended while it was loading, for lack of memory perhaps.
    #[error("the model's thread stopped while it was loading; is there enough memory?")]
    Stopped,
}

/// Why one answer ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunFailure {
    #[error("{0}")]
    Call(#[from] CallError),
    #[error("the model failed: {0}")]
    Arithmetic(#[from] candle_core::Error),
    /// Nobody reads the answer any more.
    #[error("the answer is not wanted any more")]
    Abandoned,
}

impl RunFailure {
    /// What the caller gets; none where nobody listens.
    pub(super) fn call_error(self) -> Option<CallError> {
        match self {
            Self::Call(error) => Some(error),
            Self::Arithmetic(error) => Some(CallError::new(
                ErrorKind::Other,
                "model-failure",
                format!("the embedded model failed: {error}"),
            )),
            Self::Abandoned => None,
        }
    }
}

pub(super) fn unsupported(what: impl std::fmt::Display) -> LoadFailure {
    LoadFailure::Unsupported(what.to_string())
}
