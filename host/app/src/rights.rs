//! The one rights function: who may do what with what.
//!
//! Use cases look only among the things of the caller's user; this says what a key may do with them.
//! 404 for what the caller may not see, 403 for what it sees but may not do.

use crate::references::{no_agent, no_user, sees};
use domain::agent::Agent;
use domain::caller::{Caller, KeyKind};
use domain::error::{Code, Error};
use domain::task::Task;
use domain::user::User;

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
    /// Know that this user is there.
    SeeUser(&'a User),
    /// See this user and all its agents.
    ReadUser(&'a User),
    /// Make a user.
    CreateUser,
    /// See which users there are.
    ListUsers,
    /// Delete this user.
    DeleteUser(&'a User),
    /// Give this user another plan.
    ChangePlan(&'a User),
    /// See agents at all; which ones is decided one by one.
    ListAgents,
    /// See this agent: its state, whether it answers, where to connect to it.
    ReadAgent(&'a Agent),
    /// Make an agent.
    CreateAgent,
    /// Change this agent: start, stop, configure, delete, give it another key.
    ManageAgent(&'a Agent),
    /// See how agents' starts go.
    ReadDeploy,
    /// Talk to this agent and read its answers.
    ChatWith(&'a Agent),
    /// Read and write the files of this agent's workspace.
    UseFiles(&'a Agent),
    /// See and change what all agents of the user read.
    ManageTemplates,
    /// See, install, grant and delete plugins of the user.
    ManageSkills,
    /// See and decide what waits for a person.
    ManageApprovals,
    /// See which secrets the user has, store and delete them.
    ManageSecrets,
    /// See what the user's agents said; an agent key its own only.
    ReadLogs,
    /// See what the user's agents have used.
    ReadUsage,
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
        Action::SeeUser(user)
        | Action::ReadUser(user)
        | Action::DeleteUser(user)
        | Action::ChangePlan(user)
            if caller.kind != KeyKind::Admin && user.id != caller.user =>
        {
            Err(no_user())
        }
        Action::ReadAgent(agent)
        | Action::ManageAgent(agent)
        | Action::ChatWith(agent)
        | Action::UseFiles(agent)
            if !sees(caller, agent) =>
        {
            Err(no_agent())
        }
        Action::SeeUser(_)
        | Action::ListAgents
        | Action::ReadLogs
        | Action::ReadAgent(_)
        | Action::ChatWith(_)
        | Action::UseFiles(_) => Ok(()),
        Action::CreateUser | Action::ListUsers | Action::DeleteUser(_) | Action::ChangePlan(_) => {
            let message = "an admin key is needed to create, list or delete users and to change a plan";
            if caller.kind == KeyKind::Admin { Ok(()) } else { Err(forbidden(message)) }
        }
        Action::ReadUser(_)
        | Action::CreateAgent
        | Action::ManageAgent(_)
        | Action::ReadDeploy
        | Action::ManageTemplates
        | Action::ManageSkills
        | Action::ManageApprovals
        | Action::ManageSecrets
        | Action::ReadUsage => {
            let message = "an agent key may not do this; use a key of the agent's user";
            if caller.kind == KeyKind::Agent { Err(forbidden(message)) } else { Ok(()) }
        }
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
