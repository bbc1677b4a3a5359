//! `GET /v1/agents/tasks`.

use super::body::body;
use crate::context::App;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use domain::task::{Kind, State};
use serde_json::{Value, json};

/// Which tasks.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// States on the wire, separated by commas; none for all.
    pub status: Option<String>,
    /// Tasks of a page.
    pub limit: u32,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskBodies {
    /// Newest first.
    pub tasks: Vec<Value>,
    /// None at the end.
    pub next_cursor: Option<String>,
}

/// The caller's agent tasks, newest first.
///
/// # Errors
/// 400 for an unknown status or cursor.
pub async fn list(app: &App, caller: &Caller, filter: &Filter) -> Result<TaskBodies, Error> {
    rights::authorize(caller, Action::ListTasks)?;
    let states = states(filter.status.as_deref())?;
    let mut tasks = Vec::new();
    let mut cursor = filter.cursor.clone();
    // The store pages over tasks of every kind; what is not shown must not make a page short.
    loop {
        let wanted = filter.limit.saturating_sub(u32::try_from(tasks.len()).unwrap_or(u32::MAX));
        let page =
            app.ports.tasks.list_tasks(caller.user, &states, wanted, cursor.as_deref()).await.map_err(
                |error| match error {
                    crate::ports::store_error::StoreError::Conflict(_) => {
                        Error::invalid("cursor is not one that this list gave")
                            .with_details(json!({ "field": "cursor" }))
                    }
                    error => error.into(),
                },
            )?;
        for task in page.tasks {
            if task.new.kind == Kind::AgentTask && rights::authorize(caller, Action::ReadTask(&task)).is_ok()
            {
                tasks.push(body(app, &task).await?);
            }
        }
        cursor = page.next;
        if cursor.is_none() || tasks.len() >= filter.limit as usize {
            return Ok(TaskBodies { tasks, next_cursor: cursor });
        }
    }
}

fn states(status: Option<&str>) -> Result<Vec<State>, Error> {
    let mut allowed: Vec<&str> = Vec::new();
    for state in State::ALL {
        if !allowed.contains(&state.wire()) {
            allowed.push(state.wire());
        }
    }
    let mut states = Vec::new();
    for word in status.into_iter().flat_map(|status| status.split(',')) {
        if !allowed.contains(&word) {
            let word = domain::effect::bounded(word.to_owned(), 64);
            return Err(Error::invalid(format!(
                "status must be one of {}, not {word:?}",
                allowed.join(", ")
            ))
            .with_details(json!({ "field": "status", "allowed": allowed })));
        }
        states.extend(State::ALL.into_iter().filter(|state| state.wire() == word));
    }
    Ok(states)
}
