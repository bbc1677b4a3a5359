//! One cargo call for all plugin crates of a workspace.
//!
//! Cargo's progress and diagnostics go to stderr as usual; where the modules are is read from its JSON messages on stdout.

mod settings;
mod workspace;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

pub use workspace::{PluginCrate, Workspace, group};

use crate::toolchain::TARGET;
use crate::{BuildError, Event, Toolchain};

/// A compiled core module.
#[derive(Debug, Clone)]
pub struct Module {
    /// The crate that it was made from.
    pub crate_name: String,
    /// The `.wasm` in cargo's target directory.
    pub path: PathBuf,
}

/// Compiles all crates of the workspace that were asked for; the modules are in the order of the request.
pub fn compile(
    workspace: &Workspace,
    toolchain: &Toolchain,
    target_directory: &Path,
    cargo_arguments: &[String],
    report: &mut dyn FnMut(Event),
) -> Result<Vec<Module>, BuildError> {
    let names: Vec<String> = workspace.crates.iter().map(|plugin| plugin.name.clone()).collect();
    report(Event::Compiling { crates: names.clone(), target_directory: target_directory.to_path_buf() });
    let mut command = workspace::cargo();
    command
        .current_dir(&workspace.root)
        .args(["build", "--lib", "--target", TARGET, "--profile", settings::PROFILE])
        .arg("--message-format=json-render-diagnostics")
        .arg("--target-dir")
        .arg(target_directory)
        .args(settings::profile())
        .args(cargo_arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    for plugin in &workspace.crates {
        command.arg("--package").arg(&plugin.id);
    }
    settings::flags(&mut command, &workspace.root);
    if let Toolchain::Debian { rustc, linker, .. } = toolchain {
        settings::debian(&mut command, rustc, linker);
    }
    let produced = run(command, &names.join(", "))?;
    workspace
        .crates
        .iter()
        .map(|plugin| {
            let found = produced.iter().find(|artifact| artifact.manifest_path == plugin.manifest);
            let module = found.and_then(Artifact::module).ok_or_else(|| BuildError::NoModule {
                name: plugin.name.clone(),
                manifest: plugin.manifest.clone(),
            })?;
            Ok(Module { crate_name: plugin.name.clone(), path: module })
        })
        .collect()
}

/// What cargo writes for each finished library, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Artifact {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

impl Artifact {
    fn module(&self) -> Option<PathBuf> {
        self.filenames
            .iter()
            .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
            .cloned()
    }
}

fn run(mut command: Command, crates: &str) -> Result<Vec<Artifact>, BuildError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let start = |source| BuildError::Start { program, source };
    let mut child = command.spawn().map_err(start)?;
    let mut artifacts = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        // Lines that are no message come from build scripts and macros that print.
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Ok(artifact) = serde_json::from_str::<Artifact>(&line)
                && artifact.reason == "compiler-artifact"
                && artifact.module().is_some()
            {
                artifacts.push(artifact);
            }
        }
    }
    let status = child.wait().map_err(BuildError::file("wait for cargo in", Path::new(".")))?;
    if status.success() { Ok(artifacts) } else { Err(BuildError::Compile { crates: crates.to_owned() }) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    #[test]
    fn modules_are_read_from_the_messages_among_other_lines() {
        let script = r#"echo hello
            echo '{"reason":"build-script-executed","package_id":"x"}'
            echo '{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","filenames":["/t/liba.rlib"]}'
            echo '{"reason":"compiler-artifact","manifest_path":"/b/Cargo.toml","filenames":["/t/b.wasm","/t/libb.rlib"]}'"#;
        let artifacts = run(shell(script), "b").unwrap();
        let modules: Vec<_> = artifacts.iter().filter_map(Artifact::module).collect();
        assert_eq!(modules, [PathBuf::from("/t/b.wasm")]);
    }

    #[test]
    fn a_failed_cargo_is_an_error_that_names_the_crates() {
        let error = run(shell("exit 101"), "files, patch").unwrap_err().to_string();
        assert!(error.contains("could not compile files, patch"), "{error}");
    }

    #[test]
    fn a_missing_cargo_is_an_error_that_names_it() {
        let mut command = Command::new("/nowhere/cargo");
        command.stdout(Stdio::piped());
        let error = run(command, "files").unwrap_err().to_string();
        assert!(error.contains("cannot start `/nowhere/cargo`") && error.contains("rustup.rs"), "{error}");
    }
}
