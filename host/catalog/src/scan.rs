//! Looking at the plugin directories: `NAME.wasm` and `NAME/plugin.wasm`.

use crate::read::Files;
use app::ports::packages::{Package, Scan};
use domain::time::Timestamp;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// The component of a folder package.
const COMPONENT: &str = "plugin.wasm";

/// All packages, the one that is preferred later: by directory, then fewer personalities (a plugin that replaces one personality stands
/// against one that brings a set), then name, version and path.
pub(crate) fn scan(directories: &[PathBuf], files: &mut Files, now: Timestamp) -> Result<Scan, io::Error> {
    let mut scan = Scan::default();
    let mut seen = BTreeSet::new();
    for directory in directories {
        let mut packages = Vec::new();
        for path in candidates(directory)? {
            if !seen.insert(path.clone()) {
                continue;
            }
            match files.get(&path, now) {
                Some(Ok(package)) => packages.push(package),
                Some(Err(broken)) => scan.broken.push(broken),
                None => {}
            }
        }
        packages.sort_by(preference);
        scan.packages.append(&mut packages);
    }
    files.retain(|path| seen.contains(path));
    Ok(scan)
}

fn preference(one: &Package, other: &Package) -> Ordering {
    let personalities = |package: &Package| package.manifest.personalities.len();
    // Both were parsed when the manifest was read.
    let version = |package: &Package| semver::Version::parse(&package.manifest.version).ok();
    personalities(other)
        .cmp(&personalities(one))
        .then_with(|| one.manifest.name.cmp(&other.manifest.name))
        .then_with(|| version(one).cmp(&version(other)))
        .then_with(|| one.path.cmp(&other.path))
}

/// Files that could be packages, sorted. A directory that is not there is empty; one that cannot be read is an error, since the truth is
/// not known then.
fn candidates(directory: &Path) -> Result<BTreeSet<PathBuf>, io::Error> {
    let mut found = BTreeSet::new();
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", directory.display()))),
    };
    for entry in entries {
        let path = entry?.path();
        // What editors, copiers and `skep build` write beside the final name begins with a dot.
        let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden {
            continue;
        }
        if path.is_dir() {
            let component = path.join(COMPONENT);
            if component.is_file() {
                found.insert(component);
            }
        } else if path.extension().is_some_and(|extension| extension == "wasm") && path.is_file() {
            found.insert(path);
        }
    }
    Ok(found)
}
