//! From bytes to a compiled component. An unknown component is compiled in a child process under limits of processor time, memory and
//! wall time: a compiler bomb, or a fault of the compiler, ends a child and not the host.

pub(crate) mod child;

use crate::cache::deserialize_trusted;
use crate::engine::Target;
use crate::options::{CompileLimits, Compiler};
use app::ports::components::ComponentError;
use bytes::Bytes;
use child::Verdict;
use rustix::process::Signal;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Compilations at once: each may take all cores and its whole memory limit.
const AT_ONCE: usize = 2;
/// Largest compiled code: an interpreter of Python makes 60 MB.
const CODE_LIMIT: u64 = 512 << 20;
/// Of a child's stderr, for the log.
const STDERR_LIMIT: u64 = 4096;

/// Compiles, a few at a time.
pub(crate) struct Compilation {
    compiler: Compiler,
    limits: CompileLimits,
    target: Target,
    slots: Semaphore,
}

impl Compilation {
    pub(crate) fn new(compiler: Compiler, limits: CompileLimits, target: Target) -> Self {
        Self { compiler, limits, target, slots: Semaphore::new(AT_ONCE) }
    }

    /// Machine code of a component.
    ///
    /// # Errors
    /// [`ComponentError::Invalid`] or [`ComponentError::CompileLimit`].
    pub(crate) async fn compile(&self, component: Bytes) -> Result<Vec<u8>, ComponentError> {
        let _slot =
            self.slots.acquire().await.map_err(|error| ComponentError::Internal(error.to_string()))?;
        match &self.compiler {
            Compiler::InProcess => {
                let target = self.target;
                let work = tokio::task::spawn_blocking(move || child::compile(&component, target));
                work.await
                    .map_err(|error| ComponentError::CompileLimit(format!("the compiler died: {error}")))?
            }
            Compiler::Child { command, arguments } => self.in_child(command, arguments, &component).await,
        }
    }

    async fn in_child(
        &self,
        command: &Path,
        arguments: &[OsString],
        component: &[u8],
    ) -> Result<Vec<u8>, ComponentError> {
        let internal = |what: &str, error: std::io::Error| {
            ComponentError::Internal(format!("{what} the compiler {}: {error}", command.display()))
        };
        let mut child = tokio::process::Command::new(command)
            .args(arguments)
            .args(child::arguments(self.target, &self.limits))
            .env_clear()
            // glibc reserves 64 MiB of address space for each thread's arena: two are enough and leave the limit to the work.
            .env("MALLOC_ARENA_MAX", "2")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| internal("cannot start", error))?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut input), Some(output), Some(errors)) = (input, output, errors) else {
            return Err(ComponentError::Internal("the compiler has no pipes".to_owned()));
        };
        let talk = async {
            let mut code = Vec::new();
            let mut messages = Vec::new();
            let send = async {
                // A child that died does not read: its exit says why.
                let _ = input.write_all(component).await;
                drop(input);
            };
            let (mut output, mut errors) = (output.take(CODE_LIMIT + 1), errors.take(STDERR_LIMIT));
            let (_, read, _) =
                tokio::join!(send, output.read_to_end(&mut code), errors.read_to_end(&mut messages));
            read.map_err(|error| internal("cannot read from", error))?;
            // Closed before waiting: a child with more to say gets SIGPIPE instead of waiting for us.
            drop((output, errors));
            let status = child.wait().await.map_err(|error| internal("cannot wait for", error))?;
            Ok::<_, ComponentError>((code, messages, status))
        };
        let (code, messages, status) =
            tokio::time::timeout(self.limits.wall, talk).await.map_err(|_| {
                // Its processor time is limited by itself: what took so long is the machine, and another time may do.
                let seconds = self.limits.wall.as_secs();
                ComponentError::Internal(format!(
                    "compiling took longer than {seconds} s; this machine is busy"
                ))
            })??;
        if code.len() as u64 > CODE_LIMIT {
            return Err(ComponentError::CompileLimit(format!("its code is larger than {CODE_LIMIT} bytes")));
        }
        if status.success() {
            return child::parse(code).map_err(|verdict| match verdict {
                Verdict::Invalid(text) => ComponentError::Invalid(text),
                Verdict::Torn => ComponentError::Internal("the compiler's answer is torn".to_owned()),
            });
        }
        let messages = String::from_utf8_lossy(&messages).trim().to_owned();
        tracing::info!(%status, messages, "compiling was stopped");
        if status.signal() == Some(Signal::KILL.as_raw()) {
            // None of our limits: the system ran out of memory, or somebody killed it.
            return Err(ComponentError::Internal("the compiler was killed from outside".to_owned()));
        }
        Err(ComponentError::CompileLimit(self.death(status.signal(), &messages)))
    }

    fn death(&self, signal: Option<i32>, messages: &str) -> String {
        let CompileLimits { cpu_seconds, memory_bytes, .. } = self.limits;
        // Without this signal: an abort of the allocator, or the system's own out-of-memory killer.
        if signal == Some(Signal::XCPU.as_raw()) {
            return format!("it took more than {cpu_seconds} s of processor time");
        }
        let last =
            domain::effect::bounded(messages.lines().next_back().unwrap_or("no message").to_owned(), 200);
        format!("the compiler died, most likely at its memory limit of {memory_bytes} bytes ({last})")
    }
}

/// Load code that [`Compilation::compile`] just made.
///
/// # Errors
/// [`ComponentError::Invalid`] when it does not fit the engine, such as more memory than the pool has.
pub(crate) fn load(engine: &Engine, code: &[u8]) -> Result<Component, ComponentError> {
    deserialize_trusted(engine, code).map_err(|error| ComponentError::Invalid(format!("{error:#}")))
}
