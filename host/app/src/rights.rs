//! The one rights function: who may do what with what.
//!
//! Use cases look only among the things of the caller's user; this says what a key may do with them.
//! 404 for what the caller may not see, 403 for what it sees but may not do.

use domain::caller::{Caller, KeyKind};
use domain::error::{Code, Error};
use domain::task::Task;

/// What is to be done, with what.
#[derive(Debug, Clone, Copy)]
pub enum Action<'a> {
    /// Store a new task.
    SubmitTask,
    /// See tasks at all; which ones is decided one by one.
    ListTasks,
    /// See this task.
    ReadTask(&'a Task),
    /// End this task.
    CancelTask(&'a Task),
    /// See which personalities there are.
    ListPersonalities,
    /// See how a personality has done on the user's tasks.
    ReadPersonality,
    /// See who works on the caller's tasks.
    ReadCoordination,
    /// See whether the host is well.
    ReadHealth,
    /// See what is installed.
    ListPlugins,
    /// See the host's counters.
    ReadMetrics,
}

/// Whether the caller may.
///
/// # Errors
/// 404 or 403.
pub fn authorize(caller: &Caller, action: Action<'_>) -> Result<(), Error> {
    match action {
        Action::ReadTask(task) | Action::CancelTask(task) if !owns(caller, task) => {
            Err(Error::not_found(format!("task {:?} not found", task.new.id.as_str())))
        }
        Action::SubmitTask
        | Action::ListTasks
        | Action::ReadTask(_)
        | Action::CancelTask(_)
        | Action::ListPersonalities
        | Action::ReadCoordination
        | Action::ReadHealth => Ok(()),
        Action::ReadPersonality if caller.kind == KeyKind::Agent => {
            Err(forbidden("an agent key may not read the record of a personality"))
        }
        Action::ReadPersonality => Ok(()),
        Action::ListPlugins | Action::ReadMetrics if caller.kind == KeyKind::Admin => Ok(()),
        Action::ListPlugins => Err(forbidden("an admin key is needed to list the plugins of the host")),
        Action::ReadMetrics => Err(forbidden("an admin key is needed to read the host's counters")),
    }
}

/// A key sees its user's tasks, an agent key only its own agent's.
fn owns(caller: &Caller, task: &Task) -> bool {
    task.new.user == caller.user && (caller.kind != KeyKind::Agent || task.new.agent == caller.agent)
}

fn forbidden(message: &str) -> Error {
    Error::new(Code::Forbidden, message)
}
