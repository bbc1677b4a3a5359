//! What a runtime is given.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many calls, how much memory, where compiled code is kept and who compiles.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where compiled code is kept; none compiles anew in each process.
    pub cache: Option<CacheOptions>,
    /// Who compiles unknown components.
    pub compiler: Compiler,
    /// Limits of the compiling child.
    pub compile_limits: CompileLimits,
    /// *Small* root calls at once. Each may nest eight deep, and all of those have slots too.
    pub root_calls: u32,
    /// *Large* root calls at once.
    pub large_root_calls: u32,
    /// Memory that the limits of all root calls together may reach; nested calls get as much again.
    pub memory_bytes: u64,
    /// Whether instructions are counted, which makes all guests a little slower. Needed for `Limits::fuel`.
    pub count_fuel: bool,
}

/// Where compiled code is kept.
#[derive(Debug, Clone)]
pub struct CacheOptions {
    /// The folder; made when missing.
    pub folder: PathBuf,
    /// The key that proves that a file in it is ours; made (0600) when missing. Outside the folder, so that the folder may be deleted.
    pub key_file: PathBuf,
}

/// Who compiles.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// A child process that ends in [`crate::compile_child`]: the host's own executable with a hidden verb.
    Child {
        /// The executable.
        command: PathBuf,
        /// What goes before our own arguments, such as `compile-component`.
        arguments: Vec<OsString>,
    },
    /// This process, without limits: for tests and tools that compile only what they built themselves.
    InProcess,
}

/// What compiling one component may take.
#[derive(Debug, Clone, Copy)]
pub struct CompileLimits {
    /// Processor time of all its threads in seconds.
    pub cpu_seconds: u64,
    /// Address space in bytes.
    pub memory_bytes: u64,
    /// Wall time, in case it waits.
    pub wall: Duration,
}

impl Default for CompileLimits {
    /// An interpreter of Python (35 MB) takes 40 CPU seconds and 1.5 GiB in an unoptimized build of the compiler.
    fn default() -> Self {
        Self { cpu_seconds: 120, memory_bytes: 4 << 30, wall: Duration::from_secs(180) }
    }
}

impl Options {
    /// The defaults of a host with this data directory, compiling in a child of `command` with the verb `compile-component`.
    #[must_use]
    pub fn new(data_directory: &Path, command: PathBuf) -> Self {
        Self {
            cache: Some(CacheOptions {
                folder: data_directory.join("compiled"),
                key_file: data_directory.join("compiled.key"),
            }),
            compiler: Compiler::Child { command, arguments: vec![OsString::from("compile-component")] },
            ..Self::in_process()
        }
    }

    /// No cache and no child process: for tests and tools that compile only what they built themselves.
    #[must_use]
    pub fn in_process() -> Self {
        Self {
            cache: None,
            compiler: Compiler::InProcess,
            compile_limits: CompileLimits::default(),
            // Most root calls wait for a model, so there are more of them than cores. 128 x 9 x 2 memories of 4 GiB are 9 TiB
            // of address space, a fourteenth of what x86-64 has.
            root_calls: 128,
            large_root_calls: 4,
            memory_bytes: physical_memory() / 2,
            count_fuel: false,
        }
    }
}

/// The machine's memory, or 4 GiB where the system does not say.
fn physical_memory() -> u64 {
    let kilobytes = |text: String| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    let known = std::fs::read_to_string("/proc/meminfo").ok().and_then(kilobytes);
    known.map_or(4 << 30, |kilobytes| kilobytes.saturating_mul(1024))
}
