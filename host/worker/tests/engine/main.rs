//! The engine without wasm and without a network: the real effects, executor and SQLite store on a simulated clock, with guests that are
//! closures. Each file is one theme; `support` is the host that they run on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod approvals;
mod barrier;
mod doubt;
mod faults;
mod faulty;
mod grants;
mod logs;
mod models;
mod nested;
mod replay;
mod resume;
mod secrets;
mod stopping;
mod support;
mod suspects;
mod turns;
mod working;
