//! Memory, tables and instances of one call.
//!
//! A refused growth gives the guest -1, as WebAssembly defines it; a guest that then traps is reported under the limit that it hit.
//! Growth that the system refuses ends the call instead: a replay on a machine with more memory would go another way.

use domain::component::{LimitKind, Limits};
use wasmtime::ResourceLimiter;

/// Linear memories of one call: the main one and one of an adapter or library. The pool has this many slots for each admitted call, so that it is never exhausted.
pub(crate) const MEMORIES: u32 = 2;
/// Tables of one call, likewise: a component made by `ComponentEncoder` has two or three.
pub(crate) const TABLES: u32 = 8;
/// Most core instances of one call, whatever its limits say: the pool counts on it.
pub(crate) const INSTANCES: u32 = 64;

/// Counts what a store uses and refuses what goes over.
pub(crate) struct Meter {
    memory_limit: usize,
    table_limit: usize,
    instances: usize,
    memory: usize,
    memory_peak: usize,
    table: usize,
    refused: Option<(LimitKind, String)>,
}

/// The system has no memory for a growth within the limits.
#[derive(Debug, thiserror::Error)]
#[error("the system has no memory: {0}")]
pub(crate) struct SystemMemory(String);

/// An error of the system where wasmtime grew a memory or table: the guest must not see it.
fn grow_failed(error: &wasmtime::Error) -> wasmtime::Result<()> {
    match error.downcast_ref::<std::io::Error>() {
        Some(error) => Err(SystemMemory(error.to_string()).into()),
        None => Ok(()),
    }
}

/// Growth beyond what the module itself declared: refused and not counted.
fn undeclared(desired: usize, maximum: Option<usize>) -> bool {
    maximum.is_some_and(|maximum| desired > maximum)
}

impl Meter {
    /// Nothing used.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_limit: usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX),
            table_limit: limits.table_elements as usize,
            instances: limits.instances.min(INSTANCES) as usize,
            memory: 0,
            memory_peak: 0,
            table: 0,
            refused: None,
        }
    }

    /// Highest linear memory.
    pub(crate) fn memory_peak(&self) -> u64 {
        self.memory_peak as u64
    }

    /// Which limit was hit first, and its number.
    pub(crate) fn refused(&self) -> Option<(LimitKind, String)> {
        self.refused.clone()
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_add(desired.saturating_sub(current));
        if total > self.memory_limit {
            let message =
                format!("a call may use {} bytes of memory, {total} were wanted", self.memory_limit);
            self.refused.get_or_insert((LimitKind::Memory, message));
            return Ok(false);
        }
        if undeclared(desired, maximum) {
            return Ok(false);
        }
        self.memory = total;
        self.memory_peak = self.memory_peak.max(total);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        grow_failed(&error)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.table.saturating_add(desired.saturating_sub(current));
        if total > self.table_limit {
            let message = format!("a call may use {} table elements, {total} were wanted", self.table_limit);
            self.refused.get_or_insert((LimitKind::Table, message));
            return Ok(false);
        }
        if undeclared(desired, maximum) {
            return Ok(false);
        }
        self.table = total;
        Ok(true)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        grow_failed(&error)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }
}
