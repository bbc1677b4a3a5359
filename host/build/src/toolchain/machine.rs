//! What the real machine has: the questions behind the order in `toolchain.rs`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{ADD_TARGET, INSTALL_DEBIAN, TARGET, Toolchain};
use crate::Event;

/// Debian installs its toolchain here, whatever is first in `PATH`.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// The sources that `-Zbuild-std` compiles.
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/Cargo.lock";
/// Linkers that know WebAssembly, besides the one that rustup brings. `gcc-ld/wasm-ld` is not among them: it rejects `-flavor`.
const DEBIAN_LINKERS: [&str; 3] = ["/usr/bin/rust-lld", "/usr/bin/wasm-ld-22", "/usr/bin/wasm-ld"];

/// One question or deed for each way to a toolchain. Errors say why it does not work, as a fragment.
pub(super) trait Machine {
    fn target(&self) -> Result<(), String>;
    fn add_target(&self, report: &mut dyn FnMut(Event)) -> Result<(), String>;
    fn debian(&self) -> Result<Toolchain, String>;
    fn install_debian(&self, report: &mut dyn FnMut(Event)) -> Result<(), String>;
    fn has_apt(&self) -> bool;
    fn remembers_debian(&self) -> bool;
    fn remember_debian(&self);
}

/// The machine that this runs on.
pub(super) struct Host<'a> {
    pub(super) workspace: &'a Path,
    pub(super) remembered: PathBuf,
}

impl Host<'_> {
    fn rustc(&self, arguments: &[&str]) -> Result<String, String> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(rustc);
        command.args(arguments).current_dir(self.workspace);
        output(command)
    }

    fn linker(&self) -> Option<PathBuf> {
        let of_rustup = self.rustc(&["--print", "sysroot"]).ok().and_then(|sysroot| {
            let host = self.rustc(&["-vV"]).ok()?;
            let triple = host.lines().find_map(|line| line.strip_prefix("host: "))?;
            Some(PathBuf::from(sysroot).join("lib/rustlib").join(triple).join("bin/rust-lld"))
        });
        of_rustup.into_iter().chain(DEBIAN_LINKERS.map(PathBuf::from)).find(|linker| linker.is_file())
    }
}

impl Machine for Host<'_> {
    fn target(&self) -> Result<(), String> {
        let directory = self.rustc(&["--print", "target-libdir", "--target", TARGET])?;
        let installed = std::fs::read_dir(&directory)
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"));
        installed.then_some(()).ok_or_else(|| format!("the active rustc has no {TARGET}"))
    }

    fn add_target(&self, report: &mut dyn FnMut(Event)) -> Result<(), String> {
        let mut words = ADD_TARGET.split(' ');
        let mut command = Command::new(words.next().unwrap_or("rustup"));
        command.args(words).current_dir(self.workspace);
        report(Event::Installing { command: ADD_TARGET.to_owned() });
        output(command).map(drop)
    }

    fn debian(&self) -> Result<Toolchain, String> {
        if !Path::new(DEBIAN_SOURCES).is_file() {
            return Err("Debian's newer toolchain (rustc-web, rust-web-src) is not installed".into());
        }
        let mut command = Command::new(DEBIAN_RUSTC);
        command.arg("-V");
        let text = output(command)?;
        let version = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let enough = semver::Version::parse(&version).is_ok_and(|version| {
            (version.major, version.minor) >= oldest().unwrap_or((version.major, version.minor))
        });
        if !enough {
            return Err(format!("{DEBIAN_RUSTC} is {version}, {} is needed", env!("CARGO_PKG_RUST_VERSION")));
        }
        let linker = self.linker().ok_or("there is no linker for WebAssembly (rust-lld or lld-22)")?;
        Ok(Toolchain::Debian { rustc: DEBIAN_RUSTC.into(), version, linker })
    }

    fn install_debian(&self, report: &mut dyn FnMut(Event)) -> Result<(), String> {
        if !self.has_apt() {
            return Err("this is not Debian (no apt-get)".into());
        }
        if !is_root() {
            return Err("only root may install Debian's toolchain".into());
        }
        for line in ["apt-get update", INSTALL_DEBIAN] {
            report(Event::Installing { command: line.to_owned() });
            let mut words = line.split(' ');
            let mut command = Command::new(words.next().unwrap_or("apt-get"));
            command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
            output(command)?;
        }
        Ok(())
    }

    fn has_apt(&self) -> bool {
        Path::new("/usr/bin/apt-get").is_file()
    }

    fn remembers_debian(&self) -> bool {
        self.remembered.is_file()
    }

    fn remember_debian(&self) {
        // Only saves time; a folder that cannot be written is reported by cargo in its own words.
        let made = self.remembered.parent().is_some_and(|folder| std::fs::create_dir_all(folder).is_ok());
        if made {
            let _ = std::fs::write(
                &self.remembered,
                "rustup could not download the target; delete this file to try again\n",
            );
        }
    }
}

fn oldest() -> Option<(u64, u64)> {
    let (major, rest) = env!("CARGO_PKG_RUST_VERSION").split_once('.')?;
    Some((major.parse().ok()?, rest.split('.').next()?.parse().ok()?))
}

/// Effective user 0, read where Linux says it; elsewhere nothing is ever installed.
fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let user = status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .and_then(|ids| ids.split_whitespace().nth(1));
    user == Some("0")
}

/// Runs a command without input and answers its output, or the last line of its complaint.
fn output(mut command: Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("cannot start `{name}`: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = complaint.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no message");
    Err(format!("`{name}` failed: {last}"))
}
