//! What authors of Skep plugins use: typed Rust in, a sealed WebAssembly component out.
//!
//! A plugin is a crate with one `#[skill]` module, `#[personality]` impl or `#[step]` function. The macros make the exports and
//! the manifest; the modules here are the host's capabilities, pleasantly typed. On other targets than wasm32 the same
//! functions go to a scripted host ([`testing`]), so that a plugin's tests run with plain `cargo test`.
//!
//! What it does not do: start the component (the host does), decide what may be called (the operator's grants do), or keep
//! anything between calls (each call is a fresh instance; use [`kv`]).
//!
//! Start reading at [`prelude`], then `README.md` beside this crate.

// The macros write `::skep_sdk::…`, which must mean this crate in here too.
extern crate self as skep_sdk;

pub mod agents;
#[cfg(all(target_arch = "wasm32", feature = "allocator"))]
mod allocator;
#[doc(hidden)]
pub mod bindings;
mod context;
mod digest;
mod error;
pub mod files;
mod guest;
mod host;
pub mod http;
pub mod kv;
pub mod log;
#[doc(hidden)]
pub mod manifest;
pub mod model;
pub mod personality;
pub mod progress;
pub mod random;
pub mod schema;
pub mod secrets;
pub mod skill;
pub mod step;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod time;
pub mod tools;

pub use context::Context;
pub use digest::sha256;
pub use error::{Error, ErrorKind, Result, ResultExt};
pub use skep_sdk_macros::{personality, skill, step};

#[doc(hidden)]
pub use serde;

/// Everything that a plugin usually needs: `use skep_sdk::prelude::*;`.
pub mod prelude {
    pub use crate::personality::{
        Artifact, Brief, Contribution, Decision, Gate, GateStatus, GenerateInput, Generation, InspectInput,
        Inspection, Optimization, OptimizeInput, Personality, Review, ReviewInput, Scope, Verdict,
    };
    pub use crate::schema::Schema;
    pub use crate::{
        Context, Error, ErrorKind, Result, ResultExt, agents, files, http, kv, log, model, personality,
        progress, random, secrets, skill, step, time, tools,
    };
    pub use serde::{Deserialize, Serialize};
    pub use serde_json::{Value, json};
}

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
