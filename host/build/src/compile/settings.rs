//! The same compiler settings for every plugin, wherever its crate lives.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::toolchain::TARGET;

/// A profile of its own, so that a plugin's `release` stays its author's.
pub(super) const PROFILE: &str = "plugin";

/// Small code without unwinding: a fresh instance is made for every call, and most of its cost is touched pages.
const PROFILE_SETTINGS: [&str; 7] = [
    r#"inherits="release""#,
    r#"opt-level="s""#,
    "lto=true",
    "strip=true",
    r#"panic="abort""#,
    "codegen-units=1",
    "debug=0",
];

/// 64 KiB of stack instead of 1 MiB, which keeps the whole of a small guest's memory together.
const STACK: &str = "-zstack-size=65536";
/// The stack below the data, so that an overflow traps instead of overwriting data.
const STACK_FIRST: &str = "--stack-first";
/// Room for the allocator of the sdk inside the initial memory, so that a small call needs no `memory.grow`.
const HEAP: &str = "--initial-heap=131072";

/// `--config` for each setting of the profile, which outranks what the crate's workspace says.
pub(super) fn profile() -> impl Iterator<Item = String> {
    PROFILE_SETTINGS
        .into_iter()
        .flat_map(|setting| ["--config".to_owned(), format!("profile.{PROFILE}.{setting}")])
}

/// Compiler flags replace the caller's, which are meant for the caller's machine and would not link a guest.
/// Paths of this machine are cut from panic messages, so that the same sources give the same digest elsewhere.
pub(super) fn flags(command: &mut Command, workspace: &Path) {
    let mut flags: Vec<String> =
        [STACK, STACK_FIRST, HEAP].map(|argument| format!("-Clink-arg={argument}")).to_vec();
    // Random bytes come from the host, through the sdk, also for crates that use getrandom.
    flags.push("--cfg=getrandom_backend=\"custom\"".to_owned());
    flags.push(format!("--remap-path-prefix={}=/plugin", workspace.display()));
    if let Some(cargo_home) = cargo_home() {
        flags.push(format!("--remap-path-prefix={}=/cargo", cargo_home.display()));
    }
    command.env_remove("RUSTFLAGS");
    // Units are separated by 0x1f, so that paths with spaces stay whole.
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
}

fn cargo_home() -> Option<PathBuf> {
    let home =
        |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    home("CARGO_HOME").or_else(|| home("HOME").map(|home| home.join(".cargo")))
}

/// Debian's compiler has no `std` for the target: cargo builds it from Debian's sources, which a stable cargo only does with
/// `RUSTC_BOOTSTRAP`.
pub(super) fn debian(command: &mut Command, rustc: &Path, linker: &Path) {
    let variable = format!("CARGO_TARGET_{}_LINKER", TARGET.to_uppercase().replace('-', "_"));
    command
        .env("RUSTC", rustc)
        .env("RUSTC_BOOTSTRAP", "1")
        .env::<_, &OsStr>(variable, linker.as_ref())
        .arg("-Zbuild-std=std,panic_abort");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn variable(command: &Command, name: &str) -> Option<String> {
        let (_, value) = command.get_envs().find(|(variable, _)| *variable == name)?;
        value.map(|value| value.to_string_lossy().into_owned())
    }

    #[test]
    fn the_callers_flags_are_replaced_and_paths_with_spaces_stay_whole() {
        let mut command = Command::new("cargo");
        command.env("RUSTFLAGS", "-Ctarget-cpu=native");
        flags(&mut command, Path::new("/home/a b/c"));
        let flags = variable(&command, "CARGO_ENCODED_RUSTFLAGS").unwrap();
        assert_eq!(variable(&command, "RUSTFLAGS"), None);
        assert!(flags.split('\x1f').any(|flag| flag == "--remap-path-prefix=/home/a b/c=/plugin"), "{flags}");
        assert!(flags.split('\x1f').any(|flag| flag == "-Clink-arg=-zstack-size=65536"), "{flags}");
    }

    #[test]
    fn debian_builds_std_with_its_own_compiler_and_linker() {
        let mut command = Command::new("cargo");
        debian(&mut command, Path::new("/usr/bin/rustc"), Path::new("/x/rust-lld"));
        assert_eq!(variable(&command, "RUSTC").unwrap(), "/usr/bin/rustc");
        assert_eq!(variable(&command, "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER").unwrap(), "/x/rust-lld");
        assert!(command.get_args().any(|argument| argument == "-Zbuild-std=std,panic_abort"));
    }
}
