//! The database: tasks, queue, journal, workspaces, keys, on SQLite or PostgreSQL behind the same ports of `app`.
//!
//! It decides nothing: what moves a task, what a strike is and what an address means are in `domain`; this crate makes those rules one
//! transaction each. It is the only crate that names rusqlite and sqlx. `tests/conformance` runs the same cases on both databases.
//! Start reading at [`sqlite`] (one writer, group commit) and `rows`, the words that both share.

mod lock;
pub mod postgres;
mod rows;
pub mod sqlite;

pub use lock::{DirectoryLock, LockError};
