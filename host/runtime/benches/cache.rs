//! Loading a compiled component from the cache on disk against compiling it, both through `Components::compile`. Ratios of one run.
//!
//! - `load`: identity, scan, read, MAC, deserialize, link: all that a restarted host does for a component that it knows.
//! - `compile`: the same without a file in the cache: compiled in this process, with all cores, and kept in the cache.
//!   Aim: at least 50 times a load.
//! - `child`: compiled in a limited child process of the real host (`SKEP_TEST_BIN`), as hosts do. For information.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench"
)]

use app::ports::components::Components as _;
use bytes::Bytes;
use domain::manifest::{Manifest, PluginKind};
use runtime::{CacheOptions, Compiler, Options, Runtime};
use serde_json::json;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Rounds of each side; a round loads several times and compiles once.
const ROUNDS: usize = 10;
/// Loads of a round.
const LOADS: usize = 20;

#[tokio::main]
async fn main() {
    let host = std::env::var_os("SKEP_TEST_BIN").map(PathBuf::from);
    for (variable, folder, name, kind) in [
        ("SKEP_TEST_GUESTS", "guests", "hello-skill", PluginKind::Skill),
        ("SKEP_TEST_COMPONENTS", "components", "coder-ai", PluginKind::Personality),
    ] {
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target").join(folder);
        let path = std::env::var_os(variable).map_or(built, PathBuf::from).join(format!("{name}.wasm"));
        let component = std::fs::read(&path).unwrap_or_else(|error| {
            panic!("{}: {error}: run scripts/build-plugins.sh, or `make bench`", path.display())
        });
        measure(name, Bytes::from(component), &manifest(kind), host.as_deref()).await;
    }
}

/// What the runtime reads of a manifest.
fn manifest(kind: PluginKind) -> Manifest {
    serde_json::from_value(json!({ "abi": "0.1.0", "kind": kind, "name": "bench", "version": "0.1.0" }))
        .unwrap()
}

/// A runtime with its cache.
struct Bench {
    runtime: Runtime,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(compiler: Compiler) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = CacheOptions {
            folder: folder.path().join("compiled"),
            key_file: folder.path().join("compiled.key"),
        };
        let options = Options { cache: Some(cache), compiler, ..Options::in_process() };
        Self { runtime: Runtime::new(options).unwrap(), folder }
    }

    /// Milliseconds until the component can be called.
    async fn compile(&self, component: &Bytes, manifest: &Manifest, cached: bool) -> f64 {
        let started = Instant::now();
        let compiled = self.runtime.compile(component.clone(), manifest).await.unwrap();
        let elapsed = started.elapsed().as_secs_f64() * 1e3;
        assert_eq!(compiled.cached, cached);
        self.runtime.unload(compiled.digest);
        elapsed
    }

    /// Remove the code of all components; answers how many bytes they had.
    fn forget(&self) -> u64 {
        let mut bytes = 0;
        for engine in std::fs::read_dir(self.folder.path().join("compiled")).unwrap().flatten() {
            for file in std::fs::read_dir(engine.path()).unwrap().flatten() {
                bytes += file.metadata().unwrap().len();
                std::fs::remove_file(file.path()).unwrap();
            }
        }
        bytes
    }
}

async fn measure(name: &str, component: Bytes, manifest: &Manifest, host: Option<&Path>) {
    let bench = Bench::new(Compiler::InProcess);
    let limited = host.map(|command| {
        Bench::new(Compiler::Child {
            command: command.to_owned(),
            arguments: vec![OsString::from("compile-component")],
        })
    });
    let (mut loads, mut compiles, mut children, mut ratios) = (vec![], vec![], vec![], vec![]);
    let mut code = 0;
    bench.compile(&component, manifest, false).await;
    for _ in 0..ROUNDS {
        code = bench.forget();
        let compile = bench.compile(&component, manifest, false).await;
        let mut load = 0.0;
        for _ in 0..LOADS {
            load += bench.compile(&component, manifest, true).await / LOADS as f64;
        }
        if let Some(limited) = &limited {
            limited.forget();
            children.push(limited.compile(&component, manifest, false).await);
        }
        loads.push(load);
        compiles.push(compile);
        ratios.push(compile / load);
    }
    println!(
        "\n{name}: {} bytes, {code} of code, {ROUNDS} rounds of one compile and {LOADS} loads",
        component.len()
    );
    println!("{:<16} {:>9} {:>9} {:>10}", "ms", "median", "quarter", "3 quarters");
    for (side, times) in [("load", &loads), ("compile", &compiles), ("child", &children)] {
        if !times.is_empty() {
            let [quarter, median, three_quarters] = quartiles(times);
            println!("{side:<16} {median:>9.3} {quarter:>9.3} {three_quarters:>10.3}");
        }
    }
    let [quarter, median, three_quarters] = quartiles(&ratios);
    let verdict = if median >= 50.0 { "met" } else { "NOT MET" };
    println!(
        "{:<16} {median:>9.1} {quarter:>9.1} {three_quarters:>10.1}   aim: at least 50: {verdict}",
        "compile / load"
    );
}

fn quartiles(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| sorted[sorted.len() * quarter / 4])
}
