//! Plugin packages on disk, and the policy file that grants.
//!
//! It reads manifests and never runs or compiles anything: no wasmtime here. What is live is decided by `app::install`.
//! Start reading at [`packages`], then [`manifest`] for what is accepted, then [`policy`].

pub mod manifest;
pub mod packages;
pub mod policy;
mod read;
mod scan;
mod unpack;
mod watch;

pub use packages::Catalog;
pub use policy::{Policy, PolicyFiles};
