//! The allocator of a guest: the usual one of Rust, fed with the initial memory before it asks for more.
//!
//! The allocator that `std` brings leaves the initial memory alone and begins with `memory.grow`, which costs every fresh
//! instance two system calls. The build command links guests with room behind their data (`--initial-heap`); calls that need
//! no more than that never grow.
#![expect(unsafe_code, reason = "a global allocator cannot be written without")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::{Cell, UnsafeCell};
use core::ptr;

use dlmalloc::{Allocator, Dlmalloc};

/// The size of a page of WebAssembly.
const PAGE: usize = 64 << 10;

/// What the allocator wants its regions to begin at.
const ALIGNMENT: usize = 16;

unsafe extern "C" {
    /// The linker's: the first byte behind data and stack.
    static __heap_base: u8;
    /// The linker's: the first byte behind the initial memory.
    static __heap_end: u8;
}

/// Where memory comes from: the rest of the initial memory once, then whole new pages.
struct Memory {
    initial_is_taken: Cell<bool>,
}

impl Memory {
    /// The rest of the initial memory if it is still there and large enough.
    fn take_initial(&self, size: usize) -> Option<(*mut u8, usize)> {
        if self.initial_is_taken.replace(true) {
            return None;
        }
        let (base, end) = (&raw const __heap_base, &raw const __heap_end);
        let padding = base.align_offset(ALIGNMENT);
        let available = (end as usize).checked_sub(base as usize)?.checked_sub(padding)?;
        (available >= size).then(|| (base.wrapping_add(padding).cast_mut(), available))
    }
}

// SAFETY: both kinds of regions are zeroed, aligned, handed out once, and belong to nobody else: the linker puts nothing
// behind `__heap_base`, and new pages are nobody's.
unsafe impl Allocator for Memory {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        if let Some((base, available)) = self.take_initial(size) {
            return (base, available, 0);
        }
        let pages = size.div_ceil(PAGE);
        match core::arch::wasm32::memory_grow::<0>(pages) {
            usize::MAX => (ptr::null_mut(), 0, 0),
            // The last bytes of the address space are left out, so that no region ends at address 0.
            before if before + pages == 1 << 16 => ((before * PAGE) as *mut u8, pages * PAGE - ALIGNMENT, 0),
            before => ((before * PAGE) as *mut u8, pages * PAGE, 0),
        }
    }

    fn remap(&self, _region: *mut u8, _old_size: usize, _new_size: usize, _can_move: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _region: *mut u8, _old_size: usize, _new_size: usize) -> bool {
        false
    }

    fn free(&self, _region: *mut u8, _size: usize) -> bool {
        false
    }

    fn can_release_part(&self, _flags: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

struct Heap(UnsafeCell<Dlmalloc<Memory>>);

// SAFETY: a guest has one thread, and the allocator calls nothing that allocates.
unsafe impl Sync for Heap {}

// SAFETY: handed on to an allocator that keeps this contract.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { (*self.0.get()).free(block, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe { (*self.0.get()).realloc(block, layout.size(), layout.align(), size) }
    }
}

#[global_allocator]
static HEAP: Heap =
    Heap(UnsafeCell::new(Dlmalloc::new_with_allocator(Memory { initial_is_taken: Cell::new(false) })));
