//! Core modules become packaged components: the real plugin interface, modules written by hand instead of compiled.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use build::compile::Module;
use build::{BuildError, Event, package, section};
use domain::manifest::PluginKind;
use sha2::{Digest as _, Sha256};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};
use wit_component::{StringEncoding, embed_component_metadata};

/// A skill that answers every call with a null pointer; only its shape matters here.
fn skill(name: &str, capabilities: &str, imports: &str) -> Vec<u8> {
    let manifest = format!(
        r#"{{"abi":"0.1.0","kind":"skill","name":"{name}","version":"1.2.3","capabilities":{capabilities}}}"#
    );
    core(imports, &format!(r#"(@custom "skep:plugin" "{}")"#, manifest.replace('"', "\\\"")))
}

fn core(imports: &str, custom: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            {imports}
            (memory (export "memory") 2)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
            (func (export "skep:plugin/skill-guest@0.1.0#call")
                (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) i32.const 0)
            {custom})"#
    );
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = wit_parser::Resolve::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/0.1.0");
    let (package, _) = resolve.push_dir(folder).unwrap();
    let world = resolve.select_world(&[package], Some("skill")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    module
}

const FILES_IMPORT: &str = r#"(import "skep:plugin/files@0.1.0" "delete" (func (param i32 i32 i32)))"#;
const LOG_IMPORT: &str = r#"(import "skep:plugin/progress@0.1.0" "report" (func (param i32 i32 i32)))"#;

#[test]
fn a_packaged_component_is_valid_and_carries_its_manifest_once_and_first() {
    let folder = tempfile::tempdir().unwrap();
    let capabilities = r#"[{"interface":"files","reason":"it edits","access":"read","paths":["src"]}]"#;
    let module = skill("files", capabilities, &format!("{FILES_IMPORT} {LOG_IMPORT}"));
    let path = folder.path().join("files.core.wasm");
    std::fs::write(&path, module).unwrap();

    let prepared = package::prepare(&Module { crate_name: "files".into(), path }).unwrap();
    let out = folder.path().join("out");
    let policy = folder.path().join("out/policy.toml");
    let mut events = Vec::new();
    let built =
        package::publish(vec![prepared], &out, Some(&policy), &mut |event| events.push(event)).unwrap();

    let built = built.first().unwrap();
    assert_eq!(
        (built.name.as_str(), built.version.as_str(), built.kind),
        ("files", "1.2.3", PluginKind::Skill)
    );
    let bytes = std::fs::read(&built.path).unwrap();
    assert_eq!(built.path, out.join("files.wasm"));
    assert_eq!(built.size, bytes.len() as u64);
    assert_eq!(built.digest, hex(&Sha256::digest(&bytes)));
    Validator::new_with_features(WasmFeatures::all()).validate_all(&bytes).unwrap();
    assert_eq!(section::count(&bytes).unwrap(), 1);
    let first = Parser::new(0).parse_all(&bytes).nth(1).unwrap().unwrap();
    assert!(matches!(first, Payload::CustomSection(first) if first.name() == section::NAME));

    let grants: toml::Table = std::fs::read_to_string(&policy).unwrap().parse().unwrap();
    let grant = grants.get("grant").unwrap().get(0).unwrap();
    assert_eq!(grant.get("plugin").unwrap().as_str(), Some("files@1.2.3"));
    assert_eq!(grant.get("digest").unwrap().as_str(), Some(format!("sha256:{}", built.digest).as_str()));
    assert_eq!(
        grant.get("capabilities").unwrap().to_string(),
        r#"[{ access = "read", interface = "files", paths = ["src"] }]"#
    );
    assert!(matches!(events.as_slice(), [Event::Granted { grants: 1, .. }, Event::Packaged { .. }]));
    assert_eq!(names_in(&out), ["files.wasm", "policy.toml"], "no temporary file is left");
}

#[test]
fn the_same_module_gives_the_same_bytes() {
    let out = tempfile::tempdir().unwrap();
    let digests = [(); 2].map(|()| {
        let prepared = package::package("a", &skill("a", "[]", "")).unwrap();
        package::publish(vec![prepared], out.path(), None, &mut |_| {}).unwrap().remove(0).digest
    });
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn an_interface_that_is_not_requested_is_refused_and_the_always_open_ones_are_not() {
    let error = package::package("sneaky", &skill("sneaky", "[]", FILES_IMPORT)).unwrap_err().to_string();
    assert!(error.contains("sneaky uses the host interface `files`"), "{error}");
    let granted = r#"[{"interface":"files","reason":"x","access":"read","paths":[""]}]"#;
    assert!(package::package("honest", &skill("honest", granted, FILES_IMPORT)).is_ok());
    assert!(package::package("quiet", &skill("quiet", "[]", LOG_IMPORT)).is_ok());
}

#[test]
fn modules_that_are_no_plugins_are_refused_with_what_to_do() {
    let foreign = r#"(import "env" "getpid" (func (result i32)))"#;
    for (module, expected) in [
        (core("", ""), "is the crate's module marked #[skill]"),
        (core("", r#"(@custom "skep:plugin" "{}")"#), "does not say its ABI version"),
        (skill("a", "[]", foreign), "cannot become a component"),
        (b"\0asm\x01\0\0".to_vec(), "truncated"),
        (b"#!/bin/sh exit 1".to_vec(), "not valid WebAssembly"),
    ] {
        let error = package::package("gadget", &module).unwrap_err().to_string();
        assert!(error.starts_with("gadget: ") && error.contains(expected), "{error}");
    }
}

#[test]
fn when_two_crates_have_one_name_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let twice =
        ["one", "two"].map(|crate_name| package::package(crate_name, &skill("same", "[]", "")).unwrap());
    let error = package::publish(twice.into(), &out, None, &mut |_| {}).unwrap_err();
    assert!(
        matches!(&error, BuildError::SameName { first, second, .. } if first == "one" && second == "two"),
        "{error}"
    );
    assert!(!out.exists());
}

#[test]
fn a_policy_that_cannot_be_extended_leaves_the_components_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, "not toml").unwrap();
    std::fs::write(folder.path().join("a.wasm"), "the old one").unwrap();
    let prepared = package::package("a", &skill("a", "[]", "")).unwrap();
    let result = package::publish(vec![prepared], folder.path(), Some(&policy), &mut |_| {});
    assert!(matches!(result, Err(BuildError::Policy { .. })));
    assert_eq!(std::fs::read_to_string(folder.path().join("a.wasm")).unwrap(), "the old one");
    assert_eq!(names_in(folder.path()), ["a.wasm", "policy.toml"]);
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let path = |entry: std::io::Result<std::fs::DirEntry>| -> PathBuf { entry.unwrap().path() };
    let mut names: Vec<String> =
        entries.map(path).map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
