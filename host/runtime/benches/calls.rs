//! What one fresh isolated skill call costs through the runtime, against wasmtime alone. Ratios of one run.
//!
//! - `skep`: `Components::call` as the host makes it: admission, limits of everything, fuel for transfers, epochs, deadline, clock, seed,
//!   a host of its own, JSON values in and out.
//! - `bare`: wasmtime at its fastest: pooled, linked once, memory kept resident, called without fibers, epochs, limits or determinism,
//!   with arguments that are text already and an answer that nobody parses. Aim: skep takes at most 1.25 times as long.
//! - `bare async`: the same on a fiber, which every host needs whose functions wait for something. For information.
//! - `naive`: what a first host does: memory on demand, and a linker with the interfaces of `skep:plugin` made for each call.
//!   Aim: at least 5 times skep.
//! - `naive + WASI`: the same with WASI linked too, as our linker has it. For information.
//!
//! All call the same export of the same component with the same arguments on a fresh store and instance, for a context that is made for the
//! call. Rounds of all sides alternate, so
//! that a busy machine slows all; a ratio is the median of the rounds' ratios.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench"
)]

#[path = "calls/bare.rs"]
mod bare;
#[path = "calls/naive.rs"]
mod naive;
#[path = "calls/refuse.rs"]
mod refuse;
#[path = "calls/rounds.rs"]
mod rounds;
#[path = "calls/skep.rs"]
mod skep;

use rounds::{Ratio, Side, measure};
use std::path::PathBuf;

/// The tool of `examples/hello-skill`, and what it answers.
const TOOL: &str = "greet";
const ARGUMENTS: &str = r#"{"name":"Ada","times":2}"#;
const ANSWER: &str = r#""Hello, Ada! Hello, Ada! ""#;
/// Who calls: ids as long as real ones.
const TASK: &str = "task_000000000001";
const USER: &str = "550e8400-e29b-41d4-a716-446655440000";
const AGENT: &str = "550e8400-e29b-41d4-a716-446655440001";

fn main() {
    let folder = std::env::var_os("SKEP_TEST_GUESTS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/guests")),
        PathBuf::from,
    );
    let path = folder.join("hello-skill.wasm");
    let component = std::fs::read(&path).unwrap_or_else(|error| {
        panic!("{}: {error}: run scripts/build-plugins.sh, or `make bench`", path.display())
    });
    println!("hello-skill ({} bytes), {TOOL}({ARGUMENTS})", component.len());
    let ours = skep::Skep::new(component.clone());
    let bare = bare::Bare::new(&component);
    let naive = naive::Naive::new(&component);
    let all: [Side<'_>; 5] = [
        Side { name: "skep", calls: 1000, run: &|count| ours.calls(count) },
        Side { name: "bare", calls: 1000, run: &|count| bare.calls(count) },
        Side { name: "bare async", calls: 1000, run: &|count| bare.calls_async(count) },
        Side { name: "naive", calls: 100, run: &|count| naive.calls(count) },
        Side { name: "naive + WASI", calls: 100, run: &|count| naive.calls_with_wasi(count) },
    ];
    // `cargo bench --bench calls -- skep` runs one side alone, for a profiler.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let sides: Vec<Side<'_>> = all
        .into_iter()
        .filter(|side| wanted.is_empty() || wanted.iter().any(|name| name == side.name))
        .collect();
    let ratios = [
        Ratio { above: "skep", below: "bare", aim: rounds::Aim::AtMost(1.25) },
        Ratio { above: "skep", below: "bare async", aim: rounds::Aim::None },
        Ratio { above: "naive", below: "skep", aim: rounds::Aim::AtLeast(5.0) },
        Ratio { above: "naive + WASI", below: "skep", aim: rounds::Aim::None },
    ];
    for threads in [1, 2] {
        measure(&sides, &ratios, threads);
    }
}
