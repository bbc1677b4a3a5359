//! The fence: every write of a worker begins with its lease.

use super::failure::Outcome;
use crate::rows::{count, parse};
use app::ports::store_error::StoreError;
use domain::id::{AgentId, TaskId, UserId};
use domain::task::Lease;
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

/// Whether stale writes are refused. Off only as the control of tests that show what the fence is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fencing {
    On,
    #[cfg(feature = "failpoints")]
    Off,
}

/// What the lease's row says, and whose the task is.
#[derive(Debug, Clone)]
pub(super) struct Fenced {
    pub(super) user: UserId,
    pub(super) agent: AgentId,
    pub(super) entries: u64,
    /// At the claim.
    pub(super) claim_entries: u64,
    pub(super) bytes: u64,
    pub(super) pos: i64,
}

impl Fenced {
    /// Whether the claim has made a durable entry.
    pub(super) fn progressed(&self) -> bool {
        self.entries > self.claim_entries
    }
}

/// Pass the fence or be `Stale`. Here it is a SELECT: the transaction began IMMEDIATE, so nobody else writes until it ends.
pub(super) fn pass(
    connection: &Connection,
    lease: &Lease,
    now: Timestamp,
    fencing: Fencing,
) -> Outcome<Fenced> {
    let condition = match fencing {
        Fencing::On => "l.token = ?2 AND l.until > ?3 AND l.host IS NOT NULL",
        #[cfg(feature = "failpoints")]
        Fencing::Off => "(true OR ?2 + ?3 > 0)",
    };
    let found = connection
        .prepare_cached(&format!(
            "SELECT t.user_id, t.agent_id, l.entries, l.claim_entries, l.bytes, l.pos
             FROM leases l JOIN tasks t ON t.id = l.task WHERE l.task = ?1 AND {condition}"
        ))?
        .query_row(params![lease.task.as_str(), lease.token, now.0], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?],
            ))
        })
        .optional()?;
    let Some((user, agent, [entries, claim_entries, bytes, pos])) = found else {
        return match fencing {
            Fencing::On => Err(StoreError::Stale.into()),
            #[cfg(feature = "failpoints")]
            Fencing::Off => without_lease(connection, lease),
        };
    };
    Ok(Fenced {
        user: parse("tasks.user_id", &user)?,
        agent: parse("tasks.agent_id", &agent)?,
        entries: count(entries),
        claim_entries: count(claim_entries),
        bytes: count(bytes),
        pos,
    })
}

/// With fencing off a worker also writes to a task that has ended.
#[cfg(feature = "failpoints")]
fn without_lease(connection: &Connection, lease: &Lease) -> Outcome<Fenced> {
    let task = super::row::get_task(connection, &lease.task)?;
    let pos = super::row::last_pos(connection, &lease.task)?;
    Ok(Fenced { user: task.new.user, agent: task.new.agent, entries: 0, claim_entries: 0, bytes: 0, pos })
}

/// Write back what an append changed.
pub(super) fn record(connection: &Connection, lease: &Lease, fenced: &Fenced) -> Outcome<()> {
    connection
        .prepare_cached("UPDATE leases SET entries = ?2, bytes = ?3, pos = ?4 WHERE task = ?1")?
        .execute(params![
            lease.task.as_str(),
            crate::rows::column(fenced.entries),
            crate::rows::column(fenced.bytes),
            fenced.pos
        ])?;
    Ok(())
}

/// Nobody has the task any more; the row stays for its counts and its token.
pub(super) fn let_go(connection: &Connection, task: &TaskId) -> Outcome<()> {
    connection
        .prepare_cached("UPDATE leases SET host = NULL, until = 0 WHERE task = ?1")?
        .execute(params![task.as_str()])?;
    Ok(())
}
