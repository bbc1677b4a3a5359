//! How a statement fails, and what that means for callers.

use app::ports::store_error::StoreError;
use rusqlite::ErrorCode;

/// An error inside an operation: a rule that was broken, or a statement that failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// A rule; the caller gets it as it is.
    Store(StoreError),
    /// A statement.
    Sql(rusqlite::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error,
            Failure::Sql(error) => match error.sqlite_error_code() {
                Some(ErrorCode::ConstraintViolation) => {
                    Self::Conflict(format!("a value is taken or not there: {error}"))
                }
                Some(
                    ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::ReadOnly
                    | ErrorCode::CannotOpen
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::OutOfMemory
                    | ErrorCode::FileLockingProtocolFailed,
                ) => Self::Unavailable(error.to_string()),
                _ => Self::Internal(error.to_string()),
            },
        }
    }
}

/// What an operation answers.
pub(super) type Outcome<T> = Result<T, Failure>;
