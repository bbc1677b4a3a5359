//! Words and rules of Skep: states and their transitions, the order of phases, addresses and hashes of the journal, gates, retry.
//!
//! Pure: no I/O, no async, no clock, no randomness. Time and ids are arguments. Everything here can be tested with plain values.
//! Start reading at [`task`] (what moves a task), then [`history`] and [`driver`] (who decides what is next).

pub mod acmf;
pub mod address;
pub mod agent;
pub mod approval;
pub mod base64;
pub mod caller;
pub mod canonical;
pub mod component;
pub mod driver;
pub mod effect;
pub mod error;
pub mod event;
pub mod history;
pub mod id;
pub mod job;
pub mod journal;
pub mod log;
pub mod manifest;
pub mod plan;
pub mod rate;
pub mod retry;
pub mod rigor;
pub mod room;
pub mod secret;
pub mod session;
pub mod stall;
pub mod strike;
pub mod task;
pub mod template;
pub mod time;
pub mod turn;
pub mod user;
pub mod webhook;
