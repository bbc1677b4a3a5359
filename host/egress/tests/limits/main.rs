//! Git sources that would take all of the machine: its memory, or a process for ever.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use app::ports::sources::Sources as _;
use domain::effect::ErrorKind;
use egress::sources::{Caps, Launcher, Limits};
use egress::{GuardedSources, Rules, SourceSettings};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

fn settings() -> SourceSettings {
    let command = PathBuf::from(env!("CARGO_BIN_EXE_limit-program"));
    SourceSettings {
        allow_file: true,
        launcher: Some(Launcher { command, arguments: Vec::new() }),
        search_path: std::env::var_os("PATH"),
        ..SourceSettings::default()
    }
}

/// What the program answers to this input.
fn answer(folder: &Path, program: &str, arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "a")
        .env("GIT_AUTHOR_EMAIL", "a@b")
        .env("GIT_COMMITTER_NAME", "a")
        .env("GIT_COMMITTER_EMAIL", "a@b")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A zlib stream that is as long as it is: uncompressed blocks.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let blocks = bytes.chunks(0xffff).collect::<Vec<_>>();
    for (index, block) in blocks.iter().enumerate() {
        let length = u16::try_from(block.len()).unwrap();
        stream.push(u8::from(index + 1 == blocks.len()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65521;
        high = (high + low) % 65521;
    }
    stream.extend(((high << 16) | low).to_be_bytes());
    stream
}

/// Seven bits a byte, the lowest first.
fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

/// The head of a packed object: four bits of the size, the kind, and the rest of the size.
fn head(kind: u8, size: usize) -> Vec<u8> {
    let low = u8::try_from(size & 0x0f).unwrap();
    let mut bytes = vec![(kind << 4) | low];
    if size >> 4 > 0 {
        bytes[0] |= 0x80;
        bytes.extend(number(size >> 4));
    }
    bytes
}

/// A bare repository with a file of `copies` times 64 KiB, as one difference of eight bytes for each from a file of 64 KiB.
fn bomb(folder: &Path, copies: usize) -> String {
    const BASE: usize = 0x1_0000;
    let base = vec![b'x'; BASE];
    let mut delta = [number(BASE), number(BASE * copies)].concat();
    // A copy without offset and size takes 64 KiB from the beginning.
    delta.extend(std::iter::repeat_n(0x80, copies));
    let mut pack = [b"PACK".as_slice(), &2_u32.to_be_bytes(), &2_u32.to_be_bytes()].concat();
    let first = [head(3, BASE), stored(&base)].concat();
    pack.extend_from_slice(&first);
    // The distance back to its base, big end first, with a carry in each byte.
    let mut distance = first.len();
    let mut back = vec![u8::try_from(distance & 0x7f).unwrap()];
    while distance >> 7 > 0 {
        distance = (distance >> 7) - 1;
        back.insert(0, u8::try_from(distance & 0x7f).unwrap() | 0x80);
    }
    pack.extend([head(6, delta.len()), back, stored(&delta)].concat());
    let sum = answer(folder, "sha1sum", &[], &pack);
    let sum = (0..20).map(|index| u8::from_str_radix(&sum[index * 2..index * 2 + 2], 16).unwrap());
    pack.extend(sum);
    assert!(pack.len() < 80_000, "{} bytes are no bomb", pack.len());

    answer(folder, "git", &["init", "--quiet", "--bare", "--initial-branch=main", "bomb.git"], b"");
    let repository = folder.join("bomb.git");
    let name = answer(&repository, "git", &["index-pack", "--stdin"], &pack);
    let name = name.split_whitespace().last().unwrap();
    let index = format!("objects/pack/pack-{name}.idx");
    let listed = answer(&repository, "git", &["verify-pack", "--verbose", &index], b"");
    // The size of an object that is a difference is that of the difference; it has a depth and a base behind.
    let large = listed.lines().find(|line| line.split_whitespace().count() == 7).unwrap();
    let blob = &large[..40];
    let tree = answer(&repository, "git", &["mktree"], format!("100644 blob {blob}\tlarge\n").as_bytes());
    let commit = answer(&repository, "git", &["commit-tree", &tree, "-m", "first"], b"");
    answer(&repository, "git", &["update-ref", "refs/heads/main", &commit], b"");
    format!("file://{}", repository.display())
}

#[tokio::test]
async fn a_small_pack_that_unpacks_to_more_than_the_memory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = bomb(folder.path(), 5000);
    let limits = Limits { memory_bytes: 256 << 20, ..Limits::default() };
    let sources = GuardedSources::new(Arc::default(), SourceSettings { limits, ..settings() });
    let error = sources.clone_git(&url, None).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::TooLarge, "{error}");
    assert!(error.message.contains("256 MiB of memory"), "{error}");
    // With the memory that it asks for, git unpacks it, and the cap of a file refuses it: the limit made the difference.
    let limits = Limits { memory_bytes: 4 << 30, ..Limits::default() };
    let sources = GuardedSources::new(Arc::default(), SourceSettings { limits, ..settings() });
    let error = sources.clone_git(&url, None).await.err().unwrap();
    assert!(error.message.contains("are taken of one file"), "{error}");
}

#[tokio::test]
async fn a_clone_that_is_given_up_leaves_no_process_behind() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("alive");
    answer(folder.path(), "mkfifo", &["alive"], b"");
    // Every process holds the pipe open: a child that git would leave behind, git, and what git starts.
    let git = folder.path().join("git");
    let script =
        format!("#!/bin/sh\nexec 9>{}\nsleep 600 >/dev/null 2>&1 &\nexec git \"$@\"\n", pipe.display());
    std::fs::write(&git, script).unwrap();
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut alive = tokio::net::unix::pipe::OpenOptions::new().open_receiver(&pipe).unwrap();

    // A server that takes the request and never answers.
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let rules = Rules { allow: vec![format!("127.0.0.1:{port}").parse().unwrap()], ..Rules::default() };
    let caps = Caps { time: Duration::from_secs(2), ..Caps::default() };
    let sources = GuardedSources::new(Arc::new(rules), SourceSettings { caps, git, ..settings() });
    let url = format!("http://127.0.0.1:{port}/never.git");
    let (cloned, accepted) = tokio::join!(sources.clone_git(&url, None), silent.accept());
    let _connection = accepted.unwrap();
    let error = cloned.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Timeout, "{error}");
    assert!(error.message.contains("within 2 s"), "{error}");
    let mut nothing = Vec::new();
    let ended = tokio::io::AsyncReadExt::read_to_end(&mut alive, &mut nothing);
    tokio::time::timeout(Duration::from_secs(30), ended).await.expect("a process is still there").unwrap();
}
