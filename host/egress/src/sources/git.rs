//! A shallow clone by the system's git, kept from everything that a repository could make it do.
//!
//! The clone is bare and files are read from its objects under the caps, never checked out: no hook, filter, attribute, symbolic link,
//! submodule or LFS object can act. git itself unpacks every object once while it receives them, before the caps can be asked, and a
//! few kilobytes may ask for gigabytes: so it runs under [`super::limited`], and what needs more is refused. git reaches the network
//! only through [`super::proxy`], with an environment and a configuration that are ours.

use super::SourceSettings;
use super::caps::{Caps, Taken};
use super::limited::{Group, Launcher, is_not_found};
use super::proxy::Proxy;
use crate::connect::Names;
use crate::rules::{Rules, shown};
use app::ports::sources::{ClonedSource, SourceFile};
use bytes::Bytes;
use domain::effect::files::check_path;
use domain::effect::{CallError, ErrorKind, bounded};
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use url::Url;

/// Bytes of a listing for each file that the caps allow: a path has at most 1,024, and the mode, type, id and size about 80.
const LISTING_BYTES_PER_FILE: u64 = 1200;
/// What git says when it fails fits in this.
const STDERR_LIMIT: u64 = 16 << 10;

/// Clone the repository and read its files.
pub(super) async fn clone(
    settings: &SourceSettings,
    rules: &Arc<Rules>,
    names: &Arc<dyn Names>,
    url: &Url,
    reference: Option<&str>,
) -> Result<ClonedSource, CallError> {
    if let Some(reference) = reference {
        check_reference(reference)?;
    }
    let other = |error: std::io::Error| {
        CallError::new(ErrorKind::Other, "source", format!("the clone could not be prepared: {error}"))
    };
    let launcher = settings.launcher.as_ref().ok_or_else(|| {
        CallError::new(ErrorKind::Permanent, "source", "this host has nothing that starts git under limits")
    })?;
    let folder = tempfile::tempdir().map_err(other)?;
    let proxy = Proxy::start(rules, names, settings.caps.received_bytes).await.map_err(other)?;
    let git = Git { settings, launcher, folder: folder.path(), proxy: &proxy, url };
    let limit = settings.caps.time;
    match tokio::time::timeout(limit, git.clone(reference)).await {
        Ok(cloned) => cloned,
        Err(_) => {
            let message = format!("the source {} was not cloned within {} s", shown(url), limit.as_secs());
            Err(CallError::new(ErrorKind::Timeout, "source", message))
        }
    }
}

/// A branch or tag, as `git check-ref-format` allows it; most of all not an option.
fn check_reference(reference: &str) -> Result<(), CallError> {
    let plain = |character: char| character.is_alphanumeric() || "-_./+@#=,%".contains(character);
    let valid = !reference.is_empty()
        && reference.len() <= 255
        && !reference.starts_with(['-', '/', '.'])
        && !reference.ends_with(['/', '.'])
        && reference.chars().all(plain)
        && !["..", "//", "@{"].iter().any(|part| reference.contains(part));
    if valid {
        Ok(())
    } else {
        let message = format!(
            "the source's reference {:?} is not a branch or tag name",
            bounded(reference.to_owned(), 100)
        );
        Err(CallError::new(ErrorKind::InvalidInput, "source", message))
    }
}

struct Git<'a> {
    settings: &'a SourceSettings,
    launcher: &'a Launcher,
    folder: &'a Path,
    proxy: &'a Proxy,
    url: &'a Url,
}

impl Git<'_> {
    async fn clone(&self, reference: Option<&str>) -> Result<ClonedSource, CallError> {
        let mut arguments: Vec<OsString> = [
            "clone",
            "--bare",
            "--depth=1",
            "--single-branch",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-local",
            "--quiet",
            "--template=",
        ]
        .map(OsString::from)
        .into();
        arguments.extend(reference.map(|reference| format!("--branch={reference}").into()));
        arguments.extend([OsString::from("--"), self.url.as_str().into(), "repository".into()]);
        self.output(self.command(self.folder, arguments), 4096).await?;

        let repository = self.folder.join("repository");
        let commit =
            self.output(self.command(&repository, ["rev-parse", "--verify", "HEAD^{commit}"]), 4096).await?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let listing_limit = self.settings.caps.files.saturating_add(1).saturating_mul(LISTING_BYTES_PER_FILE);
        let listing = self.command(&repository, ["ls-tree", "-r", "-l", "-z", "--full-tree", &commit]);
        let listed = blobs(&self.output(listing, listing_limit).await?, &self.settings.caps)?;
        let files = self.read(&repository, &listed).await?;
        Ok(ClonedSource { commit, files })
    }

    /// The contents, in one process.
    async fn read(&self, repository: &Path, listed: &[Blob]) -> Result<Vec<SourceFile>, CallError> {
        let mut child =
            self.spawn(self.command(repository, ["cat-file", "--batch", "--buffer"]).stdin(Stdio::piped()))?;
        let broken = |what: &str| self.failed(&format!("its objects could not be read: {what}"));
        let (Some(mut stdin), Some(stdout)) = (child.0.stdin.take(), child.0.stdout.take()) else {
            return Err(broken("git has no pipes"));
        };
        let wanted: String = listed.iter().map(|blob| format!("{}\n", blob.id)).collect();
        let ask = async move {
            stdin.write_all(wanted.as_bytes()).await?;
            stdin.shutdown().await
        };
        let answer = async {
            let mut stdout = BufReader::new(stdout);
            let mut files = Vec::with_capacity(listed.len());
            for blob in listed {
                let mut line = String::new();
                stdout.read_line(&mut line).await?;
                if line.trim_end() != format!("{} blob {}", blob.id, blob.size) {
                    return Err(std::io::Error::other(format!("{} is missing", blob.path)));
                }
                let mut content = vec![0; usize::try_from(blob.size).unwrap_or(0)];
                stdout.read_exact(&mut content).await?;
                stdout.read_u8().await?;
                files.push(SourceFile { path: blob.path.clone(), content: Bytes::from(content) });
            }
            Ok(files)
        };
        let (asked, files) = tokio::join!(ask, answer);
        asked.map_err(|error| broken(&error.to_string()))?;
        let mut files = files.map_err(|error| broken(&error.to_string()))?;
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(files)
    }

    /// What the command writes, at most `limit` bytes.
    async fn output(&self, mut command: Command, limit: u64) -> Result<Vec<u8>, CallError> {
        let mut child = self.spawn(&mut command)?;
        let (mut written, mut said) = (Vec::new(), Vec::new());
        let (Some(stdout), Some(stderr)) = (child.0.stdout.take(), child.0.stderr.take()) else {
            return Err(self.failed("git has no pipes"));
        };
        let read = async {
            let mut stdout = stdout.take(limit.saturating_add(1));
            let mut stderr = stderr.take(STDERR_LIMIT);
            tokio::try_join!(stdout.read_to_end(&mut written), stderr.read_to_end(&mut said))
        };
        read.await.map_err(|error| self.failed(&error.to_string()))?;
        if written.len() as u64 > limit {
            return Err(CallError::new(
                ErrorKind::TooLarge,
                "source",
                format!("the source {} has too many files", shown(self.url)),
            ));
        }
        let status = child.0.wait().await.map_err(|error| self.failed(&error.to_string()))?;
        if status.success() {
            Ok(written)
        } else if is_not_found(status) {
            let git = self.settings.git.display();
            let why = format!("the program {git} is not installed; install git to use git sources");
            Err(CallError::new(ErrorKind::Permanent, "source", why))
        } else {
            // Of a process that a limit ended there is the signal only.
            Err(self.failed(&format!("{}\n{status}", String::from_utf8_lossy(&said))))
        }
    }

    fn spawn(&self, command: &mut Command) -> Result<Group, CallError> {
        command.spawn().map(Group).map_err(|error| {
            let why = format!("git could not be started with {}: {error}", self.launcher.command.display());
            CallError::new(ErrorKind::Permanent, "source", why)
        })
    }

    fn command<Argument: AsRef<std::ffi::OsStr>>(
        &self,
        directory: &Path,
        arguments: impl IntoIterator<Item = Argument>,
    ) -> Command {
        let mut command = self.launcher.command(&self.settings.limits, &self.settings.git);
        command.args(arguments).current_dir(directory).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let allowed = match self.url.scheme() {
            "file" => "file",
            // A redirect may lead to the encrypted form, and never back.
            "http" => "http:https",
            _ => "https",
        };
        command
            .env("HOME", self.folder)
            .env("LC_ALL", "C")
            .env("GIT_ALLOW_PROTOCOL", allowed)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "")
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_CEILING_DIRECTORIES", self.folder);
        if let Some(path) = &self.settings.search_path {
            command.env("PATH", path);
        }
        if let Some(certificates) = &self.settings.certificates {
            command.env("GIT_SSL_CAINFO", certificates);
        }
        // In the environment and not on the command line, where every account of the machine could read the proxy's credential.
        let configuration = [
            ("http.proxy", self.proxy.url()),
            ("http.proxyAuthMethod", "basic".to_owned()),
            // A renamed repository answers 301 to the first request. The proxy judges where that leads, as it judges each connection.
            ("http.followRedirects", "initial".to_owned()),
            ("credential.helper", String::new()),
            ("core.hooksPath", "/dev/null".to_owned()),
            ("core.symlinks", "false".to_owned()),
            ("core.fsmonitor", "false".to_owned()),
            ("core.bigFileThreshold", "16m".to_owned()),
            ("submodule.recurse", "false".to_owned()),
            ("fetch.fsckObjects", "true".to_owned()),
            ("gc.auto", "0".to_owned()),
            // Each thread would have objects of its own in memory.
            ("pack.threads", "1".to_owned()),
        ];
        command.env("GIT_CONFIG_COUNT", configuration.len().to_string());
        for (index, (key, value)) in configuration.iter().enumerate() {
            command
                .env(format!("GIT_CONFIG_KEY_{index}"), key)
                .env(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        command
    }

    /// The proxy's own refusal where there is one; it names the rule.
    fn failed(&self, said: &str) -> CallError {
        let source = format!("the source {} could not be cloned", shown(self.url));
        if let Some(trouble) = self.proxy.trouble() {
            return CallError {
                message: bounded(format!("{source}: {}", trouble.message), CallError::TEXT_LIMIT),
                ..trouble
            };
        }
        if let Some(limit) = self.limit_met(said) {
            let message =
                format!("{source}: unpacking it takes more than {limit}; name a smaller repository");
            return CallError::new(ErrorKind::TooLarge, "source", message);
        }
        let said = said.replace(self.proxy.password(), "…");
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(5).collect();
        let again = [
            "early EOF",
            "RPC failed",
            "timed out",
            "returned error: 5",
            "returned error: 429",
            "hung up unexpectedly",
        ];
        let kind = if again.iter().any(|word| said.contains(word)) {
            ErrorKind::Unavailable
        } else {
            ErrorKind::Permanent
        };
        CallError::new(kind, "source", bounded(format!("{source}: {}", lines.join("; ")), 1000))
    }

    /// The limit that ended one of git's processes. The leader says how its children ended; of itself the status says it.
    fn limit_met(&self, said: &str) -> Option<String> {
        let limits = &self.settings.limits;
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if says(&["ut of memory", "malloc failed", "Cannot allocate memory", "mmap failed"]) {
            Some(format!("{} MiB of memory", limits.memory_bytes >> 20))
        } else if says(&["signal 24", "signal: 24"]) {
            Some(format!("{} s of processor time", limits.cpu_seconds))
        } else if says(&["signal 25", "signal: 25", "File too large"]) {
            Some(format!("{} MiB in one file", limits.file_bytes >> 20))
        } else {
            None
        }
    }
}

/// A file of the tree.
struct Blob {
    path: String,
    id: String,
    size: u64,
}

/// The files of a listing, under the caps. Symbolic links and submodules are left out.
fn blobs(listing: &[u8], caps: &Caps) -> Result<Vec<Blob>, CallError> {
    let wrong = |what: String| CallError::new(ErrorKind::InvalidInput, "source", what);
    let mut taken = Taken::new(caps);
    let mut blobs = Vec::new();
    for entry in listing.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
        let entry = std::str::from_utf8(entry)
            .map_err(|_| wrong("the repository has a file name that is not UTF-8".to_owned()))?;
        let (attributes, path) =
            entry.split_once('\t').ok_or_else(|| wrong("git's listing cannot be read".to_owned()))?;
        let mut attributes = attributes.split_ascii_whitespace();
        let (mode, kind, id, size) =
            (attributes.next(), attributes.next(), attributes.next(), attributes.next());
        if kind != Some("blob") || !matches!(mode, Some("100644" | "100755" | "100664")) {
            continue;
        }
        let (Some(id), Some(Ok(size))) = (id, size.map(str::parse)) else {
            return Err(wrong(format!("git does not know the size of {path}")));
        };
        check_path(path)?;
        if path.split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
            continue;
        }
        taken.add(path, size)?;
        blobs.push(Blob { path: path.to_owned(), id: id.to_owned(), size });
    }
    Ok(blobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_branch_or_tag_and_never_an_option() {
        for (reference, valid) in [
            ("main", true),
            ("v1.2.3", true),
            ("feature/a_b-c", true),
            ("--upload-pack=x", false),
            ("-b", false),
            ("", false),
            ("a..b", false),
            ("a b", false),
            ("a\n", false),
            ("a~1", false),
            ("a@{1}", false),
            ("a:b", false),
        ] {
            assert_eq!(check_reference(reference).is_ok(), valid, "{reference}");
        }
    }

    #[test]
    fn a_listing_gives_plain_files_and_nothing_that_leads_elsewhere() {
        let listing = b"100644 blob aaaa      5\tsrc/a b.py\x00120000 blob bbbb     11\tlink\x00160000 commit cccc       -\tsub\x00100755 blob dddd      0\trun.sh\x00";
        let files = blobs(listing, &Caps::default()).unwrap();
        let shown: Vec<_> =
            files.iter().map(|blob| (blob.path.as_str(), blob.id.as_str(), blob.size)).collect();
        assert_eq!(shown, [("src/a b.py", "aaaa", 5), ("run.sh", "dddd", 0)]);
        assert!(blobs(b"100644 blob aaaa 5\t../up\x00", &Caps::default()).is_err());
        let caps = Caps { file_bytes: 4, ..Caps::default() };
        assert_eq!(blobs(listing, &caps).err().map(|error| error.kind), Some(ErrorKind::TooLarge));
    }
}
