//! `wasi:io/poll` on the call's recorded clock.
//!
//! A poll answers what is ready now. When nothing is, it really waits for the nearest timer, sets the clock to exactly that timer and
//! answers what is ready then: which pollables come together depends on the recorded clock alone, never on how late the system woke us.

use crate::scope::Scope;
use crate::state::State;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wasmtime::component::Resource;
use wasmtime_wasi_io::bindings::wasi::io::poll;
use wasmtime_wasi_io::poll::{DynPollable, Pollable};

/// The nearest deadline among the timers that a poll looked at.
pub(crate) struct Timers(AtomicU64);

/// No timer was seen.
const NONE: u64 = u64::MAX;

impl Default for Timers {
    fn default() -> Self {
        Self(AtomicU64::new(NONE))
    }
}

impl Timers {
    fn clear(&self) {
        self.0.store(NONE, Ordering::Relaxed);
    }

    fn seen(&self, deadline_us: u64) {
        self.0.fetch_min(deadline_us, Ordering::Relaxed);
    }

    fn nearest(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|deadline| *deadline != NONE)
    }
}

/// Ready from a time of the call's clock on.
pub(super) struct Timer {
    pub(super) scope: Arc<Scope>,
    pub(super) timers: Arc<Timers>,
    pub(super) deadline_us: u64,
}

#[wasmtime_wasi_io::async_trait]
impl Pollable for Timer {
    async fn ready(&mut self) {
        if self.scope.peek_us() < self.deadline_us {
            self.timers.seen(self.deadline_us);
            // `State::wait` moves the clock and looks again.
            std::future::pending::<()>().await;
        }
    }
}

impl State {
    /// Wait for the nearest timer that was seen; for ever when there was none: the call's deadline ends it.
    async fn wait(&mut self) {
        let Some(deadline_us) = self.wasi().timers.nearest() else {
            return std::future::pending().await;
        };
        let wait_us = deadline_us.saturating_sub(self.scope.peek_us());
        tokio::time::sleep(Duration::from_micros(wait_us)).await;
        self.scope.advance_to_us(deadline_us);
    }
}

/// The future's value if it has one now.
async fn now<Output>(future: impl Future<Output = Output>) -> Option<Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        let poll = future.as_mut().poll(context);
        std::task::Poll::Ready(match poll {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

impl poll::Host for State {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        loop {
            let wasi = self.wasi();
            wasi.timers.clear();
            let again = pollables.iter().map(|pollable| Resource::new_borrow(pollable.rep())).collect();
            if let Some(ready) = now(poll::Host::poll(&mut wasi.table, again)).await {
                return ready;
            }
            self.wait().await;
        }
    }
}

impl poll::HostPollable for State {
    async fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        loop {
            let wasi = self.wasi();
            wasi.timers.clear();
            let again = Resource::new_borrow(pollable.rep());
            if let Some(ended) = now(poll::HostPollable::block(&mut wasi.table, again)).await {
                return ended;
            }
            self.wait().await;
        }
    }

    async fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        // Counts as a reading: a loop over `ready` reaches its timer.
        self.scope.read_us();
        poll::HostPollable::ready(&mut self.wasi().table, pollable).await
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        poll::HostPollable::drop(&mut self.wasi().table, pollable)
    }
}
