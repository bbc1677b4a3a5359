//! The runtime against guests written by hand (`tests/guests/hostile`): good ones, hostile ones, and what both see of time and chance.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "runtime/support.rs"]
mod support;

#[path = "runtime/calls.rs"]
mod calls;
#[path = "runtime/hostile.rs"]
mod hostile;
