//! What both databases share: how words of the domain are written into columns and read back, and the rules that decide what an
//! append, a progress report or a cursor means. Everything here is pure, so both databases cannot differ in it.

mod agent;
mod agent_file;
mod approval;
mod cursor;
mod eliza;
mod entry;
mod log;
mod progress;
mod room;
mod secret;
mod skill;
mod task;
mod template;
mod tick;
mod user;

pub(crate) use agent::{AgentRow, agent_columns, agent_taken, milliseconds};
pub(crate) use agent_file::{Surroundings, ancestors};
pub(crate) use approval::{ApprovalRow, answer, approval_columns};
pub(crate) use cursor::Cursor;
pub(crate) use eliza::{JobRow, SessionRow, job_columns, session_columns};
pub(crate) use entry::{EntryRow, Found, StoredEntry, compare, entry_of, exhausted};
pub(crate) use log::{LogColumns, levels_from};
pub(crate) use progress::{Shown, progress_event};
pub(crate) use room::{MessageRow, RoomRow, message_columns, metadata, no_agent, no_room, quiet_ticks};
pub(crate) use secret::{StoredSecret, hosts_text, too_many_secrets};
pub(crate) use skill::{Roles, VersionRow, identity, inherited, is_covered, too_much, version_columns};
pub(crate) use task::{TaskRow, failed_agent, finished_event, quarantine_failure};
pub(crate) use template::{agent_key, template};
pub(crate) use tick::Due;
pub(crate) use user::UserRow;

use app::ports::idempotency::KeptAnswer;
use app::ports::store_error::StoreError;
use domain::manifest::PluginKind;
use domain::task::Kind;
use domain::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Kinds that `list_tasks` shows: what callers submit. A webhook delivery is a task of ours.
pub(crate) const LISTED: [Kind; 1] = [Kind::AgentTask];
/// `recent_durations` answers this many.
pub(crate) const DURATIONS: u32 = 50;
/// An idempotency key lives this long.
pub(crate) const ANSWER_LIFE: Duration = Duration::from_secs(24 * 3600);
/// A reservation without an answer counts as abandoned after this.
pub(crate) const RESERVATION_LIFE: Duration = Duration::from_secs(5 * 60);
/// A blob that no row names is kept this long: its entry may be about to be appended.
pub(crate) const BLOB_GRACE: Duration = Duration::from_secs(3600);

/// The text of a column of bytes.
pub(crate) fn text_of(column: &str, bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|error| unreadable(column, "bytes", &error))
}

/// JSON text for a column.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Internal(format!("a value has no JSON form: {error}")))
}

/// A value from the JSON text of a column; `column` is named when it cannot be read.
pub(crate) fn decode<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| unreadable(column, text, &error))
}

/// A value from the text of a column by `FromStr`.
pub(crate) fn parse<T>(column: &str, text: &str) -> Result<T, StoreError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| unreadable(column, text, &error))
}

/// The column `answers.headers`.
pub(crate) fn answer_headers(answer: &KeptAnswer) -> Result<String, StoreError> {
    encode(&answer.headers)
}

/// And back; a host of an earlier version left it empty.
pub(crate) fn read_headers(column: Option<&str>) -> Result<Vec<(String, String)>, StoreError> {
    column.map_or(Ok(Vec::new()), |text| decode("answers.headers", text))
}

/// The kind of a plugin from its word.
pub(crate) fn plugin_kind(word: &str) -> Result<PluginKind, StoreError> {
    let kinds = [PluginKind::Skill, PluginKind::Personality, PluginKind::Step];
    let kind = kinds.into_iter().find(|kind| kind.as_str() == word);
    kind.ok_or_else(|| unreadable("live_plugins.kind", word, &"unknown kind"))
}

/// The error of a row that cannot be read.
pub(crate) fn unreadable(column: &str, text: &str, error: &dyn std::fmt::Display) -> StoreError {
    let start: String = text.chars().take(80).collect();
    StoreError::Internal(format!("column {column} holds {start:?}, which cannot be read: {error}"))
}

/// `2026-02`, in UTC: the month that usage counts for.
pub(crate) fn month(now: Timestamp) -> String {
    now.rfc3339().chars().take(7).collect()
}

/// The time that is `duration` before `now`.
pub(crate) fn before(now: Timestamp, duration: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
}

/// A count that a column holds; negative ones never are.
pub(crate) fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A count for a column.
pub(crate) fn column(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
