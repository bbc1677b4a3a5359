//! All store ports together, for those who take a whole store.

use crate::ports::agent_files::AgentFiles;
use crate::ports::agents::Agents;
use crate::ports::approvals::Approvals;
use crate::ports::blobs::Blobs;
use crate::ports::idempotency::Idempotency;
use crate::ports::jobs::Jobs;
use crate::ports::journal::Journal;
use crate::ports::keys::Keys;
use crate::ports::kv::Kv;
use crate::ports::logs::Logs;
use crate::ports::plugins::Plugins;
use crate::ports::queue::Queue;
use crate::ports::rate_windows::RateWindows;
use crate::ports::rooms::Rooms;
use crate::ports::secrets::Secrets;
use crate::ports::sessions::Sessions;
use crate::ports::skills::Skills;
use crate::ports::tasks::Tasks;
use crate::ports::templates::Templates;
use crate::ports::ticks::Ticks;
use crate::ports::usage::UsageReader;
use crate::ports::users::Users;
use crate::ports::workspaces::Workspaces;

/// Every port that a database adapter implements.
pub trait Store:
    Tasks
    + Queue
    + Journal
    + Blobs
    + Workspaces
    + Kv
    + AgentFiles
    + Logs
    + Keys
    + Users
    + Agents
    + Rooms
    + Sessions
    + Jobs
    + Ticks
    + Templates
    + Secrets
    + Idempotency
    + RateWindows
    + UsageReader
    + Plugins
    + Skills
    + Approvals
{
}

impl<T> Store for T where
    T: Tasks
        + Queue
        + Journal
        + Blobs
        + Workspaces
        + Kv
        + AgentFiles
        + Logs
        + Keys
        + Users
        + Agents
        + Rooms
        + Sessions
        + Jobs
        + Ticks
        + Templates
        + Secrets
        + Idempotency
        + RateWindows
        + UsageReader
        + Plugins
        + Skills
        + Approvals
{
}
