//! From a core module to `OUT/NAME.wasm`, its digest, and its grant.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use domain::manifest::grant::Capability;
use domain::manifest::{Manifest, PluginKind};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::compile::Module;
use crate::section::SectionError;
use crate::{BuildError, Event, componentize, manifest, policy, section};

/// Interfaces that every plugin may use without asking.
const ALWAYS_ON: [&str; 5] = ["types", "log", "clock", "random", "progress"];

/// What imports of the plugin ABI begin with.
const ABI_PREFIX: &str = "skep:plugin/";

/// A component that is in place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Built {
    /// The plugin's name.
    pub name: String,
    /// The plugin's version.
    pub version: String,
    /// Which world it exports.
    pub kind: PluginKind,
    /// The file.
    pub path: PathBuf,
    /// sha256 of the file, lowercase hex.
    pub digest: String,
    /// Bytes of the file.
    pub size: u64,
    /// What it requests, as in its manifest.
    pub capabilities: Vec<Capability>,
}

/// A component in memory, checked and not yet visible to anyone.
#[derive(Debug)]
pub struct Prepared {
    crate_name: String,
    manifest: Manifest,
    component: Vec<u8>,
}

/// Makes the component of a compiled module.
pub fn prepare(module: &Module) -> Result<Prepared, BuildError> {
    let bytes = std::fs::read(&module.path).map_err(BuildError::file("read", &module.path))?;
    package(&module.crate_name, &bytes)
}

/// Makes the component of a core module: section out, encode, section on top, and what it imports is what it requests.
pub fn package(crate_name: &str, module: &[u8]) -> Result<Prepared, BuildError> {
    let wrong = |source| BuildError::Section { crate_name: crate_name.to_owned(), source };
    let refused = |source| BuildError::Componentize { crate_name: crate_name.to_owned(), source };
    let (module, bytes) = section::take(module).map_err(wrong)?;
    let manifest = manifest::parse(&bytes).map_err(|message| wrong(SectionError::NotAManifest(message)))?;
    let component = componentize::componentize(&module).map_err(refused)?;
    for import in componentize::imports(&component).map_err(refused)? {
        let interface = import.strip_prefix(ABI_PREFIX).and_then(|rest| rest.split('@').next());
        if let Some(interface) = interface
            && !ALWAYS_ON.contains(&interface)
            && !manifest.capabilities.iter().any(|requested| requested.interface() == interface)
        {
            let (crate_name, interface) = (crate_name.to_owned(), interface.to_owned());
            return Err(BuildError::NotRequested { crate_name, interface });
        }
    }
    let component = section::hoist(&component, &bytes).map_err(wrong)?;
    Ok(Prepared { crate_name: crate_name.to_owned(), manifest, component })
}

/// Writes all components beside their places, then the policy, then renames: a host that watches the folder sees whole files
/// only, and finds their grants when it sees them.
pub fn publish(
    prepared: Vec<Prepared>,
    out: &Path,
    policy_file: Option<&Path>,
    report: &mut dyn FnMut(Event),
) -> Result<Vec<Built>, BuildError> {
    refuse_same_names(&prepared)?;
    std::fs::create_dir_all(out).map_err(BuildError::file("make the folder", out))?;
    let mut staged = Vec::new();
    for Prepared { manifest, component, .. } in prepared {
        let path = out.join(format!("{}.wasm", manifest.name));
        let file = stage(out, &path, &component)?;
        let built = Built {
            name: manifest.name,
            version: manifest.version,
            kind: manifest.kind,
            digest: hex(&Sha256::digest(&component)),
            size: component.len() as u64,
            capabilities: manifest.capabilities,
            path,
        };
        staged.push((built, file));
    }
    if let Some(path) = policy_file {
        let grants = policy::extend(path, staged.iter().map(|(built, _)| built))?;
        report(Event::Granted { policy: path.to_path_buf(), grants });
    }
    let mut all = Vec::new();
    for (built, file) in staged {
        file.persist(&built.path).map_err(|error| BuildError::file("replace", &built.path)(error.error))?;
        report(Event::Packaged { built: built.clone() });
        all.push(built);
    }
    Ok(all)
}

fn refuse_same_names(prepared: &[Prepared]) -> Result<(), BuildError> {
    for (index, second) in prepared.iter().enumerate() {
        let before = prepared.iter().take(index);
        if let Some(first) = before.into_iter().find(|first| first.manifest.name == second.manifest.name) {
            return Err(BuildError::SameName {
                name: second.manifest.name.clone(),
                first: first.crate_name.clone(),
                second: second.crate_name.clone(),
            });
        }
    }
    Ok(())
}

/// A temporary file in the folder of the path, with the content on disk, readable by everybody as a build product is.
pub(crate) fn stage(folder: &Path, path: &Path, content: &[u8]) -> Result<NamedTempFile, BuildError> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o644));
    }
    // A leading dot and another ending: whoever watches for `.wasm` does not take it for a plugin.
    let mut file = builder
        .prefix(".")
        .suffix(".partial")
        .tempfile_in(folder)
        .map_err(BuildError::file("write in", folder))?;
    file.write_all(content)
        .and_then(|()| file.as_file().sync_all())
        .map_err(BuildError::file("write", path))?;
    Ok(file)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
