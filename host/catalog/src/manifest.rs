//! Reading the manifest out of a component's bytes, with every reason why a file is not a plugin.

mod rules;

use domain::manifest::{ABI, Manifest, SECTION, SECTION_LIMIT};
use serde::Deserialize;
use wasmparser::{Encoding, Parser, Payload};

/// Largest file. Components in other languages carry an interpreter of up to 40 MB.
pub const FILE_LIMIT: u64 = 50 << 20;

/// Why bytes are not a plugin of this host. Each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Larger than any plugin.
    #[error(
        "the file has {0} bytes, at most {FILE_LIMIT} are accepted; build it with optimization and without debug information"
    )]
    FileTooLarge(u64),
    /// No magic number.
    #[error("the file is not WebAssembly")]
    NotWasm,
    /// What a compiler gives.
    #[error("the file is a core module and not a component; run `skep build` on its crate")]
    CoreModule,
    /// Damaged.
    #[error("the file is truncated or damaged: {0}; copy or build it again")]
    Damaged(String),
    /// Not a plugin.
    #[error(
        "the component has no `{SECTION}` section, so it is not a plugin; build it with skep-sdk and `skep build`"
    )]
    NoSection,
    /// Which one counts would be anybody's guess.
    #[error(
        "the component has {0} `{SECTION}` sections and must have exactly one; build it again with `skep build`"
    )]
    SeveralSections(usize),
    /// Too much to list quickly.
    #[error(
        "the `{SECTION}` section has {0} bytes, at most {SECTION_LIMIT} are accepted; shorten descriptions or split the plugin"
    )]
    SectionTooLarge(usize),
    /// Checked before anything else in the manifest.
    #[error(
        "the component was built for skep:plugin {found}, this host speaks {ABI}; build it again with skep-sdk {ABI}, or use a host that speaks {found}"
    )]
    OtherAbi {
        /// The component's.
        found: String,
    },
    /// Not JSON, or of another shape.
    #[error("the manifest cannot be read: {0}")]
    Malformed(String),
    /// A rule of the domain.
    #[error("the manifest is not valid: {0}")]
    Invalid(String),
}

/// The part that decides how the rest is read.
#[derive(Deserialize)]
struct AbiOnly {
    abi: String,
}

/// Read the manifest: exactly one section in the whole binary, nested modules and components included. Nothing is compiled.
///
/// # Errors
/// The first reason why the bytes are not a plugin.
pub fn read(bytes: &[u8]) -> Result<Manifest, ManifestError> {
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(ManifestError::FileTooLarge(bytes.len() as u64));
    }
    let section = section(bytes)?;
    let malformed = |error: serde_json::Error| ManifestError::Malformed(error.to_string());
    let AbiOnly { abi } = serde_json::from_slice(section).map_err(malformed)?;
    if abi != ABI {
        return Err(ManifestError::OtherAbi { found: domain::effect::bounded(abi, 40) });
    }
    let manifest = serde_json::from_slice(section).map_err(malformed)?;
    rules::check(&manifest).map_err(ManifestError::Invalid)?;
    Ok(manifest)
}

fn section(bytes: &[u8]) -> Result<&[u8], ManifestError> {
    if !bytes.starts_with(b"\0asm") {
        return Err(if b"\0asm".starts_with(bytes) {
            ManifestError::Damaged("it ends in its first bytes".into())
        } else {
            ManifestError::NotWasm
        });
    }
    let mut found = Vec::new();
    let mut top = true;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| ManifestError::Damaged(error.to_string()))? {
            Payload::Version { encoding: Encoding::Module, .. } if top => {
                return Err(ManifestError::CoreModule);
            }
            Payload::Version { .. } => top = false,
            Payload::CustomSection(section) if section.name() == SECTION => found.push(section.data()),
            _ => {}
        }
    }
    match found.as_slice() {
        [] => Err(ManifestError::NoSection),
        [one] if one.len() > SECTION_LIMIT => Err(ManifestError::SectionTooLarge(one.len())),
        [one] => Ok(one),
        several => Err(ManifestError::SeveralSections(several.len())),
    }
}

#[cfg(test)]
mod tests;
