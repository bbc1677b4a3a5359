//! What end-to-end tests share: the real binary as a process, a sink for its effects, databases, components.
//!
//! `make test` builds everything and says where it is through `SKEP_TEST_*` variables; a missing one is an error, never a skipped test.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test ends by panicking, and calls its host itself"
)]

pub mod api;
pub mod command;
pub mod database;
pub mod environment;
pub mod escapes;
pub mod events;
pub mod host;
pub mod ledger;
pub mod newcomer;
pub mod package;
pub mod peer;
pub mod readme;
pub mod sink;
pub mod talk;
pub mod team;
pub mod traces;
pub mod uploads;
