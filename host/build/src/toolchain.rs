//! Which toolchain compiles for `wasm32-unknown-unknown`.
//!
//! Tried in this order: the target as installed for the active `rustc`; `rustup target add`; the newer toolchain that Debian
//! has beside its own (`rustc-web` with the library's sources, from which cargo then builds `std`); the same after
//! installing it, where that is allowed. The last two serve machines whose rustup cannot download.

mod machine;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::Event;
use machine::{Host, Machine};

/// The target of every Rust guest: no system interface at all, the most closed component.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the target where rustup can download it.
pub const ADD_TARGET: &str = "rustup target add wasm32-unknown-unknown";

/// Installs Debian's toolchain; `lld-22` is its linker, and of use only where rustup's own is missing.
pub const INSTALL_DEBIAN: &str = "apt-get install -y --no-install-recommends rustc-web rust-web-src lld-22";

/// Left in the target directory when Debian's toolchain was taken because rustup could not download, so that the next build
/// does not wait for the network again.
const REMEMBERED: &str = ".toolchain-debian";

/// Which toolchain the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The first that works.
    #[default]
    Automatic,
    /// Only the target as it is installed.
    Target,
    /// The target, added by rustup when it is missing.
    Rustup,
    /// Debian's toolchain, installed when it is missing and that is allowed.
    Debian,
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Automatic),
            "target" => Ok(Self::Target),
            "rustup" => Ok(Self::Rustup),
            "debian" => Ok(Self::Debian),
            other => Err(format!("`{other}` is no toolchain; use auto, target, rustup or debian")),
        }
    }
}

/// A toolchain that was found to work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    /// The active `rustc` has the target.
    Target {
        /// Whether rustup added it just now.
        added: bool,
    },
    /// Debian's compiler builds `std` from its sources too.
    Debian {
        /// The compiler.
        rustc: PathBuf,
        /// Its version, such as `1.96.0`.
        version: String,
        /// An LLD that links WebAssembly.
        linker: PathBuf,
    },
}

impl fmt::Display for Toolchain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target { added: false } => write!(formatter, "the installed target {TARGET}"),
            Self::Target { added: true } => {
                write!(formatter, "the target {TARGET}, which rustup has just added")
            }
            Self::Debian { rustc, version, .. } => {
                write!(formatter, "{} {version} with std built from Debian's sources", rustc.display())
            }
        }
    }
}

/// No toolchain works.
#[derive(Debug, thiserror::Error)]
#[error("nothing here compiles for {TARGET} ({}); run `{fix}` and build again", .tried.join("; "))]
pub struct ToolchainError {
    /// What was tried and why each did not work.
    pub tried: Vec<String>,
    /// The command that mends it.
    pub fix: String,
}

/// Finds a toolchain for a workspace; its folder matters, since `rust-toolchain.toml` may be in it.
pub fn find(
    choice: Choice,
    workspace: &Path,
    target_directory: &Path,
    report: &mut dyn FnMut(Event),
) -> Result<Toolchain, ToolchainError> {
    let host = Host { workspace, remembered: target_directory.join(REMEMBERED) };
    let toolchain = choose(choice, &host, report)?;
    report(Event::Chosen { toolchain: toolchain.clone() });
    Ok(toolchain)
}

fn choose(
    choice: Choice,
    machine: &dyn Machine,
    report: &mut dyn FnMut(Event),
) -> Result<Toolchain, ToolchainError> {
    let mut tried = Vec::new();
    let mut skip = |reason: String, report: &mut dyn FnMut(Event)| {
        report(Event::Skipped { reason: reason.clone() });
        tried.push(reason);
    };
    if choice != Choice::Debian {
        match machine.target() {
            Ok(()) => return Ok(Toolchain::Target { added: false }),
            Err(reason) => skip(reason, report),
        }
    }
    if choice == Choice::Automatic
        && machine.remembers_debian()
        && let Ok(toolchain) = machine.debian()
    {
        return Ok(toolchain);
    }
    if matches!(choice, Choice::Automatic | Choice::Rustup) {
        match machine.add_target(report).and_then(|()| machine.target()) {
            Ok(()) => return Ok(Toolchain::Target { added: true }),
            Err(reason) => skip(reason, report),
        }
    }
    if matches!(choice, Choice::Automatic | Choice::Debian) {
        match machine.debian() {
            Ok(toolchain) => {
                machine.remember_debian();
                return Ok(toolchain);
            }
            Err(reason) => skip(reason, report),
        }
        match machine.install_debian(report).and_then(|()| machine.debian()) {
            Ok(toolchain) => {
                machine.remember_debian();
                return Ok(toolchain);
            }
            Err(reason) => skip(reason, report),
        }
    }
    let fix = match choice {
        Choice::Debian => format!("sudo {INSTALL_DEBIAN}"),
        Choice::Automatic if machine.has_apt() => {
            format!("{ADD_TARGET}`, or where Rust's downloads are out of reach `sudo {INSTALL_DEBIAN}")
        }
        _ => ADD_TARGET.to_owned(),
    };
    Err(ToolchainError { tried, fix })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::cell::{Cell, RefCell};

    /// A machine on which only the named things work.
    #[derive(Default)]
    struct Pretended {
        target: Cell<bool>,
        downloads: bool,
        debian: Cell<bool>,
        apt: bool,
        root: bool,
        remembers: Cell<bool>,
        asked: RefCell<Vec<&'static str>>,
    }

    impl Machine for Pretended {
        fn target(&self) -> Result<(), String> {
            self.target.get().then_some(()).ok_or_else(|| "no target".to_owned())
        }
        fn add_target(&self, _report: &mut dyn FnMut(Event)) -> Result<(), String> {
            self.asked.borrow_mut().push("rustup");
            self.target.set(self.downloads);
            self.downloads.then_some(()).ok_or_else(|| "no download".to_owned())
        }
        fn debian(&self) -> Result<Toolchain, String> {
            let toolchain = Toolchain::Debian {
                rustc: "/usr/bin/rustc".into(),
                version: "1.96.0".into(),
                linker: "rust-lld".into(),
            };
            self.debian.get().then_some(toolchain).ok_or_else(|| "no debian".to_owned())
        }
        fn install_debian(&self, _report: &mut dyn FnMut(Event)) -> Result<(), String> {
            self.asked.borrow_mut().push("apt");
            self.debian.set(self.apt && self.root);
            self.debian.get().then_some(()).ok_or_else(|| "not root".to_owned())
        }
        fn has_apt(&self) -> bool {
            self.apt
        }
        fn remembers_debian(&self) -> bool {
            self.remembers.get()
        }
        fn remember_debian(&self) {
            self.remembers.set(true);
        }
    }

    fn taken(choice: Choice, machine: &Pretended) -> Result<&'static str, String> {
        match choose(choice, machine, &mut |_| {}) {
            Ok(Toolchain::Target { added: false }) => Ok("target"),
            Ok(Toolchain::Target { added: true }) => Ok("rustup"),
            Ok(Toolchain::Debian { .. }) => Ok("debian"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_installed_target_is_taken_first_and_nothing_is_asked() {
        let machine =
            Pretended { target: true.into(), debian: true.into(), downloads: true, ..Default::default() };
        assert_eq!(taken(Choice::Automatic, &machine).unwrap(), "target");
        assert!(machine.asked.borrow().is_empty());
    }

    #[test]
    fn rustup_comes_before_debian_and_debian_before_installing_it() {
        let both = Pretended { downloads: true, debian: true.into(), ..Default::default() };
        assert_eq!(taken(Choice::Automatic, &both).unwrap(), "rustup");
        let present = Pretended { debian: true.into(), apt: true, root: true, ..Default::default() };
        assert_eq!(taken(Choice::Automatic, &present).unwrap(), "debian");
        assert_eq!(*present.asked.borrow(), ["rustup"], "apt is not asked for what is there");
        let bare = Pretended { apt: true, root: true, ..Default::default() };
        assert_eq!(taken(Choice::Automatic, &bare).unwrap(), "debian");
        assert_eq!(*bare.asked.borrow(), ["rustup", "apt"]);
    }

    #[test]
    fn a_failed_download_is_not_tried_again_where_debian_served() {
        let machine = Pretended { debian: true.into(), ..Default::default() };
        assert_eq!(taken(Choice::Automatic, &machine).unwrap(), "debian");
        assert_eq!(taken(Choice::Automatic, &machine).unwrap(), "debian");
        assert_eq!(*machine.asked.borrow(), ["rustup"], "asked once, not twice");
    }

    #[test]
    fn a_forced_toolchain_is_the_only_one_tried() {
        let machine = Pretended { target: true.into(), debian: true.into(), ..Default::default() };
        assert_eq!(taken(Choice::Debian, &machine).unwrap(), "debian");
        let machine = Pretended { debian: true.into(), apt: true, root: true, ..Default::default() };
        assert!(taken(Choice::Target, &machine).is_err());
        assert!(taken(Choice::Rustup, &machine).is_err());
        assert_eq!(*machine.asked.borrow(), ["rustup"]);
    }

    #[test]
    fn the_error_tells_what_was_tried_and_ends_with_the_command() {
        let machine = Pretended { apt: true, ..Default::default() };
        let error = taken(Choice::Automatic, &machine).unwrap_err();
        for part in ["no target; no download; no debian; not root", ADD_TARGET, "sudo apt-get install"] {
            assert!(error.contains(part), "{error}");
        }
        let error = taken(Choice::Automatic, &Pretended::default()).unwrap_err();
        assert!(error.contains(ADD_TARGET) && !error.contains("apt-get"), "{error}");
    }

    #[test]
    fn choices_have_four_names() {
        assert_eq!("debian".parse(), Ok(Choice::Debian));
        assert!("nix".parse::<Choice>().unwrap_err().contains("auto, target, rustup or debian"));
    }
}
