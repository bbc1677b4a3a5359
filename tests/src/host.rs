//! The real binary as a process of its own: started, killed, stopped, continued.

use crate::api::Api;
use crate::environment;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How a host is started.
#[derive(Debug, Clone)]
pub struct HostSpec {
    /// `SKEP_DATA_DIR`.
    pub data_dir: PathBuf,
    /// Further `SKEP_*` variables.
    pub variables: BTreeMap<String, String>,
    /// Further arguments of `skep serve`.
    pub arguments: Vec<String>,
}

/// The key that every host of the tests has.
pub const ADMIN_KEY: &str = "test-admin-key-which-is-long-enough";

impl HostSpec {
    /// A host on a data directory, on a free port, with quick leases.
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        let mut spec =
            Self { data_dir: data_dir.to_owned(), variables: BTreeMap::new(), arguments: Vec::new() };
        spec =
            spec.set("SKEP_ADMIN_KEY", ADMIN_KEY).set("SKEP_LISTEN", "127.0.0.1:0").set("SKEP_LOG", "warn");
        // No provider: a test that needs a model says which.
        spec.set("SKEP_MODELS", "core = { url = \"http://127.0.0.1:9/v1\", model = \"none\" }")
    }

    /// With a variable.
    #[must_use]
    pub fn set(mut self, variable: &str, value: impl Into<String>) -> Self {
        self.variables.insert(variable.to_owned(), value.into());
        self
    }

    /// With these component folders and everything in them granted (their `policy.toml`), and these egress addresses allowed.
    #[must_use]
    pub fn components(self, folders: &[PathBuf], allow: &[String]) -> Self {
        let policy = self.data_dir.join("test-policy.toml");
        std::fs::create_dir_all(&self.data_dir).expect("the data directory can be made");
        let allowed: Vec<String> = allow.iter().map(|address| format!("{address:?}")).collect();
        std::fs::write(
            &policy,
            format!("[egress]\nallow = [{}]\n\n[source]\nallow_file = true\n", allowed.join(", ")),
        )
        .expect("the policy can be written");
        let join = |paths: Vec<String>| paths.join(":");
        let directories = join(folders.iter().map(|folder| folder.display().to_string()).collect());
        let mut policies = vec![policy.display().to_string()];
        policies.extend(
            folders
                .iter()
                .map(|folder| folder.join("policy.toml"))
                .filter(|file| file.is_file())
                .map(|file| file.display().to_string()),
        );
        self.set("SKEP_PLUGIN_DIR", directories).set("SKEP_POLICY", join(policies))
    }

    /// Start it and wait until it answers.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(&self) -> HostProcess {
        self.try_start().unwrap_or_else(|output| panic!("the host did not start: {output}"))
    }

    /// Start it and wait until it answers, or give what it printed when it ended instead.
    ///
    /// # Errors
    /// What a host printed that ended.
    pub fn try_start(&self) -> Result<HostProcess, String> {
        self.start_or_end().map_err(|ended| ended.printed)
    }

    /// Start it and wait until it answers, or learn how it ended instead.
    ///
    /// # Errors
    /// Its end.
    ///
    /// # Panics
    /// When the binary or the data directory cannot be used at all.
    pub fn start_or_end(&self) -> Result<HostProcess, EndedStart> {
        let mut command = Command::new(environment::path("SKEP_TEST_BIN"));
        command
            .arg("serve")
            .arg("--json")
            .args(&self.arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        for variable in ["PATH", "HOME", "TMPDIR", "SSL_CERT_FILE"] {
            if let Some(value) = std::env::var_os(variable) {
                command.env(variable, value);
            }
        }
        std::fs::create_dir_all(&self.data_dir).expect("the data directory can be made");
        let log = self.data_dir.join("test-host.log");
        let stderr =
            std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("the log can be opened");
        command.env("SKEP_DATA_DIR", &self.data_dir).envs(&self.variables).stderr(stderr);
        let mut child = command.spawn().expect("the binary can be started");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("stdout can be read");
        // A host that starts says its URL in its first line; one that does not says why, in JSON too.
        let started: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        let Some(url) = started.get("url").and_then(serde_json::Value::as_str).map(str::to_owned) else {
            let status = child.wait().expect("the host can be waited for");
            let mut rest = line;
            stdout.read_to_string(&mut rest).expect("stdout can be read");
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            return Err(EndedStart { status, printed: format!("{rest}\n{log}") });
        };
        Ok(HostProcess { child, _stdout: stdout, url, log })
    }
}

/// A host that ended before it said its URL.
#[derive(Debug)]
pub struct EndedStart {
    /// How.
    pub status: ExitStatus,
    /// stdout, and the log of all starts on the data directory.
    pub printed: String,
}

/// Whether a process died as `kill -9` or a kill point ends one, and not by an error of its own.
#[must_use]
pub fn was_killed(status: ExitStatus) -> bool {
    [Signal::ABORT, Signal::KILL].iter().any(|signal| status.signal() == Some(signal.as_raw()))
}

/// A host that runs. Killed when dropped.
#[derive(Debug)]
pub struct HostProcess {
    child: Child,
    /// Kept open: a host that prints to a closed pipe would end.
    _stdout: BufReader<ChildStdout>,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// Its stderr, of all starts on the data directory.
    pub log: PathBuf,
}

impl HostProcess {
    /// A client with the admin key.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(&self.url, ADMIN_KEY)
    }

    /// `kill -9`, and wait until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("the host can be killed");
        self.child.wait().expect("the host can be waited for");
    }

    /// SIGTERM, and wait for a clean end.
    ///
    /// # Panics
    /// When it does not end well.
    pub fn terminate(&mut self) {
        self.signal(Signal::TERM);
        let status = self.child.wait().expect("the host can be waited for");
        assert!(status.success(), "the host ended with {status}");
    }

    /// SIGSTOP: it stands still, as in a long pause of its machine.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Whether it stands still.
    ///
    /// # Panics
    /// When the system does not say.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        let look = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(self.pid()), look).expect("the host can be waited for");
        status.is_some_and(|status| status.stopped())
    }

    /// Its log, of all starts on the data directory.
    #[must_use]
    pub fn printed(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Lines of its log that are JSON (`SKEP_LOG_FORMAT=json`), of all starts on the data directory.
    #[must_use]
    pub fn records(&self) -> Vec<serde_json::Value> {
        self.printed().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// How it ended, if it has.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the host can be waited for")
    }

    /// Wait until it ends by itself: how it did; none when it does not in time.
    pub async fn ends_within(&mut self, time: Duration) -> Option<ExitStatus> {
        crate::api::eventually(time, async || self.has_ended()).await
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the host can be signalled");
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id")).expect("a process id")
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
