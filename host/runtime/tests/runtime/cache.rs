//! Compiled code on disk is used again, and only when it is whole and ours.

use crate::support::*;
use app::ports::components::{ComponentError, Components as _};
use domain::component::Limits;
use runtime::{CacheOptions, Compiler, Options, Runtime};
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn with_cache(folder: &Path, compiler: Compiler) -> Runtime {
    let cache = CacheOptions { folder: folder.join("compiled"), key_file: folder.join("compiled.key") };
    Runtime::new(Options { cache: Some(cache), compiler, root_calls: 1, ..Options::in_process() }).unwrap()
}

/// Whoever needs this compiler fails: proof that nothing was compiled.
fn no_compiler() -> Compiler {
    Compiler::Child { command: PathBuf::from("/nowhere/compiler"), arguments: Vec::new() }
}

fn file(folder: &Path) -> PathBuf {
    let engines: Vec<_> = std::fs::read_dir(folder.join("compiled")).unwrap().flatten().collect();
    assert_eq!(engines.len(), 1);
    let files: Vec<_> = std::fs::read_dir(engines[0].path()).unwrap().flatten().collect();
    assert_eq!(files.len(), 1);
    files[0].path()
}

#[tokio::test]
async fn a_second_process_loads_what_the_first_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let first = load(&with_cache(folder.path(), Compiler::InProcess), skill("good")).await.unwrap();
    assert!(!first.cached);
    let runtime = with_cache(folder.path(), no_compiler());
    let second = load(&runtime, skill("good")).await.unwrap();
    assert!(second.cached);
    assert_eq!(second.digest, first.digest);
    let outcome =
        runtime.call(request(second.digest, 1, Limits::default(), Arc::new(ScriptedHost::default()))).await;
    assert_eq!(json_of(outcome), json!("ok"));
    for path in [folder.path().join("compiled.key"), file(folder.path())] {
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            path.display()
        );
    }
}

#[tokio::test]
async fn changed_torn_swapped_or_foreign_code_is_never_loaded() {
    type Harm = fn(&Path, &Path);
    let harms: [(&str, Harm); 5] = [
        ("a flipped bit at the end", |_, file| {
            let mut bytes = std::fs::read(file).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            std::fs::write(file, bytes).unwrap();
        }),
        ("a flipped bit in the MAC", |_, file| {
            let mut bytes = std::fs::read(file).unwrap();
            bytes[0] ^= 1;
            std::fs::write(file, bytes).unwrap();
        }),
        ("a torn file", |_, file| {
            let bytes = std::fs::read(file).unwrap();
            std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("an empty file", |_, file| std::fs::write(file, b"").unwrap()),
        ("another host's key", |folder, _| std::fs::write(folder.join("compiled.key"), [1; 32]).unwrap()),
    ];
    for (name, harm) in harms {
        let folder = tempfile::tempdir().unwrap();
        load(&with_cache(folder.path(), Compiler::InProcess), skill("good")).await.unwrap();
        harm(folder.path(), &file(folder.path()));
        let error = load(&with_cache(folder.path(), no_compiler()), skill("good")).await.unwrap_err();
        assert!(matches!(error, ComponentError::Internal(_)), "{name}: {error}");
        // It is compiled anew, and that is kept.
        load(&with_cache(folder.path(), Compiler::InProcess), skill("good")).await.unwrap();
        assert!(
            load(&with_cache(folder.path(), no_compiler()), skill("good")).await.unwrap().cached,
            "{name}"
        );
    }
}

#[tokio::test]
async fn one_components_code_is_not_taken_for_anothers() {
    let folder = tempfile::tempdir().unwrap();
    load(&with_cache(folder.path(), Compiler::InProcess), skill("good")).await.unwrap();
    let good = file(folder.path());
    let code = std::fs::read(&good).unwrap();
    std::fs::remove_file(&good).unwrap();
    load(&with_cache(folder.path(), Compiler::InProcess), skill("traps")).await.unwrap();
    std::fs::write(file(folder.path()), code).unwrap();
    let error = load(&with_cache(folder.path(), no_compiler()), skill("traps")).await.unwrap_err();
    assert!(matches!(error, ComponentError::Internal(_)), "{error}");
}

#[tokio::test]
async fn code_for_older_engines_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("compiled/0123456789abcdef");
    std::fs::create_dir_all(&old).unwrap();
    std::fs::write(old.join("code.bin"), b"old").unwrap();
    with_cache(folder.path(), no_compiler());
    assert!(!old.exists());
}
