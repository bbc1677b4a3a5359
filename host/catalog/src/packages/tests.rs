use super::*;
use crate::manifest::ManifestError;
use domain::time::Timestamp;
use std::time::Duration;
use wasm_encoder::{Component, CustomSection};

/// A wall clock that stands where it is put.
struct Still(Timestamp);

#[async_trait::async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, _duration: Duration) {
        std::future::pending().await
    }
}

const FAR: Timestamp = Timestamp(i64::MAX);
const PAST: Timestamp = Timestamp(0);

fn plugin(name: &str, version: &str) -> Vec<u8> {
    let manifest = format!(
        r#"{{"abi":"0.1.0","kind":"skill","name":"{name}","version":"{version}","tools":[{{"name":"greet","schema":{{}}}}]}}"#
    );
    encode(&manifest)
}

fn team(name: &str, ids: &[&str]) -> Vec<u8> {
    let ids: Vec<String> = ids.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
    encode(&format!(
        r#"{{"abi":"0.1.0","kind":"personality","name":"{name}","version":"1.0.0","personalities":[{}]}}"#,
        ids.join(",")
    ))
}

fn encode(manifest: &str) -> Vec<u8> {
    let mut component = Component::new();
    component.section(&CustomSection { name: "skep:plugin".into(), data: manifest.as_bytes().into() });
    component.finish()
}

fn catalog(directories: &[&Path], now: Timestamp) -> Catalog {
    let directories = directories.iter().map(|path| path.to_path_buf()).collect();
    Catalog::new(directories, &[], Arc::new(Still(now))).unwrap()
}

async fn names(catalog: &Catalog) -> Vec<String> {
    catalog.scan().await.unwrap().packages.iter().map(|package| package.manifest.id()).collect()
}

fn reads(catalog: &Catalog) -> u64 {
    catalog.files.lock().unwrap().reads
}

#[tokio::test]
async fn files_and_folders_are_found_and_the_preferred_stands_last() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("made/other"));
    let catalog = catalog(&[&one, &other], FAR);
    std::fs::write(one.join("z.wasm"), plugin("hello", "1.2.0")).unwrap();
    std::fs::write(one.join("a.wasm"), plugin("hello", "1.10.0")).unwrap();
    std::fs::write(one.join("solo.wasm"), team("a-solo", &["coder-ai"])).unwrap();
    std::fs::write(one.join("team.wasm"), team("b-team", &["coder-ai", "tester-ai"])).unwrap();
    std::fs::create_dir(other.join("hello")).unwrap();
    std::fs::write(other.join("hello/plugin.wasm"), plugin("hello", "1.0.0")).unwrap();
    for ignored in [".new.wasm", "copy.wasm.part", "notes.txt"] {
        std::fs::write(other.join(ignored), plugin("ignored", "1.0.0")).unwrap();
    }
    std::fs::create_dir(other.join("prompt-only")).unwrap();
    assert_eq!(
        names(&catalog).await,
        ["b-team@1.0.0", "a-solo@1.0.0", "hello@1.2.0", "hello@1.10.0", "hello@1.0.0"]
    );
}

#[tokio::test]
async fn a_broken_file_is_reported_with_its_digest_and_the_others_are_found() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.wasm"), plugin("good", "1.0.0")).unwrap();
    std::fs::write(folder.path().join("bad.wasm"), b"\0asm\x0d\0\x01\0\xff").unwrap();
    let catalog = catalog(&[folder.path()], FAR);
    let scan = catalog.scan().await.unwrap();
    assert_eq!(scan.packages.len(), 1);
    assert!(scan.broken[0].path.ends_with("bad.wasm") && scan.broken[0].digest.is_some());
    assert!(scan.broken[0].reason.contains("truncated or damaged"), "{}", scan.broken[0]);
}

#[tokio::test]
async fn a_file_that_stayed_the_same_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hello.wasm");
    std::fs::write(&path, plugin("hello", "1.0.0")).unwrap();
    let settled = catalog(&[folder.path()], FAR);
    names(&settled).await;
    assert_eq!(names(&settled).await, ["hello@1.0.0"]);
    assert_eq!(reads(&settled), 1);
    // Replaced by a file of the same size.
    std::fs::write(folder.path().join(".new"), plugin("hello", "1.0.1")).unwrap();
    std::fs::rename(folder.path().join(".new"), &path).unwrap();
    assert_eq!(names(&settled).await, ["hello@1.0.1"]);
    assert_eq!(reads(&settled), 2);
    std::fs::remove_file(&path).unwrap();
    assert!(names(&settled).await.is_empty());

    // Changed a moment ago: its times prove nothing yet.
    std::fs::write(&path, plugin("hello", "1.0.0")).unwrap();
    let fresh = catalog(&[folder.path()], PAST);
    names(&fresh).await;
    names(&fresh).await;
    assert_eq!(reads(&fresh), 2);
}

#[tokio::test]
async fn a_file_over_the_limit_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("huge.wasm")).unwrap();
    file.set_len(crate::manifest::FILE_LIMIT + 1).unwrap();
    let scan = catalog(&[folder.path()], FAR).scan().await.unwrap();
    assert_eq!(
        scan.broken[0].reason,
        ManifestError::FileTooLarge(crate::manifest::FILE_LIMIT + 1).to_string()
    );
}

#[tokio::test]
async fn a_new_file_and_a_new_policy_ring_and_reading_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let (plugins, policies) = (folder.path().join("plugins"), folder.path().join("policies"));
    std::fs::create_dir(&policies).unwrap();
    let policy = policies.join("policy.toml");
    let catalog =
        Catalog::new(vec![plugins.clone()], std::slice::from_ref(&policy), Arc::new(Still(FAR))).unwrap();
    let long = Duration::from_secs(20);
    std::fs::create_dir(plugins.join("hello")).unwrap();
    std::fs::write(plugins.join("hello/plugin.wasm"), plugin("hello", "1.0.0")).unwrap();
    tokio::time::timeout(long, catalog.changed()).await.unwrap();
    std::fs::write(&policy, "").unwrap();
    tokio::time::timeout(long, catalog.changed()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(names(&catalog).await, ["hello@1.0.0"]);
    }
    // Nothing but our own reading happened since the pause.
    let silence = tokio::time::timeout(Duration::from_millis(300), catalog.changed()).await;
    assert!(silence.is_err());
}

#[test]
fn uploaded_bytes_are_inspected_like_files() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(&[folder.path()], FAR);
    assert_eq!(catalog.inspect(&plugin("hello", "1.0.0").into()).unwrap().name, "hello");
    assert!(catalog.inspect(&Bytes::from_static(b"x")).unwrap_err().reason.contains("not WebAssembly"));
}
