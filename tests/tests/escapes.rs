//! No spelling of a path reads, writes or deletes anything outside of an agent's workspace, also while somebody swaps links in the data
//! directory. Requests are bytes on a socket; a tree of canaries is compared before and after, and no answer may hold one of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use domain::id::Digest;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tests::database::Database;
use tests::escapes::{CANARY, OWNED, judge, request, spellings, tree};
use tests::host::{ADMIN_KEY, HostSpec};

const FILES: &str = "/api/v1/users/default/agents/manager/files/";

/// A data directory among canaries.
struct Area {
    folder: tempfile::TempDir,
}

impl Area {
    fn new() -> Self {
        let area = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["outside", "data", "data/plugins", "etc"] {
            std::fs::create_dir_all(area.path().join(folder)).unwrap();
        }
        for file in [
            "secret.txt",
            "key",
            "outside/secret.txt",
            "etc/passwd",
            "data/secret.txt",
            "data/plugins/secret.txt",
        ] {
            std::fs::write(area.path().join(file), format!("{CANARY} {file}")).unwrap();
        }
        area
    }

    fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// What the host itself writes.
    fn own(&self) -> Vec<PathBuf> {
        let names = ["skep.db", "skep.db-wal", "skep.db-shm", "blobs", "test-host.log"];
        names.map(|name| self.data().join(name)).to_vec()
    }
}

async fn escapes(database: Database) {
    let area = Area::new();
    let host = database.host(HostSpec::new(&area.data())).start();
    let url = host.url.clone();
    let paths = spellings(&area.path());
    assert!(paths.len() >= 60, "{}", paths.len());
    let before = tree(&area.path(), &area.own());
    let (mut answers, mut refused, mut names) = (Vec::new(), 0, Vec::new());
    for path in &paths {
        for method in ["GET", "HEAD", "PUT", "GET", "DELETE"] {
            let body = if method == "PUT" { OWNED } else { "" };
            let (status, answer) = request(&url, ADMIN_KEY, method, &format!("{FILES}{path}"), body).unwrap();
            // A literal name that only looks like a way out may be a file of the workspace; a fault of the host it may not be.
            assert!(status < 500, "{method} {path}: {status}");
            refused += usize::from(status == 400);
            names.extend((method == "PUT" && (status == 200 || status == 201)).then(|| path.clone()));
            answers.push((format!("{method} {path}"), answer));
        }
    }
    let problems = judge(&before, &tree(&area.path(), &area.own()), &answers);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    // Every way up that this server or a careless proxy would walk is refused, not only harmless.
    for path in [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "..%5csecret.txt",
        "%00",
        "%2fetc%2fpasswd",
        "C:%5csecret.txt",
    ] {
        assert!(!names.contains(&path.to_owned()), "{path} was taken");
    }
    println!(
        "{} spellings, {} requests, {refused} refused with 400, {} taken as literal names inside",
        paths.len(),
        answers.len(),
        names.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_spelling_leads_out_on_sqlite() {
    escapes(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_spelling_leads_out_on_postgres() {
    escapes(Database::postgres()).await;
}

/// What is on disk are the blobs. Somebody swaps their folders for links that lead out while files are written, read and deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swapped_links_lead_nothing_out() {
    let area = Area::new();
    let host = HostSpec::new(&area.data()).start();
    let url = host.url.clone();
    // Contents whose blobs lie in the folder that is swapped, and traps with their names outside.
    let contents: Vec<String> = (0..)
        .map(|number| format!("{OWNED} {number}"))
        .filter(|text| Digest::of(text.as_bytes()).hex().starts_with("ab"))
        .take(8)
        .collect();
    for content in &contents {
        let name = Digest::of(content.as_bytes()).hex()[2..].to_owned();
        std::fs::write(area.path().join("outside").join(name), format!("{CANARY} trap")).unwrap();
    }
    let blobs = area.data().join("blobs");
    std::fs::create_dir_all(blobs.join("ab")).unwrap();
    let before = tree(&area.path(), &area.own());
    let (stop, swaps) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let swapper = {
        let (stop, swaps, outside) = (Arc::clone(&stop), Arc::clone(&swaps), area.path().join("outside"));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                for folder in ["ab", "incoming"] {
                    swap(&blobs, folder, &outside);
                    swaps.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    };
    let (mut answers, mut worked) = (Vec::new(), 0);
    for round in 0..60 {
        for (index, content) in contents.iter().enumerate() {
            for (method, body) in [("PUT", content.as_str()), ("GET", ""), ("DELETE", "")] {
                let path = format!("{FILES}race/{index}.txt");
                let (status, answer) = request(&url, ADMIN_KEY, method, &path, body).unwrap();
                // While a folder leads out, a write or read fails; it never follows.
                worked += usize::from(status < 300);
                answers.push((format!("{round} {method} {path}"), answer));
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    swapper.join().unwrap();
    let problems = judge(&before, &tree(&area.path(), &area.own()), &answers);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let swaps = swaps.load(Ordering::Relaxed);
    assert!(worked > 0 && swaps > 100, "{worked} worked, {swaps} swaps");
    println!("{} requests under {swaps} swaps, {worked} worked", answers.len());
}

/// Put a link in the place of a folder, and the folder back.
fn swap(blobs: &Path, folder: &str, outside: &Path) {
    let (place, aside) = (blobs.join(folder), blobs.join(format!("{folder}.aside")));
    if std::fs::rename(&place, &aside).is_ok() {
        // The host may have made the folder anew in between; then that one stays.
        let linked = symlink(outside, &place).is_ok();
        std::thread::yield_now();
        if linked {
            std::fs::remove_file(&place).unwrap();
        }
        if std::fs::rename(&aside, &place).is_err() {
            std::fs::remove_dir_all(&aside).unwrap();
        }
    }
}

/// The control: a server that decodes and joins, as many do, under the same spellings and the same judge.
#[test]
fn the_judge_finds_what_a_careless_server_lets_out() {
    let area = Area::new();
    let root = area.data().join("workspace");
    std::fs::create_dir_all(root.join("docs")).unwrap();
    let before = tree(&area.path(), std::slice::from_ref(&root));
    let (mut answers, mut written) = (Vec::new(), 0);
    for spelling in spellings(&area.path()) {
        let careless = |text: &str| {
            let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy().replace('\\', "/");
            root.join(decoded.trim_start_matches("./"))
        };
        let path = careless(&spelling);
        // Only what lies in the area of this test is touched, whatever it spells.
        let real = path.parent().and_then(|parent| parent.canonicalize().ok());
        if real.is_none_or(|real| !real.starts_with(area.path())) {
            continue;
        }
        if let Ok(content) = std::fs::read(&path) {
            answers.push((spelling, content));
        }
        written += usize::from(!path.exists() && std::fs::write(&path, OWNED).is_ok());
    }
    let problems = judge(&before, &tree(&area.path(), &[root]), &answers);
    let leaked =
        problems.iter().filter(|problem| problem.contains("answered with what lies outside")).count();
    let made = problems.iter().filter(|problem| problem.ends_with("is new")).count();
    assert!(leaked >= 5 && made >= 1, "{leaked} leaked, {made} made of {written} written: {problems:?}");
    let mut changed = before.clone();
    changed.insert(area.path().join("secret.txt"), b"other".to_vec());
    assert_eq!(judge(&before, &changed, &[]).len(), 1);
    changed.remove(&area.path().join("secret.txt"));
    assert_eq!(judge(&before, &changed, &[]).len(), 1);
}
