//! Who may start a call now. A full pool is an error in wasmtime, so nobody gets that far without a slot.
//!
//! Each depth has slots and memory of its own. A nested call therefore waits only for calls as deep as itself, and those wait only for
//! deeper ones; the deepest wait for nobody, so nobody waits for ever.

use crate::engine::DEPTHS;
use crate::options::Options;
use app::ports::components::Profile;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The unit of memory admission.
const UNIT: u64 = 1 << 20;

/// Slots and memory by depth.
pub(crate) struct Admission {
    depths: Vec<Depth>,
}

struct Depth {
    small: Semaphore,
    large: Semaphore,
    memory: Semaphore,
    units: u32,
}

/// A place among the running calls; dropped when the call has ended.
pub(crate) struct Admitted<'a> {
    _slot: SemaphorePermit<'a>,
    _memory: SemaphorePermit<'a>,
}

impl Admission {
    /// All slots free.
    pub(crate) fn new(options: &Options) -> Self {
        let depth = |depth: u32| {
            // Nested calls are short and rarely deep: half the memory for the first level, and half of what is left for each next one,
            // but always enough for one large call.
            let share = options.memory_bytes >> depth.min(40);
            let units = (share / UNIT).max(crate::engine::LARGE_MEMORY / UNIT);
            let units = u32::try_from(units).unwrap_or(u32::MAX).min(Self::MOST_UNITS);
            Depth {
                small: Semaphore::new(options.root_calls as usize),
                large: Semaphore::new(options.large_root_calls as usize),
                memory: Semaphore::new(units as usize),
                units,
            }
        };
        Self { depths: (0..DEPTHS).map(depth).collect() }
    }

    /// A petabyte: below what a semaphore can count.
    const MOST_UNITS: u32 = 1 << 28;

    /// Wait for a slot and for memory. `None` when the call is nested too deep.
    pub(crate) async fn admit(&self, depth: u8, profile: Profile, memory_bytes: u64) -> Option<Admitted<'_>> {
        let depth = self.depths.get(usize::from(depth))?;
        let slots = match profile {
            Profile::Small => &depth.small,
            Profile::Large => &depth.large,
        };
        let units = u32::try_from(memory_bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(depth.units);
        // The semaphores are never closed.
        let slot = slots.acquire().await.ok()?;
        let memory = depth.memory.acquire_many(units).await.ok()?;
        Some(Admitted { _slot: slot, _memory: memory })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn is_ready<Output>(future: impl Future<Output = Output>) -> bool {
        matches!(pin!(future).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
    }

    #[test]
    fn a_nested_call_never_waits_for_roots() {
        let options = Options { root_calls: 1, memory_bytes: 64 << 20, ..Options::in_process() };
        let admission = Admission::new(&options);
        let root =
            pin!(admission.admit(0, Profile::Small, 64 << 20)).poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Some(root)) = root else { unreachable!("the first root is admitted at once") };
        assert!(!is_ready(admission.admit(0, Profile::Small, 64 << 20)));
        for depth in 1..=8 {
            assert!(is_ready(admission.admit(depth, Profile::Small, 64 << 20)));
        }
        drop(root);
        assert!(is_ready(admission.admit(0, Profile::Small, 64 << 20)));
    }

    #[test]
    fn memory_is_admitted_by_weight() {
        let options = Options { root_calls: 100, memory_bytes: 1 << 30, ..Options::in_process() };
        let admission = Admission::new(&options);
        let mut context = Context::from_waker(Waker::noop());
        let first = pin!(admission.admit(0, Profile::Small, 768 << 20)).poll(&mut context);
        let Poll::Ready(Some(_first)) = first else { unreachable!("fits") };
        assert!(!is_ready(admission.admit(0, Profile::Small, 512 << 20)));
        assert!(is_ready(admission.admit(0, Profile::Small, 256 << 20)));
    }

    #[test]
    fn more_memory_than_there_is_counts_as_all_of_it() {
        let admission = Admission::new(&Options { memory_bytes: 0, ..Options::in_process() });
        assert!(is_ready(admission.admit(8, Profile::Large, u64::MAX)));
        assert!(is_ready(admission.admit(9, Profile::Large, 1)));
    }
}
