//! The allocator inside a component.
//!
//! It is the one that std has for this target, in a newer version that first hands out the heap of the initial memory
//! (`skep build` asks the linker for one). A small call then never grows its memory, which is most of what a fresh instance costs.

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;
