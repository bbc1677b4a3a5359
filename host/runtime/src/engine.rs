//! The two engines and their numbers: *small* is pooled, *large* allocates on demand.
//!
//! Both compile to the same code, so a compiled component fits either; the profile decides which one runs it.

use crate::limits::{INSTANCES, MEMORIES, TABLES};
use crate::options::Options;
use app::ports::components::{ComponentError, Profile};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use wasmtime::{Config, Enabled, Engine, OptLevel, PoolingAllocationConfig, Strategy, WasmFeatures};

/// Most linear memory of a *small* call.
pub(crate) const SMALL_MEMORY: u64 = 64 << 20;
/// Most linear memory of a *large* call: what interpreters of JavaScript and Python need for real work.
pub(crate) const LARGE_MEMORY: u64 = 512 << 20;
/// Depths of calls: a root call and eight levels of nested tool calls.
pub(crate) const DEPTHS: u32 = 9;

/// Address space for one linear memory: all that a 32-bit index can name, so that compiled code needs no bounds checks.
const WIDE_RESERVATION: u64 = 4 << 30;
/// The same where address space is scarce (`ulimit -v`): a small call's memory; code checks bounds instead.
const NARROW_RESERVATION: u64 = SMALL_MEMORY;
/// Kept mapped and cleared by memset when a slot is freed. As large as what small guests touch (a 64 KiB stack, data and
/// a little heap): less costs page faults in the next call, more costs clearing what nobody touched.
const KEEP_RESIDENT: usize = 256 << 10;
/// The same for tables: 20,000 elements at most, of which guests fill a few hundred.
const TABLE_KEEP_RESIDENT: usize = 8 << 10;
/// Table elements of a slot: `Limits::default().table_elements`.
const TABLE_ELEMENTS: usize = 20_000;
/// Stack of a guest: wasmtime's default, ten times what deep but honest recursion needs.
const WASM_STACK: usize = 512 << 10;
/// Stack of a fiber: the guest's and the host functions that run on top of it (unoptimized builds have fat frames).
const FIBER_STACK: usize = 2 << 20;

/// What decides the compiled code: the host's engines and the compiling child agree on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// Whether each memory gets 4 GiB of address space.
    pub(crate) wide: bool,
    /// Whether instructions are counted.
    pub(crate) fuel: bool,
}

/// How *small* calls get their memory; `skep doctor` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allocation {
    /// From a pool of this many instances.
    Pooled {
        /// Calls at once, nested ones included.
        calls: u32,
    },
    /// Mapped for each call: slower.
    OnDemand {
        /// Why the pool could not be had.
        reason: String,
    },
}

/// The engines of a runtime.
pub(crate) struct Engines {
    /// For [`Profile::Small`].
    pub(crate) small: Engine,
    /// For [`Profile::Large`].
    pub(crate) large: Engine,
    /// What code must be compiled for.
    pub(crate) target: Target,
    /// How small calls get their memory.
    pub(crate) allocation: Allocation,
}

impl Engines {
    /// Both engines. Where the pool's address space cannot be had, small calls allocate on demand, in little address space.
    pub(crate) fn new(options: &Options) -> Result<Self, ComponentError> {
        let calls = options.root_calls.saturating_mul(DEPTHS);
        let wide = Target { wide: true, fuel: options.count_fuel };
        let mut pooled = config(wide);
        pooled.allocation_strategy(pool(calls));
        match Engine::new(&pooled) {
            Ok(small) => Ok(Self {
                small,
                large: engine(wide)?,
                target: wide,
                allocation: Allocation::Pooled { calls },
            }),
            Err(error) => {
                let narrow = Target { wide: false, ..wide };
                let allocation = Allocation::OnDemand { reason: format!("{error:#}") };
                tracing::warn!(%error, "no address space for a pool of instances: allocating on demand");
                Ok(Self { small: engine(narrow)?, large: engine(narrow)?, target: narrow, allocation })
            }
        }
    }

    /// The engine of a profile.
    pub(crate) fn of(&self, profile: Profile) -> &Engine {
        match profile {
            Profile::Small => &self.small,
            Profile::Large => &self.large,
        }
    }
}

/// An on-demand engine: for large calls, and for compiling.
pub(crate) fn engine(target: Target) -> Result<Engine, ComponentError> {
    Engine::new(&config(target)).map_err(|error| ComponentError::Internal(format!("no engine: {error:#}")))
}

/// Names the compiler, its settings and this machine's features: code of another name is never loaded.
pub(crate) fn compatibility(engine: &Engine) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn config(target: Target) -> Config {
    let mut config = Config::new();
    config
        // Never Winch: it has fewer years of fuzzing behind its sandbox.
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        // The same bits on every machine, or a replay would differ.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .shared_memory(false)
        // 64-bit memories would need bounds checks, and nobody builds for them.
        .wasm_features(WasmFeatures::MEMORY64, false)
        .epoch_interruption(true)
        .consume_fuel(target.fuel)
        // A guest has one outstanding host call; without it a call needs none of the machinery of concurrent tasks.
        .concurrency_support(false)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK)
        .memory_reservation(if target.wide { WIDE_RESERVATION } else { NARROW_RESERVATION })
        .memory_init_cow(true)
        // For profilers of the host only; registering it slows loading down.
        .native_unwind_info(false);
    config
}

fn pool(calls: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(INSTANCES))
        .total_memories(calls.saturating_mul(MEMORIES))
        .total_tables(calls.saturating_mul(TABLES))
        .total_stacks(calls)
        .max_memory_size(usize::try_from(SMALL_MEMORY).unwrap_or(usize::MAX))
        .table_elements(TABLE_ELEMENTS)
        .max_memories_per_module(MEMORIES)
        .max_tables_per_module(TABLES)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(TABLE_KEEP_RESIDENT)
        // Clears the pages that a call dirtied instead of all of them, where the kernel can tell (Linux 6.7).
        .pagemap_scan(Enabled::Auto);
    pool
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn code_of_the_compiler_fits_both_engines() {
        let engines = Engines::new(&Options { root_calls: 1, ..Options::in_process() }).unwrap();
        let compiler = compatibility(&engine(engines.target).unwrap());
        assert_eq!(compatibility(&engines.small), compiler);
        assert_eq!(compatibility(&engines.large), compiler);
        let counting = Target { fuel: true, ..engines.target };
        assert_ne!(compatibility(&engine(counting).unwrap()), compiler);
    }

    #[test]
    fn without_address_space_for_the_pool_calls_allocate_on_demand() {
        // 7 PiB: more than the machine can name.
        let engines = Engines::new(&Options { root_calls: 100_000, ..Options::in_process() }).unwrap();
        assert!(matches!(engines.allocation, Allocation::OnDemand { .. }), "{:?}", engines.allocation);
        assert!(!engines.target.wide);
        let engines = Engines::new(&Options { root_calls: 128, ..Options::in_process() }).unwrap();
        assert_eq!(engines.allocation, Allocation::Pooled { calls: 128 * DEPTHS });
    }
}
