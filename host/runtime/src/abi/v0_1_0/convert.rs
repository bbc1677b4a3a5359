//! Errors, contexts and JSON texts between `types.wit` and `domain`.

use super::wit::types;
use domain::component::CallContext;
use domain::effect::{CallError, ErrorKind};
use serde_json::Value;

/// A host's error for the guest.
pub(crate) fn error_to_guest(error: CallError) -> types::Error {
    types::Error {
        kind: match error.kind {
            ErrorKind::InvalidInput => types::ErrorKind::InvalidInput,
            ErrorKind::Denied => types::ErrorKind::Denied,
            ErrorKind::NotFound => types::ErrorKind::NotFound,
            ErrorKind::Conflict => types::ErrorKind::Conflict,
            ErrorKind::Permanent => types::ErrorKind::Permanent,
            ErrorKind::Cancelled => types::ErrorKind::Cancelled,
            ErrorKind::Exhausted => types::ErrorKind::Exhausted,
            ErrorKind::TooLarge => types::ErrorKind::TooLarge,
            ErrorKind::Other => types::ErrorKind::Other,
            ErrorKind::Unavailable => types::ErrorKind::Unavailable,
            ErrorKind::Timeout => types::ErrorKind::Timeout,
            ErrorKind::Busy => types::ErrorKind::Busy,
            ErrorKind::Uncertain => types::ErrorKind::Uncertain,
        },
        code: error.code,
        message: error.message,
        retry_after_ms: error.retry_after_ms,
    }
}

/// A guest's error for the host; its texts are cut.
pub(crate) fn error_from_guest(error: types::Error) -> CallError {
    let kind = match error.kind {
        types::ErrorKind::InvalidInput => ErrorKind::InvalidInput,
        types::ErrorKind::Denied => ErrorKind::Denied,
        types::ErrorKind::NotFound => ErrorKind::NotFound,
        types::ErrorKind::Conflict => ErrorKind::Conflict,
        types::ErrorKind::Permanent => ErrorKind::Permanent,
        types::ErrorKind::Cancelled => ErrorKind::Cancelled,
        types::ErrorKind::Exhausted => ErrorKind::Exhausted,
        types::ErrorKind::TooLarge => ErrorKind::TooLarge,
        types::ErrorKind::Other => ErrorKind::Other,
        types::ErrorKind::Unavailable => ErrorKind::Unavailable,
        types::ErrorKind::Timeout => ErrorKind::Timeout,
        types::ErrorKind::Busy => ErrorKind::Busy,
        types::ErrorKind::Uncertain => ErrorKind::Uncertain,
    };
    let cut = CallError::new(kind, error.code, error.message);
    CallError { retry_after_ms: error.retry_after_ms, ..cut }
}

/// A call's context for the guest.
pub(crate) fn context_to_guest(context: CallContext) -> types::Context {
    types::Context {
        task: context.task,
        user: context.user,
        agent: context.agent,
        personality: context.personality,
        config: context.config.to_string(),
    }
}

/// A JSON text that a guest passed to a host function.
///
/// # Errors
/// `invalid-input` naming the parameter and the place: a pure function of the text, so it needs no journal entry.
pub(crate) fn json_from_guest(parameter: &str, text: &str) -> Result<Value, CallError> {
    serde_json::from_str(text).map_err(|error| {
        CallError::new(ErrorKind::InvalidInput, "json", format!("{parameter} is not JSON: {error}"))
    })
}
