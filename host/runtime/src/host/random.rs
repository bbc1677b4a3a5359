//! `random`: ChaCha20 of the scope's seed.

use crate::abi::v0_1_0::wit::random;
use crate::state::State;
use rand_chacha::rand_core::Rng;

/// Most bytes of one call, as `random.wit` says.
const BYTES_LIMIT: u32 = 65_536;

impl random::Host for State {
    fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        if count > BYTES_LIMIT {
            return Err(wasmtime::format_err!(
                "random.bytes was asked for {count} bytes, at most {BYTES_LIMIT} are given at once"
            ));
        }
        self.spend(count as usize)?;
        let mut bytes = vec![0; count as usize];
        self.random().fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn number(&mut self) -> wasmtime::Result<u64> {
        Ok(self.random().next_u64())
    }
}
