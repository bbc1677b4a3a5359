//! Random numbers that replay the same. Fit for ids and sampling, not for keys.
//!
//! With the feature `getrandom` the crates `rand`, `uuid` and others that use getrandom 0.3 or 0.4 get theirs from here too.

#[cfg(all(target_arch = "wasm32", feature = "getrandom"))]
mod backend;

use crate::host::random;

/// The host gives at most this many bytes at once.
const AT_ONCE: u32 = 65_536;

/// Fills a buffer.
pub fn fill(buffer: &mut [u8]) {
    for chunk in buffer.chunks_mut(AT_ONCE as usize) {
        let bytes = random::bytes(u32::try_from(chunk.len()).unwrap_or(AT_ONCE));
        for (target, byte) in chunk.iter_mut().zip(bytes) {
            *target = byte;
        }
    }
}

/// One number.
pub fn number() -> u64 {
    random::number()
}

/// One number below a bound, evenly spread; 0 for the bound 0.
pub fn below(bound: u64) -> u64 {
    // Lemire's multiplication: the high half of number * bound. Its bias is under bound / 2^64.
    u64::try_from((u128::from(number()) * u128::from(bound)) >> 64).unwrap_or(0)
}
