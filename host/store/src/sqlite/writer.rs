//! The writer: one thread owns the one connection that writes, and commits whole operations in groups.
//!
//! It takes what is queued without waiting; while it waits for the disk, the next group gathers. Operations can be run again, because
//! one that fails after it has written something makes its group run one by one.

mod group;

use super::failure::Outcome;
use app::ports::store_error::StoreError;
use group::Committer;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Operations of one transaction at most: beyond this a commit's fixed cost no longer matters and the first ones wait too long.
const GROUP_OPERATIONS: usize = 256;
/// Bytes of one transaction at most, roughly.
const GROUP_BYTES: usize = 1 << 20;
/// Operations that may wait; more are refused instead of piling up in memory.
const QUEUE_LIMIT: usize = 8_192;
/// How often a broken database is tried again.
const PROBE_PAUSE: Duration = Duration::from_millis(250);

/// Which operations go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Heartbeats and outcomes: late ones cost a lease.
    First,
    /// Everything else.
    Normal,
}

/// A queued operation.
trait Operation: Send {
    /// Run inside an open transaction; may happen more than once. Answers what failed.
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;

    /// The transaction is over: tell the caller the last result, or why nothing was committed.
    fn answer(self: Box<Self>, refused: Option<StoreError>);
}

struct Waiting<T, F> {
    work: F,
    result: Option<Result<T, StoreError>>,
    /// The caller holds the other end, or went away.
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Operation for Waiting<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Outcome<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let result = (self.work)(connection).map_err(StoreError::from);
        let answer = result.as_ref().map(|_| ()).map_err(Clone::clone);
        self.result = Some(result);
        answer
    }

    fn answer(self: Box<Self>, refused: Option<StoreError>) {
        let result = match refused {
            Some(error) => Err(error),
            None => self
                .result
                .unwrap_or_else(|| Err(StoreError::Internal("an operation was never run".to_owned()))),
        };
        // The caller may have gone away; what it asked for is committed all the same.
        let _gone = self.caller.send(result);
    }
}

struct Queued {
    operation: Box<dyn Operation>,
    weight: usize,
}

#[derive(Default)]
struct Lanes {
    first: VecDeque<Queued>,
    normal: VecDeque<Queued>,
    /// No handle is left, or the thread has ended.
    closed: bool,
    /// Why nothing is accepted until a probe succeeds.
    broken: Option<String>,
}

#[derive(Default)]
struct Shared {
    lanes: Mutex<Lanes>,
    /// Rung for each operation and for the close; the writer thread waits on it.
    ready: Condvar,
}

impl Shared {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work; none when the writer is closed and everything is done.
    fn take(&self) -> Option<Vec<Box<dyn Operation>>> {
        let mut lanes = self.lanes();
        loop {
            let (mut group, mut bytes) = (Vec::new(), 0);
            while group.len() < GROUP_OPERATIONS && bytes < GROUP_BYTES {
                let Some(queued) = lanes.first.pop_front().or_else(|| lanes.normal.pop_front()) else {
                    break;
                };
                bytes += queued.weight;
                group.push(queued.operation);
            }
            if !group.is_empty() {
                return Some(group);
            }
            if lanes.closed {
                return None;
            }
            lanes = self.ready.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Refuse everything from now on, what is queued included.
    fn stop_intake(&self, reason: &str) {
        let mut lanes = self.lanes();
        lanes.broken = Some(reason.to_owned());
        let refused: Vec<Queued> =
            std::mem::take(&mut lanes.first).into_iter().chain(std::mem::take(&mut lanes.normal)).collect();
        drop(lanes);
        for queued in refused {
            queued.operation.answer(Some(StoreError::Unavailable(reason.to_owned())));
        }
    }

    /// Waits until the next probe is due; false when the writer is closed.
    fn pause(&self) -> bool {
        let lanes = self.lanes();
        let (lanes, _) = self
            .ready
            .wait_timeout_while(lanes, PROBE_PAUSE, |lanes| !lanes.closed)
            .unwrap_or_else(PoisonError::into_inner);
        !lanes.closed
    }
}

/// The handle; dropping it lets the thread finish what is queued and waits for it.
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Start the thread on this connection.
    pub(super) fn start(connection: Connection) -> Result<Self, super::OpenError> {
        let shared = Arc::new(Shared::default());
        let committer = Committer::new(connection)?;
        let thread = std::thread::Builder::new()
            .name("skep-writer".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || serve(&shared, committer)
            })
            .map_err(super::OpenError::Thread)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Run an operation in a transaction; answers after the commit. `weight` is roughly its bytes.
    pub(super) async fn write<T, F>(&self, lane: Lane, weight: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Outcome<T> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        self.enqueue(lane, Queued { operation: Box::new(Waiting { work, result: None, caller }), weight })?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the writer has stopped".to_owned())))
    }

    fn enqueue(&self, lane: Lane, queued: Queued) -> Result<(), StoreError> {
        let mut lanes = self.shared.lanes();
        if lanes.closed {
            return Err(StoreError::Unavailable("the writer has stopped".to_owned()));
        }
        if let Some(reason) = &lanes.broken {
            return Err(StoreError::Unavailable(reason.clone()));
        }
        // Heartbeats and outcomes are bounded by the tasks that run, and refusing one costs more than keeping it.
        if lane == Lane::Normal && lanes.normal.len() >= QUEUE_LIMIT {
            return Err(StoreError::Unavailable(format!("{QUEUE_LIMIT} writes are waiting already")));
        }
        match lane {
            Lane::First => lanes.first.push_back(queued),
            Lane::Normal => lanes.normal.push_back(queued),
        }
        drop(lanes);
        self.shared.ready.notify_one();
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lanes().closed = true;
        self.shared.ready.notify_one();
        if let Some(thread) = self.thread.take() {
            // An error is a panic that the thread has printed; there is nothing left to save.
            let _panicked = thread.join();
        }
    }
}

/// Closes the queue however the thread ends, so that nobody waits for an answer that never comes.
struct CloseOnExit<'a>(&'a Shared);

impl Drop for CloseOnExit<'_> {
    fn drop(&mut self) {
        self.0.lanes().closed = true;
        self.0.stop_intake("the writer has stopped");
    }
}

fn serve(shared: &Shared, committer: Committer) {
    let _close = CloseOnExit(shared);
    while let Some(group) = shared.take() {
        if let Err(reason) = committer.commit(group) {
            tracing::error!(%reason, "the database does not accept writes; intake stops until a probe succeeds");
            shared.stop_intake(&reason);
            while shared.pause() {
                if committer.probe().is_ok() {
                    tracing::info!("the database accepts writes again");
                    shared.lanes().broken = None;
                    break;
                }
            }
        }
        committer.checkpoint();
    }
}

#[cfg(test)]
mod tests;
