//! Spellings of paths that want out of a folder, a tree of canaries around it, and the judge of both.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What no answer may hold.
pub const CANARY: &str = "CANARY-5f1c";
/// What no file outside may hold.
pub const OWNED: &str = "OWNED-5f1c";

/// Paths as they stand in a request line, after `…/files/`. `secret.txt` lies one folder above the data directory.
#[must_use]
pub fn spellings(area: &Path) -> Vec<String> {
    let ups = [
        "..",
        "%2e%2e",
        "%2E%2E",
        ".%2e",
        "%2e.",
        "%252e%252e",
        "%25252e%25252e",
        "..%00",
        "..%20",
        "%20..",
        "..;",
        "..%3b",
        "...",
        "....",
        "..%09",
        "%c0%ae%c0%ae",
        "%e0%80%ae%e0%80%ae",
        "%f0%80%80%ae%f0%80%80%ae",
        "%c0%2e%c0%2e",
        "%ef%bc%8e%ef%bc%8e",
        "%e2%80%a4%e2%80%a4",
        "%u002e%u002e",
        "..%ef%bc%8f",
        "%uff0e%uff0e",
    ];
    let separators = [
        "/",
        "%2f",
        "%2F",
        "%252f",
        "%5c",
        "%255c",
        "%c0%af",
        "%e0%80%af",
        "%ef%bc%8f",
        "%e2%88%95",
        "//",
        "/./",
    ];
    let mut all = Vec::new();
    for up in ups {
        for separator in separators {
            for depth in [1, 3] {
                all.push(format!("{}secret.txt", format!("{up}{separator}").repeat(depth)));
            }
        }
    }
    let inside = |rest: &str| format!("docs/{rest}");
    for path in
        ["../../secret.txt", "%2e%2e/%2e%2e/secret.txt", "..%2f..%2fsecret.txt", "..%5c..%5csecret.txt"]
    {
        all.push(inside(path));
        all.push(format!("./{path}"));
        all.push(format!("{path}%00.md"));
        all.push(format!("{path}."));
        all.push(format!("{path}/."));
    }
    let absolute = area.join("secret.txt").display().to_string();
    let encoded = absolute.replace('/', "%2f");
    for path in [
        absolute.clone(),
        format!("/{absolute}"),
        encoded.clone(),
        format!("%2f{encoded}"),
        format!("file://{absolute}"),
        format!("file:%2f%2f{encoded}"),
        format!("C:{absolute}"),
        "C:%5csecret.txt".to_owned(),
        "c:secret.txt".to_owned(),
        "%5c%5chost%5cshare%5csecret.txt".to_owned(),
        "//host/share/secret.txt".to_owned(),
        "%5c%5c?%5cC:%5csecret.txt".to_owned(),
        "%5c%5c.%5cpipe%5cx".to_owned(),
        "....//....//secret.txt".to_owned(),
        "..././..././secret.txt".to_owned(),
        "....%5c%5csecret.txt".to_owned(),
        "%00".to_owned(),
        "%00/secret.txt".to_owned(),
        "secret.txt%00".to_owned(),
        "/etc/passwd".to_owned(),
        "%2fetc%2fpasswd".to_owned(),
        "~/secret.txt".to_owned(),
        "%7e/secret.txt".to_owned(),
        "$HOME/secret.txt".to_owned(),
        "/proc/self/root".to_owned(),
        "proc/self/environ".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "./".to_owned(),
        "../".to_owned(),
        "%2e".to_owned(),
        "skep.db".to_owned(),
        "../skep.db".to_owned(),
        "../key".to_owned(),
        "%2e%2e%2fkey".to_owned(),
        "../blobs/canary".to_owned(),
        "aux".to_owned(),
        "nul".to_owned(),
        "secret.txt::$DATA".to_owned(),
        "%0d%0aX: y".replace(' ', "%20"),
        "a%0ab".to_owned(),
        "%ff%fe".to_owned(),
        "%80".to_owned(),
        "%".to_owned(),
        "%2".to_owned(),
        "%zz".to_owned(),
    ] {
        all.push(path);
    }
    all.sort();
    all.dedup();
    all
}

/// One request as bytes on a socket, so that no client tidies the path. Answers the status and everything that came.
///
/// # Errors
/// When the host closes before it answers.
pub fn request(
    url: &str,
    key: &str,
    method: &str,
    path: &str,
    body: &str,
) -> std::io::Result<(u16, Vec<u8>)> {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(30)))?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes())?;
    socket.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    status
        .map(|status| (status, answer.clone()))
        .ok_or_else(|| std::io::Error::other(format!("no answer: {text:?}")))
}

/// Every file below a folder with its content, links as what they say; without what `skip` names.
#[must_use]
pub fn tree(root: &Path, skip: &[PathBuf]) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the test").flatten() {
            let path = entry.path();
            if skip.contains(&path) {
                continue;
            }
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() {
                found.insert(path.clone(), b"folder".to_vec());
                folders.push(path);
            } else if kind.is_symlink() {
                found.insert(path.clone(), format!("link {:?}", std::fs::read_link(&path).ok()).into_bytes());
            } else {
                found.insert(path.clone(), std::fs::read(&path).unwrap_or_default());
            }
        }
    }
    found
}

/// What happened outside: files that came, went or changed, and answers that hold a canary.
#[must_use]
pub fn judge(
    before: &BTreeMap<PathBuf, Vec<u8>>,
    after: &BTreeMap<PathBuf, Vec<u8>>,
    answers: &[(String, Vec<u8>)],
) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, content) in before {
        match after.get(path) {
            None => problems.push(format!("{} is gone", path.display())),
            Some(now) if now != content => problems.push(format!("{} has other bytes", path.display())),
            Some(_) => {}
        }
    }
    problems.extend(
        after
            .keys()
            .filter(|path| !before.contains_key(*path))
            .map(|path| format!("{} is new", path.display())),
    );
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    for (request, answer) in answers {
        if holds(answer, CANARY) || holds(answer, "root:x:0:0") {
            problems.push(format!("{request} was answered with what lies outside"));
        }
    }
    problems
}
