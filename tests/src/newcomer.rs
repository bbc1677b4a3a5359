//! A newcomer: runs what the end of `make run` runs, reads the terminal, and copies what it says.

use crate::api::eventually;
use crate::environment;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A start compiles every bundled plugin; a loaded machine takes its time for that.
const PATIENCE: Duration = Duration::from_secs(180);
/// The line before the last one of the greeting.
const LAST_OFFER: &str = "or, with live phases:";

/// The repository.
///
/// # Panics
/// Never: this package is one folder below it.
#[must_use]
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository")
}

/// What a person's shell has, and no setting of Skep: neither keys nor a configuration.
#[must_use]
pub fn bare(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    for variable in ["PATH", "HOME", "TMPDIR", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = std::env::var_os(variable) {
            command.env(variable, value);
        }
    }
    command
}

/// Type a command into a shell.
///
/// # Panics
/// When there is no shell.
#[must_use]
pub fn shell(command: &str, folder: &Path) -> Output {
    bare("sh", folder).args(["-c", command]).output().expect("sh can be started")
}

/// Whether `script` can give a command a terminal here; in a chroot or container without `/dev/pts` it cannot. Said aloud, since nothing is
/// shown then.
#[must_use]
pub fn has_terminals() -> bool {
    let has = std::fs::OpenOptions::new().read(true).write(true).open("/dev/ptmx").is_ok();
    if !has {
        eprintln!("this machine has no pseudo terminals: what a terminal shows is not looked at");
    }
    has
}

/// A host that runs in the newcomer's terminal. Killed when dropped.
#[derive(Debug)]
pub struct Newcomer {
    child: Child,
    screen: Arc<Mutex<Vec<String>>>,
    /// What it writes to stderr.
    pub log: PathBuf,
}

impl Newcomer {
    /// Start `scripts/up.sh` on `folder/data` in `folder`, with these variables, and wait for its greeting.
    ///
    /// # Panics
    /// When there is no greeting.
    pub async fn start(folder: &Path, variables: &[(&str, String)]) -> Self {
        let log = folder.join("stderr.log");
        let mut command = bare(repository().join("scripts/up.sh"), folder);
        command
            .args(["--listen", "127.0.0.1:0"])
            .env("SKEP_BUILD_HOST", environment::path("SKEP_TEST_BIN"))
            .env("SKEP_BUILD_COMPONENTS", environment::path("SKEP_TEST_COMPONENTS"))
            .envs(variables.iter().map(|(name, value)| (*name, value)))
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).expect("the log can be made"));
        let mut child = command.spawn().expect("scripts/up.sh can be started");
        let screen = Arc::new(Mutex::new(Vec::new()));
        let stdout = child.stdout.take().expect("stdout is piped");
        let lines = Arc::clone(&screen);
        // Ends with the process.
        std::thread::spawn(move || {
            use std::io::BufRead as _;
            for line in std::io::BufReader::new(stdout).lines().map_while(Result::ok) {
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        let mut newcomer = Self { child, screen, log };
        let greeted = eventually(PATIENCE, async || {
            let ended = newcomer.child.try_wait().ok().flatten().is_some();
            let offered = newcomer.after(LAST_OFFER).is_some();
            (ended || offered).then_some(offered)
        });
        assert_eq!(greeted.await, Some(true), "no greeting:\n{}\n{}", newcomer.printed(), newcomer.logged());
        newcomer
    }

    /// Everything on the screen.
    #[must_use]
    pub fn printed(&self) -> String {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Everything on stderr.
    #[must_use]
    pub fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The address of the greeting.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn url(&self) -> String {
        let printed = self.printed();
        let words = printed.split_whitespace().find(|word| word.starts_with("http://"));
        words.expect("the greeting says the address").to_owned()
    }

    /// The admin key, when the greeting shows it.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        let printed = self.printed();
        let line = printed.lines().find_map(|line| line.trim().strip_prefix("admin key"))?;
        let mut words = line.split_whitespace();
        // Otherwise it is a sentence that says where the key is.
        words.next().filter(|_| words.next().is_none()).map(str::to_owned)
    }

    /// The `curl` to copy.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn curl(&self) -> String {
        let printed = self.printed();
        let mut lines = printed.lines().skip_while(|line| !line.trim().starts_with("curl "));
        let mut command = String::new();
        loop {
            let line = lines.next().expect("the greeting offers a curl");
            command.push_str(line);
            command.push('\n');
            if !line.ends_with('\\') {
                return command;
            }
        }
    }

    /// The `skep task … --watch` to copy.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn watch(&self) -> String {
        self.after(LAST_OFFER).expect("the greeting offers a task to watch")
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor time of the host and its children until now, those that ended included. It does not depend on what else the machine does.
    #[must_use]
    pub fn processor_time(&self) -> Duration {
        let own = self.child.id().to_string();
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ticks = processes.filter_map(|process| {
            let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
            // The name, which stands in brackets, may hold anything.
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            let of_host = process.file_name() == own.as_str();
            (of_host || fields.get(1) == Some(&own.as_str())).then(|| {
                let times = fields.iter().skip(11).take(if of_host { 4 } else { 2 });
                times.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>()
            })
        });
        // Linux tells processes' times in hundredths of a second on every machine.
        Duration::from_millis(10 * ticks.sum::<u64>())
    }

    fn after(&self, heading: &str) -> Option<String> {
        let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = screen.iter().skip_while(|line| line.trim() != heading).skip(1);
        lines.find(|line| !line.trim().is_empty()).cloned()
    }
}

impl Drop for Newcomer {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
