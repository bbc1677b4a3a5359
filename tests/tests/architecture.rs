//! The layers and who may name which library: held by the manifests, so that nothing slips in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which crates of ours a crate may name.
const LAYERS: [(&str, &[&str]); 13] = [
    ("domain", &[]),
    ("indentation", &[]),
    ("app", &["domain", "indentation"]),
    ("api", &["app", "domain"]),
    ("worker", &["app", "domain"]),
    ("runtime", &["app", "domain"]),
    ("catalog", &["app", "domain"]),
    ("store", &["app", "domain"]),
    ("models", &["app", "domain"]),
    ("egress", &["app", "domain"]),
    ("vault", &["app", "domain"]),
    ("testkit", &["app", "domain"]),
    ("build", &["domain"]),
];

/// Who may name a library.
const OWNERS: [(&str, &[&str]); 10] = [
    ("wasmtime", &["runtime"]),
    ("wasmtime-wasi", &["runtime"]),
    ("sqlx", &["store"]),
    ("rusqlite", &["store"]),
    ("notify", &["catalog"]),
    ("axum", &["api", "testkit", "tests"]),
    ("reqwest", &["egress", "tests"]),
    ("candle-core", &["models"]),
    ("tree-sitter", &["app"]),
    ("clap", &["skep"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &Path) -> toml::Table {
    std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .parse()
        .unwrap()
}

/// Name, manifest and folder of every member.
fn members() -> Vec<(String, toml::Table, PathBuf)> {
    let workspace = read(&root().join("Cargo.toml"));
    let members = workspace["workspace"]["members"].as_array().unwrap().clone();
    members
        .iter()
        .map(|member| {
            let folder = root().join(member.as_str().unwrap());
            let manifest = read(&folder.join("Cargo.toml"));
            (manifest["package"]["name"].as_str().unwrap().to_owned(), manifest, folder)
        })
        .collect()
}

fn names(manifest: &toml::Table, section: &str) -> BTreeSet<String> {
    manifest
        .get(section)
        .and_then(toml::Value::as_table)
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

/// What breaks the layers; empty when nothing does.
fn violations(members: &[(String, toml::Table, PathBuf)]) -> Vec<String> {
    let ours: BTreeSet<&str> = members.iter().map(|(name, _, _)| name.as_str()).collect();
    let layers: BTreeMap<&str, &[&str]> = LAYERS.into_iter().collect();
    let mut found = Vec::new();
    for (name, manifest, _) in members {
        let dependencies = names(manifest, "dependencies");
        if let Some(allowed) = layers.get(name.as_str()) {
            for dependency in dependencies.iter().filter(|dependency| ours.contains(dependency.as_str())) {
                if !allowed.contains(&dependency.as_str()) {
                    found.push(format!("{name} names {dependency}; it may name {allowed:?}"));
                }
            }
        }
        for (library, owners) in OWNERS {
            if dependencies.contains(library) && !owners.contains(&name.as_str()) {
                found.push(format!("{name} names {library}, which belongs to {owners:?}"));
            }
        }
        if manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool)
            != Some(true)
        {
            found.push(format!("{name} does not take the lints of the workspace"));
        }
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let table = manifest.get(section).and_then(toml::Value::as_table).cloned().unwrap_or_default();
            for (dependency, value) in table {
                let from_workspace = value
                    .as_table()
                    .is_some_and(|value| value.get("workspace").and_then(toml::Value::as_bool) == Some(true));
                if !from_workspace {
                    found.push(format!("{name} has a version of its own for {dependency}; versions belong into the root manifest"));
                }
            }
        }
    }
    found
}

#[test]
fn crates_name_only_the_layers_below_them_and_the_libraries_that_are_theirs() {
    let members = members();
    assert!(members.len() > LAYERS.len(), "the members were not read");
    assert_eq!(violations(&members), Vec::<String>::new());
}

#[test]
fn the_check_finds_each_kind_of_violation() {
    let member =
        |name: &str, text: &str| (name.to_owned(), text.parse::<toml::Table>().unwrap(), PathBuf::new());
    let lints = "[lints]\nworkspace = true\n";
    for (name, text, words) in [
        ("domain", format!("{lints}[dependencies]\napp.workspace = true\n"), "domain names app"),
        ("api", format!("{lints}[dependencies]\nsqlx.workspace = true\n"), "api names sqlx"),
        ("api", "[dependencies]\n".to_owned(), "does not take the lints"),
        ("api", format!("{lints}[dependencies]\nserde = \"1\"\n"), "version of its own for serde"),
    ] {
        let found = violations(&[member(name, &text), member("app", lints)]);
        assert!(found.iter().any(|problem| problem.contains(words)), "{words}: {found:?}");
    }
}

/// Rust files of the repository, without what was built.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "data" && !name.starts_with('.') {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_source_file_is_longer_than_five_hundred_lines() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    assert!(files.len() > 100, "the sources were not found");
    let long: Vec<String> = files
        .iter()
        .map(|path| (path, std::fs::read_to_string(path).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > 500)
        .map(|(path, lines)| format!("{} has {lines} lines", path.strip_prefix(root()).unwrap().display()))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}
