//! `wasi:clocks` on the call's recorded clock.

use super::poll::Timer;
use crate::state::State;
use std::sync::Arc;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi_io::poll::{DynPollable, subscribe};

/// The clock's step in nanoseconds.
const RESOLUTION_NS: u32 = 1000;

impl wall_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let now = self.scope.read_wall_us();
        let nanoseconds = u32::try_from(now % 1_000_000).unwrap_or(0).saturating_mul(1000);
        Ok(wall_clock::Datetime { seconds: now / 1_000_000, nanoseconds })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: RESOLUTION_NS })
    }
}

impl monotonic_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.scope.read_us().saturating_mul(1000))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(RESOLUTION_NS.into())
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.timer(when.div_ceil(1000))
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.timer(self.scope.peek_us().saturating_add(duration.div_ceil(1000)))
    }
}

impl State {
    fn timer(&mut self, deadline_us: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let scope = Arc::clone(&self.scope);
        let wasi = self.wasi();
        let timer = Timer { scope, timers: Arc::clone(&wasi.timers), deadline_us };
        let timer = wasi.table.push(timer)?;
        subscribe(&mut wasi.table, timer)
    }
}
