//! Why a build did not work; every text says what to do.

use std::path::{Path, PathBuf};

use crate::componentize::ComponentizeError;
use crate::section::SectionError;
use crate::toolchain::ToolchainError;

/// Why a build did not work.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Nothing to build.
    #[error("no plugin crate given; name at least one folder with a Cargo.toml, such as plugins/files")]
    NoCrates,
    /// The path is no crate.
    #[error("{} is not a crate: there is no Cargo.toml in it; name the folder of a plugin crate", .0.display())]
    NotACrate(PathBuf),
    /// `cargo` itself could not be started.
    #[error(
        "cannot start `{program}`: {source}; install Rust from https://rustup.rs or set CARGO to its path"
    )]
    Start {
        /// What was to be started.
        program: String,
        /// Why not.
        source: std::io::Error,
    },
    /// `cargo metadata` failed.
    #[error("cargo cannot read {}: {message}", manifest.display())]
    Metadata {
        /// The `Cargo.toml`.
        manifest: PathBuf,
        /// What cargo said.
        message: String,
    },
    /// Compilation failed; cargo has printed why.
    #[error("cargo could not compile {crates} for wasm32-unknown-unknown; its messages are above")]
    Compile {
        /// The crates of the call.
        crates: String,
    },
    /// The crate has no library that becomes a `.wasm`.
    #[error(
        "{name} made no .wasm: a plugin is a library with `crate-type = [\"cdylib\"]`; add `[lib]` with that line (and \"rlib\" for native tests) to {}",
        manifest.display()
    )]
    NoModule {
        /// The crate.
        name: String,
        /// Its `Cargo.toml`.
        manifest: PathBuf,
    },
    /// No toolchain compiles for the target.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// The metadata section is missing or wrong.
    #[error("{crate_name}: {source}")]
    Section {
        /// The crate.
        crate_name: String,
        /// What is wrong.
        source: SectionError,
    },
    /// The module cannot become a component.
    #[error("{crate_name}: {source}")]
    Componentize {
        /// The crate.
        crate_name: String,
        /// What is wrong.
        source: ComponentizeError,
    },
    /// The component imports what its manifest does not request.
    #[error(
        "{crate_name} uses the host interface `{interface}` but does not request it, so that every host would refuse it; declare the capability `{interface}` with a reason in the plugin, or do not call it"
    )]
    NotRequested {
        /// The crate.
        crate_name: String,
        /// The interface, such as `files`.
        interface: String,
    },
    /// Two crates have the same plugin name.
    #[error(
        "two of the crates are the plugin `{name}` ({first} and {second}); give one of them another name"
    )]
    SameName {
        /// The plugin's name.
        name: String,
        /// The crate that had it first.
        first: String,
        /// The other one.
        second: String,
    },
    /// A policy file that is there cannot be read as one.
    #[error("the policy file {} cannot be extended: {message}; mend it or name another file", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A file or folder cannot be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        /// Such as `write`.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl BuildError {
    /// For `map_err` at a file operation.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { doing, path, source }
    }
}
