//! Packages that come as bytes: a component, a zip with `SKILL.md`, `plugin.wasm` or both, or a `SKILL.md` alone.
//!
//! An archive is read entry by entry under running caps and nothing of it is written anywhere. What a package brings besides the two files
//! is inert: it is counted and forgotten.

mod archive;
mod document;

use crate::manifest;
use app::ports::packages::{BrokenPackage, Document, Unpacked};
use bytes::Bytes;
use domain::id::Digest;

/// The first bytes of a zip archive with at least one entry.
const ZIP: &[u8] = b"PK\x03\x04";

/// What the bytes are.
pub(crate) fn unpack(bytes: &Bytes) -> Result<Unpacked, BrokenPackage> {
    let broken =
        |reason: String| BrokenPackage { path: "(upload)".into(), digest: Some(Digest::of(bytes)), reason };
    if bytes.is_empty() {
        return Err(broken("the package is empty; send a component or a zip archive".to_owned()));
    }
    if bytes.starts_with(b"---\n") || bytes.starts_with(b"---\r\n") {
        let document = document::parse(bytes).map_err(|reason| broken(format!("SKILL.md: {reason}")))?;
        return Ok(Unpacked { component: None, document: Some(document) });
    }
    if !bytes.starts_with(ZIP) {
        let manifest = manifest::read(bytes).map_err(|error| {
            broken(match error {
                manifest::ManifestError::NotWasm => {
                    "the package is neither WebAssembly nor a zip archive nor a SKILL.md".to_owned()
                }
                error => error.to_string(),
            })
        })?;
        return Ok(Unpacked { component: Some((bytes.clone(), manifest)), document: None });
    }
    let files = archive::read(bytes).map_err(broken)?;
    let component = files
        .component
        .map(|component| {
            let manifest =
                manifest::read(&component).map_err(|error| broken(format!("plugin.wasm: {error}")))?;
            Ok((component, manifest))
        })
        .transpose()?;
    let document: Option<Document> = files
        .document
        .map(|text| document::parse(&text).map_err(|reason| broken(format!("SKILL.md: {reason}"))))
        .transpose()?;
    if let (Some((_, manifest)), Some(document)) = (&component, &document)
        && manifest.name != document.name
    {
        let (component, document) = (&manifest.name, &document.name);
        return Err(broken(format!(
            "SKILL.md names {document:?} and plugin.wasm {component:?}; both must be the same"
        )));
    }
    Ok(Unpacked { component, document })
}

#[cfg(test)]
mod tests;
