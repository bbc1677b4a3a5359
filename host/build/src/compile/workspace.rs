//! Which crates belong together: the crates of one workspace share a lock file and go into one cargo call.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::BuildError;

/// A workspace and those of its crates that are to be built.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its root folder.
    pub root: PathBuf,
    /// The crates, in the order in which they were asked for.
    pub crates: Vec<PluginCrate>,
    target_directory: PathBuf,
}

/// A crate to build.
#[derive(Debug, Clone)]
pub struct PluginCrate {
    /// Its package name.
    pub name: String,
    /// Its `Cargo.toml`.
    pub manifest: PathBuf,
    /// Cargo's own id for it, which no other package has.
    pub(super) id: String,
}

impl Workspace {
    /// Where cargo shall work: as asked, else `CARGO_TARGET_DIR`, else `plugins` below the workspace's target directory, so that
    /// a running `cargo build` of the host and a plugin build do not wait for each other.
    pub fn target_directory(&self, asked: Option<&Path>) -> PathBuf {
        let from_environment =
            || std::env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty()).map(PathBuf::from);
        let chosen = asked.map(Path::to_path_buf).or_else(from_environment);
        let chosen = chosen.unwrap_or_else(|| self.target_directory.join("plugins"));
        // Cargo runs in the workspace's root, the caller may be elsewhere.
        std::path::absolute(&chosen).unwrap_or(chosen)
    }
}

/// The cargo that runs this program (`cargo run`, `cargo test`), else the first in `PATH`.
pub(super) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    id: String,
    manifest_path: PathBuf,
}

/// Finds the workspaces of the crates; asks cargo once for each workspace.
pub fn group(crates: &[PathBuf]) -> Result<Vec<Workspace>, BuildError> {
    let mut known: Vec<(Metadata, Vec<PluginCrate>)> = Vec::new();
    for path in crates {
        let manifest = manifest(path)?;
        let found = known.iter().position(|(metadata, _)| find(metadata, &manifest).is_some());
        let index = match found {
            Some(index) => index,
            None => {
                known.push((metadata(&manifest)?, Vec::new()));
                known.len() - 1
            }
        };
        if let Some((metadata, chosen)) = known.get_mut(index) {
            let package = find(metadata, &manifest).ok_or_else(|| BuildError::NotACrate(path.clone()))?;
            if !chosen.iter().any(|plugin| plugin.id == package.id) {
                chosen.push(PluginCrate {
                    name: package.name.clone(),
                    manifest: package.manifest_path.clone(),
                    id: package.id.clone(),
                });
            }
        }
    }
    if known.is_empty() {
        return Err(BuildError::NoCrates);
    }
    let workspace = |(metadata, crates): (Metadata, Vec<PluginCrate>)| Workspace {
        root: metadata.workspace_root,
        crates,
        target_directory: metadata.target_directory,
    };
    Ok(known.into_iter().map(workspace).collect())
}

fn find<'a>(metadata: &'a Metadata, manifest: &Path) -> Option<&'a Package> {
    metadata.packages.iter().find(|package| package.manifest_path == manifest)
}

fn manifest(path: &Path) -> Result<PathBuf, BuildError> {
    let file = if path.file_name().is_some_and(|name| name == "Cargo.toml") {
        path.to_path_buf()
    } else {
        path.join("Cargo.toml")
    };
    // Cargo names manifests by their absolute path.
    let file = file.canonicalize().map_err(|_| BuildError::NotACrate(path.to_path_buf()))?;
    if file.is_file() { Ok(file) } else { Err(BuildError::NotACrate(path.to_path_buf())) }
}

fn metadata(manifest: &Path) -> Result<Metadata, BuildError> {
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(manifest);
    let program = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().map_err(|source| BuildError::Start { program, source })?;
    let wrong = |message: String| BuildError::Metadata { manifest: manifest.to_path_buf(), message };
    if !output.status.success() {
        return Err(wrong(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn make_crate(folder: &Path, name: &str, workspace: &str) {
        std::fs::create_dir_all(folder.join("src")).unwrap();
        let text =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{workspace}");
        std::fs::write(folder.join("Cargo.toml"), text).unwrap();
        std::fs::write(folder.join("src/lib.rs"), "").unwrap();
    }

    #[test]
    fn crates_of_one_workspace_are_grouped_and_named_once() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::fs::write(
            root.join("Cargo.toml"),
            "[workspace]\nresolver = \"3\"\nmembers = [\"one\", \"two\"]\n",
        )
        .unwrap();
        make_crate(&root.join("one"), "one", "");
        make_crate(&root.join("two"), "two", "");
        make_crate(&root.join("alone"), "alone", "[workspace]\n");
        let asked = ["two", "alone", "one/Cargo.toml", "two"].map(|name| root.join(name));
        let workspaces = group(&asked).unwrap();
        let names = |workspace: &Workspace| -> Vec<String> {
            workspace.crates.iter().map(|plugin| plugin.name.clone()).collect()
        };
        assert_eq!(workspaces.iter().map(names).collect::<Vec<_>>(), [vec!["two", "one"], vec!["alone"]]);
        assert_eq!(workspaces.first().unwrap().root, root);
        let asked = workspaces.first().unwrap().target_directory(Some(Path::new("/somewhere")));
        assert_eq!(asked, Path::new("/somewhere"));
    }

    #[test]
    fn folders_without_a_crate_are_named_in_the_error() {
        let root = tempfile::tempdir().unwrap();
        let error = group(&[root.path().join("missing")]).unwrap_err().to_string();
        assert!(error.contains("missing is not a crate"), "{error}");
        std::fs::write(root.path().join("Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
        assert!(matches!(group(&[root.path().to_path_buf()]), Err(BuildError::NotACrate(_))));
        std::fs::write(root.path().join("Cargo.toml"), "[package\n").unwrap();
        assert!(matches!(group(&[root.path().to_path_buf()]), Err(BuildError::Metadata { .. })));
        assert!(matches!(group(&[]), Err(BuildError::NoCrates)));
    }
}
