//! Runs plugins: the only crate that names wasmtime.
//!
//! It implements `app::ports::components::Components`: compile a component (in a child process, or from the cache on disk), and call one
//! of its exports on a fresh instance under limits of time, memory, tables, host calls and bytes. Host functions are translated to
//! `domain::effect::Call` and performed by whoever the caller gives: this crate does not know grants, budgets, journals or secrets, does
//! not decide what is stored, and does not read manifests from bytes.
//!
//! Start reading at [`Runtime`] (`runtime.rs`), then `call.rs` for one call, `engine.rs` for the numbers, `host.rs` for host interfaces
//! and `compile.rs` for the road from bytes to code.

mod abi;
mod admission;
mod cache;
mod call;
mod compile;
mod engine;
mod epoch;
mod host;
mod limits;
mod linker;
mod options;
mod output;
mod runtime;
mod scan;
mod scope;
mod state;
mod wasi;

pub use compile::child::compile_child;
pub use engine::Allocation;
pub use options::{CacheOptions, CompileLimits, Compiler, Options};
pub use runtime::Runtime;
