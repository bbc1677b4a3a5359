//! Why a call failed.

use std::fmt;

use crate::bindings::imports::skep::plugin::types;

pub use types::ErrorKind;

/// A result whose error is [`Error`] unless named otherwise.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a plugin answers instead of a value, and what host calls answer.
///
/// The host decides by [`kind`](Self::kind) whether to try again; people read [`message`](Self::message), one lowercase
/// sentence that says what was wrong, with which value, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The closed set of reasons.
    pub kind: ErrorKind,
    /// A stable word for programs, such as `http-status-503`; may be empty.
    pub code: String,
    /// For people.
    pub message: String,
    /// For `busy` and `unavailable`: milliseconds to wait before the next try.
    pub retry_after_ms: Option<u64>,
}

/// One constructor for each kind.
macro_rules! constructors {
    ($($(#[$documentation:meta])* $name:ident => $kind:ident;)*) => {
        impl Error {$(
            $(#[$documentation])*
            pub fn $name(message: impl Into<String>) -> Self {
                Self::new(ErrorKind::$kind, message)
            }
        )*}
    };
}

constructors! {
    /// An argument is malformed or breaks a documented limit.
    invalid_input => InvalidInput;
    /// The caller may not do this.
    denied => Denied;
    /// The named thing does not exist.
    not_found => NotFound;
    /// The thing is in a state that excludes the call.
    conflict => Conflict;
    /// The other side refused for good.
    permanent => Permanent;
    /// The task was cancelled.
    cancelled => Cancelled;
    /// A budget is used up.
    exhausted => Exhausted;
    /// A request or an answer is too large.
    too_large => TooLarge;
    /// Anything else that a retry does not mend.
    other => Other;
    /// The other side cannot be reached; a retry may work.
    unavailable => Unavailable;
    /// No answer in time; a retry may work.
    timeout => Timeout;
    /// The other side asks to come again; say when with [`retry_after`](Self::retry_after).
    busy => Busy;
    /// The effect may or may not have happened.
    uncertain => Uncertain;
}

impl Error {
    /// An error without a code.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, code: String::new(), message: message.into(), retry_after_ms: None }
    }

    /// Adds a word for programs.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }

    /// Says how many milliseconds to wait before the next try.
    #[must_use]
    pub fn retry_after(mut self, milliseconds: u64) -> Self {
        self.retry_after_ms = Some(milliseconds);
        self
    }

    /// Puts what was being done before the message: `reading a.txt: no such file`.
    #[must_use]
    pub fn during(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// True if the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Busy)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        Self {
            kind: error.kind,
            code: error.code,
            message: error.message,
            retry_after_ms: error.retry_after_ms,
        }
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        Self {
            kind: error.kind,
            code: error.code,
            message: error.message,
            retry_after_ms: error.retry_after_ms,
        }
    }
}

/// Errors of parsing say what was wrong with an input; the `?` of tools uses these.
macro_rules! invalid_input {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::invalid_input(error.to_string())
            }
        }
    )*};
}

invalid_input! {
    serde_json::Error,
    std::char::ParseCharError,
    std::num::ParseFloatError,
    std::num::ParseIntError,
    std::num::TryFromIntError,
    std::str::ParseBoolError,
    std::str::Utf8Error,
    std::string::FromUtf8Error,
}

impl From<fmt::Error> for Error {
    fn from(error: fmt::Error) -> Self {
        Self::other(error.to_string())
    }
}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::other(message)
    }
}

impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::other(message)
    }
}

/// `context(…)` on results, as plugins usually want it.
pub trait ResultExt<T> {
    /// Puts what was being done before the message of an error.
    fn during(self, what: impl fmt::Display) -> Result<T>;
}

impl<T, E: Into<Error>> ResultExt<T> for std::result::Result<T, E> {
    fn during(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|error| error.into().during(what))
    }
}
