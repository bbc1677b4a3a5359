//! `GET /v1/agents/tasks/{taskId}/journal`: everything that the task did, in order.

use crate::context::App;
use domain::caller::Caller;
use domain::error::Error;
use domain::journal::Entry;
use serde_json::{Value, json};

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalPage {
    /// In order of `pos`.
    pub entries: Vec<Value>,
    /// The last `pos`, when there may be more.
    pub next_cursor: Option<String>,
}

/// Entries after `cursor`.
///
/// # Errors
/// 404; 400 for a cursor that is no position.
pub async fn journal(
    app: &App,
    caller: &Caller,
    id: &str,
    limit: u32,
    cursor: Option<&str>,
) -> Result<JournalPage, Error> {
    let task = super::find(app, caller, id).await?;
    let after = match cursor.map(str::parse::<i64>) {
        None => 0,
        Some(Ok(after)) if after >= 0 => after,
        Some(_) => {
            return Err(Error::invalid("cursor is not one that this list gave")
                .with_details(json!({ "field": "cursor" })));
        }
    };
    let found = app.ports.tasks.list_entries(&task.new.id, after, limit).await?;
    let is_full = found.len() >= limit as usize;
    let next_cursor = found.last().filter(|_| is_full).map(|(pos, _)| pos.to_string());
    let entries = found.iter().map(|(pos, entry)| shown(*pos, entry)).collect::<Result<_, _>>()?;
    Ok(JournalPage { entries, next_cursor })
}

/// `{pos,scope,ordinal,at,entry:{type,…}}`.
fn shown(pos: i64, entry: &Entry) -> Result<Value, Error> {
    let body = serde_json::to_value(&entry.body)
        .map_err(|error| Error::internal(format!("an entry is not JSON: {error}")))?;
    Ok(
        json!({ "pos": pos, "scope": entry.scope.to_string(), "ordinal": entry.ordinal, "at": entry.at.rfc3339_millis(), "entry": body }),
    )
}
