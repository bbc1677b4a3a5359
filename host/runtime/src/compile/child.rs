//! The compiling child process: limits itself, reads a component from stdin, writes one byte of verdict and then code or message to stdout.

use crate::engine::{Target, engine};
use crate::options::CompileLimits;
use app::ports::components::ComponentError;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::ExitCode;

/// Code follows.
const COMPILED: u8 = 1;
/// A message follows.
const INVALID: u8 = 2;
/// Longest message: wasmtime quotes the place, not the component.
const MESSAGE_LIMIT: usize = 4096;

/// Machine code of a component, in this process.
///
/// # Errors
/// [`ComponentError::Invalid`] with the place.
pub(crate) fn compile(component: &[u8], target: Target) -> Result<Vec<u8>, ComponentError> {
    let invalid = |error: wasmtime::Error| {
        ComponentError::Invalid(domain::effect::bounded(
            format!("not a valid component: {error:#}"),
            MESSAGE_LIMIT,
        ))
    };
    engine(target)?.precompile_component(component).map_err(invalid)
}

/// What the child wrote instead of code.
pub(super) enum Verdict {
    Invalid(String),
    Torn,
}

/// Read what the child wrote.
pub(super) fn parse(mut answer: Vec<u8>) -> Result<Vec<u8>, Verdict> {
    match answer.first() {
        Some(&COMPILED) => {
            answer.remove(0);
            Ok(answer)
        }
        Some(&INVALID) => {
            Err(Verdict::Invalid(String::from_utf8_lossy(answer.get(1..).unwrap_or_default()).into_owned()))
        }
        _ => Err(Verdict::Torn),
    }
}

/// The child's arguments: what [`compile_child`] reads.
pub(super) fn arguments(target: Target, limits: &CompileLimits) -> [OsString; 4] {
    [
        limits.cpu_seconds.to_string(),
        limits.memory_bytes.to_string(),
        target.wide.to_string(),
        target.fuel.to_string(),
    ]
    .map(OsString::from)
}

/// The whole life of the compiling child, behind the host's hidden verb. `arguments` are those after the verb.
/// Anything but a success is told to the parent by the way it exits; stderr is for the log.
#[must_use]
pub fn compile_child(
    arguments: impl IntoIterator<Item = String>,
    input: &mut impl Read,
    output: &mut impl Write,
) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let mut number = || arguments.next().and_then(|text| text.parse::<u64>().ok());
    let (Some(cpu_seconds), Some(memory_bytes)) = (number(), number()) else {
        return usage();
    };
    let mut flag = || arguments.next().and_then(|text| text.parse::<bool>().ok());
    let (Some(wide), Some(fuel)) = (flag(), flag()) else {
        return usage();
    };
    match run(cpu_seconds, memory_bytes, Target { wide, fuel }, input, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compiling failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("this verb is for the host itself: CPU_SECONDS MEMORY_BYTES WIDE FUEL, a component on stdin");
    ExitCode::from(64)
}

fn run(
    cpu_seconds: u64,
    memory_bytes: u64,
    target: Target,
    input: &mut impl Read,
    output: &mut impl Write,
) -> std::io::Result<()> {
    limit(Resource::Core, 0, 0)?;
    // It writes to a pipe only.
    limit(Resource::Fsize, 0, 0)?;
    // SIGXCPU at the soft limit, SIGKILL a second later.
    limit(Resource::Cpu, cpu_seconds, cpu_seconds.saturating_add(1))?;
    limit(Resource::As, memory_bytes, memory_bytes)?;
    let mut component = Vec::new();
    input.read_to_end(&mut component)?;
    match compile(&component, target) {
        Ok(code) => {
            output.write_all(&[COMPILED])?;
            output.write_all(&code)?;
        }
        Err(ComponentError::Invalid(message)) => {
            output.write_all(&[INVALID])?;
            output.write_all(message.as_bytes())?;
        }
        Err(error) => return Err(std::io::Error::other(error.to_string())),
    }
    output.flush()
}

fn limit(resource: Resource, soft: u64, hard: u64) -> std::io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })?)
}
