//! The one error that a use case answers. The API renders it in the dialect of its surface.

use serde::{Deserialize, Serialize};

/// What went wrong, as a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// 400: the request is malformed.
    InvalidRequest,
    /// 400: an id is no UUID.
    InvalidId,
    /// 401: no key, or one that is not valid.
    Unauthorized,
    /// 403: the caller may see the thing and may not do this with it.
    Forbidden,
    /// 404: no such thing for this caller.
    NotFound,
    /// 404: no such agent for this caller, in a request about something else.
    AgentNotFound,
    /// 404: no such session for this caller.
    SessionNotFound,
    /// 405: the path has no such method.
    MethodNotAllowed,
    /// 409: the thing is in a state that excludes this.
    Conflict,
    /// 410: it was there.
    Gone,
    /// 410: the session was not used for too long.
    SessionExpired,
    /// 412: what was asked for with a condition is not so any more.
    PreconditionFailed,
    /// 413: larger than the limit in the message.
    TooLarge,
    /// 415: a body of another type.
    UnsupportedMediaType,
    /// 416: the range is not in the thing.
    RangeNotSatisfiable,
    /// 421: the host does not answer to this name.
    MisdirectedRequest,
    /// 422: well-formed and unacceptable.
    Unprocessable,
    /// 424: another server that we need did not do its part.
    DependencyFailed,
    /// 429: over the plan.
    RateLimited,
    /// 500: an agent could not be started; the cause is in the log.
    #[serde(rename = "START_ERROR")]
    StartFailed,
    /// 500: agents of this host may not act on their own.
    AutonomyDisabled,
    /// 500: our fault; the cause is in the log.
    InternalError,
    /// 503: not now.
    ServiceUnavailable,
}

impl Code {
    /// The HTTP status of the code.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::InvalidId => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound | Self::AgentNotFound | Self::SessionNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::Gone | Self::SessionExpired => 410,
            Self::PreconditionFailed => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RangeNotSatisfiable => 416,
            Self::MisdirectedRequest => 421,
            Self::Unprocessable => 422,
            Self::DependencyFailed => 424,
            Self::RateLimited => 429,
            Self::StartFailed | Self::AutonomyDisabled | Self::InternalError => 500,
            Self::ServiceUnavailable => 503,
        }
    }

    /// The word on the wire, such as `INVALID_REQUEST`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "INVALID_REQUEST",
            Self::InvalidId => "INVALID_ID",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::AgentNotFound => "AGENT_NOT_FOUND",
            Self::SessionNotFound => "SESSION_NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::Conflict => "CONFLICT",
            Self::Gone => "GONE",
            Self::SessionExpired => "SESSION_EXPIRED",
            Self::PreconditionFailed => "PRECONDITION_FAILED",
            Self::TooLarge => "TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::RangeNotSatisfiable => "RANGE_NOT_SATISFIABLE",
            Self::MisdirectedRequest => "MISDIRECTED_REQUEST",
            Self::Unprocessable => "UNPROCESSABLE",
            Self::DependencyFailed => "DEPENDENCY_FAILED",
            Self::RateLimited => "RATE_LIMITED",
            Self::StartFailed => "START_ERROR",
            Self::AutonomyDisabled => "AUTONOMY_DISABLED",
            Self::InternalError => "INTERNAL_ERROR",
            Self::ServiceUnavailable => "SERVICE_UNAVAILABLE",
        }
    }
}

/// A refused or failed use case.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The stable word.
    pub code: Code,
    /// What was wrong, with which value, and what to do. For codes of 500 and more it goes to the log only.
    pub message: String,
    /// More for programs: the field, the allowed values. Null when there is none.
    pub details: serde_json::Value,
    /// Seconds for `Retry-After`.
    pub retry_after: Option<u64>,
}

impl Error {
    /// An error of this code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: serde_json::Value::Null, retry_after: None }
    }

    /// The same error with details for programs.
    #[must_use]
    pub fn with_details(mut self, details: serde_json::Value) -> Self {
        self.details = details;
        self
    }

    /// The same error with `Retry-After`.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// 400.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// 409.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// 500; `message` goes to the log only.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::InternalError, message)
    }

    /// 503; `message` goes to the log only.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::ServiceUnavailable, message)
    }
}
