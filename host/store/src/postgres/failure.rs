//! How a statement fails, and what that means for the operation.

use app::ports::store_error::StoreError;

/// The error inside an operation: its own, or the database's.
#[derive(Debug)]
pub(super) enum Failure {
    /// The operation refused.
    Store(StoreError),
    /// A statement failed.
    Sql(sqlx::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// What to do about an error of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Run the whole transaction again: a serialization failure or a deadlock.
    Again,
    /// The connection is gone: whether a commit went through is not known.
    Lost,
    /// The server does not accept writes now.
    Unavailable,
    /// Our fault.
    None,
}

/// Serialization failure, deadlock.
const AGAIN: [&str; 2] = ["40001", "40P01"];
/// A limit of the server such as a full disk (53), I/O (58).
const UNAVAILABLE: [&str; 2] = ["53", "58"];
/// Written to a server that has become a standby; and the operator's own limits: a statement, or the wait for a lock, took too long.
const REFUSED: [&str; 3] = ["25006", "57014", "55P03"];
/// Ended by the operator or a shutdown (57P), a broken connection (08), idle in a transaction for too long (25P03).
const ENDED: [&str; 3] = ["57P", "08", "25P03"];

/// Judge an error.
pub(super) fn remedy(error: &sqlx::Error) -> Remedy {
    match error {
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default().into_owned();
            if AGAIN.contains(&code.as_str()) {
                Remedy::Again
            } else if ENDED.iter().any(|class| code.starts_with(class)) {
                Remedy::Lost
            } else if REFUSED.contains(&code.as_str())
                || UNAVAILABLE.iter().any(|class| code.starts_with(class))
            {
                Remedy::Unavailable
            } else {
                Remedy::None
            }
        }
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => Remedy::Lost,
        sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::BeginFailed => Remedy::Unavailable,
        _ => Remedy::None,
    }
}

/// A prepared statement is there that this connection did not make, or is not there that it made: its server connection changed.
const POOLED: [&str; 2] = ["42P05", "26000"];

/// A pooler stands before the database, and we were not told.
fn is_pooled(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| POOLED.contains(&code.as_ref()))
}

/// A unique value is taken, or a row names one that is not there.
fn is_violation(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database) if database.is_unique_violation() || database.is_foreign_key_violation())
}

/// The error that callers see.
pub(super) fn store_error(error: &sqlx::Error) -> StoreError {
    match remedy(error) {
        Remedy::Again | Remedy::Lost | Remedy::Unavailable => StoreError::Unavailable(error.to_string()),
        Remedy::None if is_violation(error) => {
            StoreError::Conflict(format!("a value is taken or not there: {error}"))
        }
        Remedy::None if is_pooled(error) => StoreError::Unavailable(format!(
            "the database URL leads to a pooler; set SKEP_DATABASE_LISTEN_URL to a direct URL: {error}"
        )),
        Remedy::None => StoreError::Internal(error.to_string()),
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error,
            Failure::Sql(error) => store_error(&error),
        }
    }
}
