//! The runtime against guests written by hand (`tests/guests/hostile`): good ones, hostile ones, and what both see of time and chance.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "runtime/support.rs"]
mod support;

#[path = "runtime/cache.rs"]
mod cache;
#[path = "runtime/calls.rs"]
mod calls;
#[path = "runtime/compiling.rs"]
mod compiling;
#[path = "runtime/determinism.rs"]
mod determinism;
#[path = "runtime/hostile.rs"]
mod hostile;
#[path = "runtime/hostile_binaries.rs"]
mod hostile_binaries;
#[path = "runtime/wasi.rs"]
mod wasi;
