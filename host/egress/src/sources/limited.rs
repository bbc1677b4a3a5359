//! A program under limits: git unpacks what strangers packed.
//!
//! The host's hidden verb limits its own process and becomes the program, so no process of it ever runs without the limits. Each leads
//! a process group, which is killed as one when whoever waits for it gives up.

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, setrlimit};
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::process::{Child, Command};

/// How the verb says that there is no such program; what shells use for it.
const NOT_FOUND: u8 = 127;

/// What each process of the program may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Processor time.
    pub cpu_seconds: u64,
    /// Address space.
    pub memory_bytes: u64,
    /// Bytes of one file that it writes.
    pub file_bytes: u64,
}

impl Default for Limits {
    /// Git unpacks an object and the one that it differs from in memory, and keeps up to 96 MiB of others.
    fn default() -> Self {
        Self { cpu_seconds: 60, memory_bytes: 512 << 20, file_bytes: 256 << 20 }
    }
}

/// How to start a program under limits: a command that ends in [`limit_program`], the host's own executable with a hidden verb.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// The executable.
    pub command: PathBuf,
    /// The verb.
    pub arguments: Vec<OsString>,
}

impl Launcher {
    /// The program, as the leader of a group, with the environment that the caller sets.
    pub(super) fn command(&self, limits: &Limits, program: &Path) -> Command {
        let numbers = [limits.cpu_seconds, limits.memory_bytes, limits.file_bytes];
        let mut command = Command::new(&self.command);
        command.args(&self.arguments).args(numbers.map(|number| number.to_string())).arg(program);
        command.process_group(0).kill_on_drop(true);
        command
    }
}

/// A process that was started by a [`Launcher`]; all of its group are killed when this is dropped before it has ended.
pub(super) struct Group(pub(super) Child);

impl Drop for Group {
    fn drop(&mut self) {
        // None once it was waited for: the number may belong to somebody else by now.
        let leader = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(leader) = leader
            && let Err(error) = kill_process_group(leader, Signal::KILL)
        {
            tracing::warn!(%error, "the processes of a git source could not be killed");
        }
    }
}

/// Whether this is how the launcher ends when the program is not there.
pub(super) fn is_not_found(status: std::process::ExitStatus) -> bool {
    status.code() == Some(NOT_FOUND.into())
}

/// The hidden verb: limit this process and become the program. `arguments` are those after the verb. Comes back only when that failed.
#[must_use]
pub fn limit_program(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let mut number = || arguments.next()?.to_str()?.parse::<u64>().ok();
    let (Some(cpu_seconds), Some(memory_bytes), Some(file_bytes)) = (number(), number(), number()) else {
        return usage();
    };
    let Some(program) = arguments.next() else { return usage() };
    let limits = Limits { cpu_seconds, memory_bytes, file_bytes };
    let error = match limit(&limits) {
        Ok(()) => std::process::Command::new(&program).args(arguments).exec(),
        Err(error) => error,
    };
    eprintln!("{} could not be started under limits: {error}", program.display());
    ExitCode::from(if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { 126 })
}

fn usage() -> ExitCode {
    eprintln!("this verb is for the host itself: CPU_SECONDS MEMORY_BYTES FILE_BYTES PROGRAM [ARGUMENT...]");
    ExitCode::from(64)
}

fn limit(limits: &Limits) -> io::Result<()> {
    let set = |resource, soft: u64, hard: u64| {
        setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })
    };
    set(Resource::Core, 0, 0)?;
    set(Resource::Fsize, limits.file_bytes, limits.file_bytes)?;
    // SIGXCPU at the soft limit, SIGKILL a second later.
    set(Resource::Cpu, limits.cpu_seconds, limits.cpu_seconds.saturating_add(1))?;
    Ok(set(Resource::As, limits.memory_bytes, limits.memory_bytes)?)
}
