//! What `skep build` does: compiles plugin crates to WebAssembly and packages them as components.
//!
//! One cargo call for each workspace, then for each crate: the `skep:plugin` section is taken out of the core module, the
//! module becomes a component, the section goes to the top of the component, and the file is renamed into place.
//! [`run`] is the whole of it and the place to start reading; one file for each stage follows in that order:
//! [`toolchain`], [`compile`], [`section`], [`componentize`], [`package`], [`policy`].
//!
//! It deliberately does not: read the command line or the environment's settings (the CLI hands in a
//! [`Request`]), run any guest, or sign anything.
//! It prints nothing itself; cargo's own progress goes to stderr, everything else is an [`Event`].

pub mod compile;
pub mod componentize;
mod error;
mod manifest;
pub mod package;
pub mod policy;
pub mod section;
pub mod toolchain;

use std::path::PathBuf;

pub use error::BuildError;
pub use package::Built;
pub use toolchain::{Choice, Toolchain};

/// What to build and where to put it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Folders of plugin crates, or their `Cargo.toml` files.
    pub crates: Vec<PathBuf>,
    /// The folder for `NAME.wasm`; made when it is missing.
    pub out: PathBuf,
    /// A policy file that shall grant every built component what it requests. Grants of other plugins in it are kept.
    pub policy: Option<PathBuf>,
    /// Which toolchain to take; the first that works by default.
    pub toolchain: Choice,
    /// Where cargo keeps what it compiled; `CARGO_TARGET_DIR`, else `target/plugins` of the workspace by default.
    pub target_directory: Option<PathBuf>,
    /// Further arguments for `cargo build`, such as `--locked` or `--offline`.
    pub cargo_arguments: Vec<String>,
}

/// What happens meanwhile, for whoever shows progress.
#[derive(Debug, Clone)]
pub enum Event {
    /// A way to get a toolchain is tried that may take a while, such as a download.
    Installing {
        /// The command that runs.
        command: String,
    },
    /// A way to get a toolchain did not work; the next one is tried.
    Skipped {
        /// What was tried and why it did not work.
        reason: String,
    },
    /// The toolchain that compiles.
    Chosen {
        /// Which.
        toolchain: Toolchain,
    },
    /// Cargo starts; its own progress is on stderr.
    Compiling {
        /// Names of the crates of this call.
        crates: Vec<String>,
        /// Where cargo keeps what it compiled.
        target_directory: PathBuf,
    },
    /// A component is in place.
    Packaged {
        /// Which.
        built: Built,
    },
    /// The policy file is in place.
    Granted {
        /// The file.
        policy: PathBuf,
        /// How many grants it holds now.
        grants: usize,
    },
}

/// Builds every crate of the request, or none: files are renamed into place only when all of them are made.
pub fn run(request: &Request, report: &mut dyn FnMut(Event)) -> Result<Vec<Built>, BuildError> {
    let workspaces = compile::group(&request.crates)?;
    let mut prepared = Vec::new();
    for workspace in &workspaces {
        let target_directory = workspace.target_directory(request.target_directory.as_deref());
        let toolchain = toolchain::find(request.toolchain, &workspace.root, &target_directory, report)?;
        for module in
            compile::compile(workspace, &toolchain, &target_directory, &request.cargo_arguments, report)?
        {
            prepared.push(package::prepare(&module)?);
        }
    }
    package::publish(prepared, &request.out, request.policy.as_deref(), report)
}
