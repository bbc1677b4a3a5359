//! How a store operation fails.

use domain::component::Nondeterminism;

/// A store operation that did nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// The lease's token is not the present one, or its time is over: everything of the operation was dropped.
    #[error("the lease is stale: another worker may own the task")]
    Stale,
    /// An entry with another request is already at this address.
    #[error("another request is journaled at {} {}", .0.scope, .0.ordinal)]
    Nondeterminism(Box<Nondeterminism>),
    /// The journal of the task is full (`domain::journal::{ENTRIES_LIMIT, BYTES_LIMIT}`).
    #[error("the task's journal is full: {0}")]
    Exhausted(String),
    /// The state excludes the operation, or a unique value is taken.
    #[error("{0}")]
    Conflict(String),
    /// There is no such row.
    #[error("{0}")]
    NotFound(String),
    /// The database cannot be reached or does not accept writes (disk full, I/O error). Intake stops.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A row that cannot be read, or a statement that is wrong: our fault.
    #[error("the store failed: {0}")]
    Internal(String),
}

impl From<StoreError> for domain::error::Error {
    /// What a caller is told of it.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(message) => Self::conflict(message),
            StoreError::NotFound(message) => Self::not_found(message),
            error @ StoreError::Unavailable(_) => Self::unavailable(error.to_string()),
            error => Self::internal(error.to_string()),
        }
    }
}
