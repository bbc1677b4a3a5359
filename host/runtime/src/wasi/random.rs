//! `wasi:random`: ChaCha20 of the call's seed, all three interfaces.

use crate::state::State;
use rand_chacha::rand_core::Rng;
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

/// Most bytes at once: as much as wasi-libc ever asks for, and little to allocate.
const BYTES_LIMIT: u64 = 1 << 20;

impl State {
    fn random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        let size = usize::try_from(count).ok().filter(|_| count <= BYTES_LIMIT).ok_or_else(|| {
            wasmtime::format_err!(
                "{count} random bytes were asked for, at most {BYTES_LIMIT} are given at once"
            )
        })?;
        self.spend(size)?;
        let mut bytes = vec![0; size];
        self.random().fill_bytes(&mut bytes);
        Ok(bytes)
    }
}

impl random::Host for State {
    fn get_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        self.random_bytes(count)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.random().next_u64())
    }
}

impl insecure::Host for State {
    fn get_insecure_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        self.random_bytes(count)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.random().next_u64())
    }
}

impl insecure_seed::Host for State {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((self.random().next_u64(), self.random().next_u64()))
    }
}
