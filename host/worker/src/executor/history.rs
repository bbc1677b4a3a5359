//! From journal entries to what a decider sees.

use app::App;
use app::effects::scope::try_end;
use app::ports::store_error::StoreError;
use domain::address::Scope;
use domain::history::{TaskHistory, TryRecord};
use domain::journal::{Entry, EntryBody};
use domain::task::Task;
use std::collections::BTreeMap;

/// Outcomes by place. Scopes of nested tool calls are their callers' business.
pub(crate) async fn build(app: &App, task: &Task, entries: &[Entry]) -> Result<TaskHistory, StoreError> {
    let mut by_scope: BTreeMap<&Scope, Vec<Entry>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.scope.depth() == 0) {
        by_scope.entry(&entry.scope).or_default().push(entry.clone());
    }
    let mut history = TaskHistory { input: task.new.input.clone(), ..TaskHistory::default() };
    // A BTreeMap gives the tries of a place in order.
    for (scope, entries) in by_scope {
        let mut record = TryRecord { end: None };
        for entry in &entries {
            if let EntryBody::End(done) = &entry.body {
                record.end = Some(try_end(app, &entries, entry, done).await?);
            }
        }
        history.places.entry(scope.place.clone()).or_default().push(record);
    }
    Ok(history)
}
