//! Claims, leases, fencing.

use super::store_error::StoreError;
use domain::id::{HostId, TaskId};
use domain::task::{Lease, Task};
use domain::time::Timestamp;
use std::time::Duration;

/// What a worker asks for.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    /// Who.
    pub host: HostId,
    /// Drivers that it has.
    pub drivers: Vec<String>,
    /// At most this many.
    pub limit: u32,
    /// Lease length.
    pub lease: Duration,
    /// Whether it can run a suspect now (it runs nothing else). Then a due suspect is claimed first and alone.
    pub idle: bool,
}

/// A claimed task.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The task, running.
    pub task: Task,
    /// The right to write.
    pub lease: Lease,
    /// It must run alone.
    pub suspect: bool,
    /// Claims in a row before this one that ended in a suspend without a new entry.
    pub stalls: u32,
}

/// What a heartbeat found for a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// Extended.
    Kept,
    /// Extended; someone asked to cancel the task.
    CancelRequested,
    /// Gone.
    Stale,
}

/// What the rescuer did with expired leases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rescued {
    /// Back in the queue.
    pub requeued: Vec<TaskId>,
    /// Given up.
    pub quarantined: Vec<TaskId>,
    /// Deliveries of their ends were queued.
    pub told: bool,
}

/// The queue. `now` on PostgreSQL is the database's own clock; the argument counts on SQLite only.
#[async_trait::async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Take due tasks by priority, then age: each gets `token + 1` and a lease, and is running afterwards.
    async fn claim(&self, request: ClaimRequest, now: Timestamp) -> Result<Vec<Claimed>, StoreError>;

    /// Whether a suspect of these drivers is queued: it waits for a host that runs nothing else.
    async fn has_suspect(&self, drivers: &[String]) -> Result<bool, StoreError>;

    /// Extend these leases; one answer each, in order.
    async fn extend(
        &self,
        leases: &[Lease],
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<Beat>, StoreError>;

    /// Give tasks back without a strike (drain, or a database that was away). A lease that expired counts, too, as long as nobody has
    /// judged it or taken the task since: whoever gives it back is alive.
    async fn release(&self, leases: &[Lease], now: Timestamp) -> Result<(), StoreError>;

    /// Judge leases that expired (`domain::strike`), at most `limit`. A task that is quarantined ends with the delivery of its end
    /// (`domain::rigor::notice`).
    async fn rescue(&self, now: Timestamp, limit: u32) -> Result<Rescued, StoreError>;

    /// At start: judge the leases of this host's earlier runs as if they had expired. `installation` is the lasting id of the data
    /// directory; `host` the id of this run, which is recorded as its present one.
    async fn take_back(
        &self,
        installation: uuid::Uuid,
        host: HostId,
        now: Timestamp,
    ) -> Result<Rescued, StoreError>;

    /// Waiting tasks whose time has come go back to the queue. Answers how many.
    async fn wake_due(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// When the next waiting task is due.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Answers when another host or this one may have queued something (NOTIFY or in-process signal), or never.
    async fn changed(&self);
}
