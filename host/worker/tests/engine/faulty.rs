//! A store whose operations fail when a test says so.

use app::ports::journal::{Append, FollowUps, Journal};
use app::ports::queue::{Beat, ClaimRequest, Claimed, Queue, Rescued};
use app::ports::store_error::StoreError;
use domain::id::HostId;
use domain::journal::Entry;
use domain::task::{Lease, Outcome, Progress, Task};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

/// Passes everything on, but for what was told to fail.
pub(crate) struct Faulty {
    journal: Arc<dyn Journal>,
    queue: Arc<dyn Queue>,
    /// By operation: how often more, and with what.
    faults: Mutex<BTreeMap<&'static str, (u32, StoreError)>>,
    /// The database is away.
    away: Mutex<bool>,
    /// While it has no permit, reading a journal waits.
    pub(crate) reading: Semaphore,
    /// Rung when a journal is about to be read.
    pub(crate) reads: Notify,
}

impl Faulty {
    pub(crate) fn new(journal: Arc<dyn Journal>, queue: Arc<dyn Queue>) -> Self {
        let (faults, away) = (Mutex::default(), Mutex::default());
        Self { journal, queue, faults, away, reading: Semaphore::new(1), reads: Notify::new() }
    }

    /// The next calls of this operation fail.
    pub(crate) fn fail(&self, operation: &'static str, times: u32, error: StoreError) {
        self.faults.lock().unwrap().insert(operation, (times, error));
    }

    /// All operations fail, or none.
    pub(crate) fn away(&self, away: bool) {
        *self.away.lock().unwrap() = away;
    }

    fn check(&self, operation: &'static str) -> Result<(), StoreError> {
        if *self.away.lock().unwrap() {
            return Err(StoreError::Unavailable("it is away".to_owned()));
        }
        match self.faults.lock().unwrap().get_mut(operation) {
            Some((times, error)) if *times > 0 => {
                *times -= 1;
                Err(error.clone())
            }
            _ => Ok(()),
        }
    }
}

#[async_trait::async_trait]
impl Journal for Faulty {
    async fn load_entries(&self, lease: &Lease) -> Result<Vec<Entry>, StoreError> {
        self.reads.notify_one();
        let _open = self.reading.acquire().await.unwrap();
        self.check("load_entries")?;
        self.journal.load_entries(lease).await
    }

    async fn append(&self, lease: &Lease, append: Append, now: Timestamp) -> Result<i64, StoreError> {
        self.check("append")?;
        self.journal.append(lease, append, now).await
    }

    async fn finish(
        &self,
        lease: &Lease,
        outcome: Outcome,
        follow_ups: FollowUps,
        now: Timestamp,
    ) -> Result<Task, StoreError> {
        self.check("finish")?;
        self.journal.finish(lease, outcome, follow_ups, now).await
    }

    async fn suspend(
        &self,
        lease: &Lease,
        append: Append,
        progress: Progress,
        wake_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.check("suspend")?;
        self.journal.suspend(lease, append, progress, wake_at, now).await
    }
}

#[async_trait::async_trait]
impl Queue for Faulty {
    async fn claim(&self, request: ClaimRequest, now: Timestamp) -> Result<Vec<Claimed>, StoreError> {
        self.check("claim")?;
        self.queue.claim(request, now).await
    }

    async fn has_suspect(&self, drivers: &[String]) -> Result<bool, StoreError> {
        self.check("has_suspect")?;
        self.queue.has_suspect(drivers).await
    }

    async fn extend(
        &self,
        leases: &[Lease],
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<Beat>, StoreError> {
        self.check("extend")?;
        self.queue.extend(leases, lease, now).await
    }

    async fn release(&self, leases: &[Lease], now: Timestamp) -> Result<(), StoreError> {
        self.check("release")?;
        self.queue.release(leases, now).await
    }

    async fn rescue(&self, now: Timestamp, limit: u32) -> Result<Rescued, StoreError> {
        self.check("rescue")?;
        self.queue.rescue(now, limit).await
    }

    async fn take_back(
        &self,
        installation: uuid::Uuid,
        host: HostId,
        now: Timestamp,
    ) -> Result<Rescued, StoreError> {
        self.check("take_back")?;
        self.queue.take_back(installation, host, now).await
    }

    async fn wake_due(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.check("wake_due")?;
        self.queue.wake_due(now, limit).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.check("next_due")?;
        self.queue.next_due().await
    }

    async fn changed(&self) {
        self.queue.changed().await;
    }
}
