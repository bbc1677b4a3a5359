//! From journal entries to what a decider sees.

use super::scope::try_end;
use crate::App;
use crate::ports::store_error::StoreError;
use domain::address::Scope;
use domain::history::{TaskHistory, TryRecord};
use domain::journal::{Entry, EntryBody};
use domain::task::Task;
use std::collections::BTreeMap;

/// Entries by scope, each in order of ordinal.
#[must_use]
pub fn by_scope(entries: impl IntoIterator<Item = Entry>) -> BTreeMap<Scope, Vec<Entry>> {
    let mut scopes: BTreeMap<Scope, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        scopes.entry(entry.scope.clone()).or_default().push(entry);
    }
    scopes.values_mut().for_each(|entries| entries.sort_by_key(|entry| entry.ordinal));
    scopes
}

/// Outcomes by place. Scopes of nested tool calls are their callers' business.
///
/// # Errors
/// When a blob is gone.
pub async fn build(
    app: &App,
    task: &Task,
    scopes: &BTreeMap<Scope, Vec<Entry>>,
) -> Result<TaskHistory, StoreError> {
    let mut history = TaskHistory { input: task.new.input.clone(), ..TaskHistory::default() };
    // A BTreeMap gives the tries of a place in order.
    for (scope, entries) in scopes.iter().filter(|(scope, _)| scope.depth() == 0) {
        let mut record = TryRecord { end: None };
        for entry in entries {
            if let EntryBody::End(done) = &entry.body {
                record.end = Some(try_end(app, entries, entry, done).await?);
            }
        }
        history.places.entry(scope.place.clone()).or_default().push(record);
    }
    Ok(history)
}
