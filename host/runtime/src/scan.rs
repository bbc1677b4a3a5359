//! What a component's bytes say without compiling them: its imports, its memory, its shape.

use crate::engine::SMALL_MEMORY;
use app::ports::components::{ComponentError, Profile};
use domain::manifest::{ABI, Manifest};
use wasmparser::{Encoding, Parser, Payload};

/// Interfaces of `skep:plugin` that need no grant and are not listed.
const ALWAYS_ON: [&str; 5] = ["log", "clock", "random", "progress", "types"];
/// Interfaces of `skep:plugin` that are granted.
const GRANTED: [&str; 7] = ["model", "http", "secrets", "files", "kv", "tools", "agents"];
/// Packages of WASI 0.2 that are linked.
const WASI: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];
/// A component whose memory starts above this is *large*: native guests start with one or two MiB, an interpreter of Python with twelve.
const SMALL_START: u64 = 8 << 20;
/// How deep modules and components may nest: composed components have three or four levels.
const NESTING_LIMIT: usize = 16;

/// A scanned component.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scan {
    /// Granted interfaces that it imports, in order.
    pub(crate) imports: Vec<String>,
    /// Whether it imports WASI.
    pub(crate) wasi: bool,
    /// How it runs.
    pub(crate) profile: Profile,
}

/// Read the structure and refuse what cannot be linked.
///
/// # Errors
/// [`ComponentError::Invalid`] with the place or the import.
pub(crate) fn scan(bytes: &[u8], manifest: &Manifest) -> Result<Scan, ComponentError> {
    let invalid = |text: String| Err(ComponentError::Invalid(text));
    let mut imports = Vec::new();
    let mut wasi = false;
    let mut memory: u64 = 0;
    let mut depth: usize = 0;
    let mut first = true;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => return invalid(format!("not a well-formed component: {error}")),
        };
        match payload {
            Payload::Version { encoding, .. } => {
                if std::mem::take(&mut first) && encoding != Encoding::Component {
                    return invalid("a core module, not a component: build it with `skep build`".to_owned());
                }
                depth += 1;
                if depth > NESTING_LIMIT {
                    return invalid(format!("modules and components nest more than {NESTING_LIMIT} deep"));
                }
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::MemorySection(section) => {
                for found in section {
                    let found =
                        found.map_err(|error| ComponentError::Invalid(format!("a bad memory: {error}")))?;
                    let page = found.page_size_log2.map_or(1 << 16, |log| 1_u64 << log.min(16));
                    memory = memory.saturating_add(found.initial.saturating_mul(page));
                }
            }
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    let import =
                        import.map_err(|error| ComponentError::Invalid(format!("a bad import: {error}")))?;
                    match known(import.name.name)? {
                        Import::Granted(name) => imports.push(name),
                        Import::AlwaysOn => {}
                        Import::Wasi => wasi = true,
                    }
                }
            }
            _ => {}
        }
    }
    let wanted = manifest.limits.memory_mib.map_or(0, |mebibytes| u64::from(mebibytes) << 20);
    let large = memory > SMALL_START || wanted > SMALL_MEMORY;
    Ok(Scan { imports, wasi, profile: if large { Profile::Large } else { Profile::Small } })
}

enum Import {
    Granted(String),
    AlwaysOn,
    Wasi,
}

fn known(import: &str) -> Result<Import, ComponentError> {
    let (path, version) = import.split_once('@').unwrap_or((import, ""));
    let (package, interface) = path.split_once('/').unwrap_or((path, ""));
    if package == "skep:plugin" {
        if version != ABI {
            return Err(ComponentError::OtherAbi { found: version.to_owned(), supported: ABI.to_owned() });
        }
        if ALWAYS_ON.contains(&interface) {
            return Ok(Import::AlwaysOn);
        }
        if GRANTED.contains(&interface) {
            return Ok(Import::Granted(interface.to_owned()));
        }
    } else if let Some(package) = package.strip_prefix("wasi:")
        && WASI.contains(&package)
        && version.starts_with("0.2.")
    {
        return Ok(Import::Wasi);
    }
    let import = domain::effect::bounded(import.to_owned(), 200);
    Err(ComponentError::Invalid(format!(
        "it imports {import:?}, which this host does not offer: skep:plugin/{{{}}}@{ABI} and WASI 0.2 ({}) are",
        GRANTED.join(", "),
        WASI.join(", "),
    )))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn imports_are_known_granted_or_refused_by_name() {
        assert!(matches!(known("skep:plugin/http@0.1.0").unwrap(), Import::Granted(name) if name == "http"));
        assert!(matches!(known("skep:plugin/clock@0.1.0").unwrap(), Import::AlwaysOn));
        assert!(matches!(known("wasi:cli/stdout@0.2.3").unwrap(), Import::Wasi));
        for import in ["wasi:http/types@0.2.3", "skep:plugin/shell@0.1.0", "wasi:cli/stdout@0.3.0", "env", ""]
        {
            let error = known(import).err().unwrap();
            assert!(error.to_string().contains(&format!("{import:?}")), "{error}");
        }
        let error = known("skep:plugin/http@0.2.0").err().unwrap();
        assert!(matches!(error, ComponentError::OtherAbi { found, .. } if found == "0.2.0"));
    }
}
