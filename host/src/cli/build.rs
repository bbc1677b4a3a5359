//! `skep build`: plugin crates to components.

use super::{Common, Failure};
use ::build::{Event, Request};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// What to build.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Folders of plugin crates.
    #[arg(default_value = ".", value_name = "CRATE")]
    crates: Vec<PathBuf>,
    /// Where NAME.wasm goes.
    #[arg(long, default_value = "target/components", value_name = "DIR")]
    out: PathBuf,
    /// A policy file that shall grant each component what it requests, by digest.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Further arguments for cargo.
    #[arg(last = true, value_name = "CARGO_ARGUMENT")]
    cargo: Vec<String>,
}

pub(crate) fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let toolchain = match std::env::var("SKEP_BUILD_TOOLCHAIN") {
        Ok(name) => name.parse().map_err(|error| Failure::new(format!("SKEP_BUILD_TOOLCHAIN: {error}")))?,
        Err(_) => ::build::Choice::default(),
    };
    let request = Request {
        crates: options.crates,
        out: options.out,
        policy: options.policy,
        toolchain,
        target_directory: None,
        cargo_arguments: options.cargo,
    };
    let mut report = |event: Event| match event {
        Event::Installing { command } => eprintln!("installing: {command}"),
        Event::Skipped { reason } => eprintln!("skipped: {reason}"),
        Event::Chosen { toolchain } => eprintln!("compiling with {toolchain}"),
        Event::Compiling { crates, .. } => eprintln!("building {}", crates.join(", ")),
        Event::Packaged { built } => eprintln!(
            "built {}@{} ({} bytes) {}",
            built.name,
            built.version,
            built.size,
            built.path.display()
        ),
        Event::Granted { policy, grants } => eprintln!("{} holds {grants} grant(s)", policy.display()),
    };
    let built = ::build::run(&request, &mut report).map_err(|error| Failure::new(error.to_string()))?;
    if common.json {
        let rows: Vec<_> = built
            .iter()
            .map(|built| {
                json!({ "name": built.name, "version": built.version, "kind": built.kind, "path": built.path, "digest": built.digest, "size": built.size })
            })
            .collect();
        println!("{}", json!({ "built": rows }));
    }
    Ok(())
}
