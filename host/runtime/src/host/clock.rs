//! `clock`: start of the scope plus recorded durations plus one microsecond for each reading.

use crate::abi::v0_1_0::wit::clock;
use crate::state::State;

impl clock::Host for State {
    fn now_ms(&mut self) -> wasmtime::Result<u64> {
        Ok(self.scope.read_wall_us() / 1000)
    }

    fn monotonic_ns(&mut self) -> wasmtime::Result<u64> {
        Ok(self.scope.read_us().saturating_mul(1000))
    }
}
