//! The custom section `skep:plugin`: found in a core module, taken out, put on top of a component.
//!
//! A host reads it without running or compiling anything and accepts exactly one in the whole binary.

use std::ops::Range;

use wasm_encoder::{ComponentSection as _, CustomSection, Encode as _};
use wasmparser::{Parser, Payload};

pub use domain::manifest::{SECTION as NAME, SECTION_LIMIT as LIMIT};

/// The magic number and version that every WebAssembly binary begins with.
const HEADER: usize = 8;

/// What can be wrong with the section.
#[derive(Debug, thiserror::Error)]
pub enum SectionError {
    /// Not WebAssembly.
    #[error("the compiled module is not valid WebAssembly: {0}")]
    Malformed(String),
    /// No section.
    #[error(
        "the module has no `{NAME}` section; is the crate's module marked #[skill], #[personality] or #[step]?"
    )]
    None,
    /// More than one.
    #[error(
        "the module has {0} `{NAME}` sections; a plugin crate has exactly one #[skill], #[personality] or #[step] module, and none comes from a dependency"
    )]
    Several(usize),
    /// Over the limit.
    #[error(
        "the `{NAME}` section has {0} bytes, at most {LIMIT} are allowed; shorten descriptions or split the plugin"
    )]
    TooLarge(usize),
    /// Not JSON, or not a manifest.
    #[error("the `{NAME}` section is not a plugin manifest: {0}; build with a matching skep-sdk")]
    NotAManifest(String),
}

/// Splits a core module into itself without the section, and the section's bytes.
pub fn take(module: &[u8]) -> Result<(Vec<u8>, Vec<u8>), SectionError> {
    let malformed = |error: wasmparser::BinaryReaderError| SectionError::Malformed(error.to_string());
    let mut rest =
        module.get(..HEADER).ok_or_else(|| SectionError::Malformed("it is truncated".into()))?.to_vec();
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(malformed)?;
        match &payload {
            Payload::Version { encoding: wasmparser::Encoding::Component, .. } => {
                return Err(SectionError::Malformed("it is a component already, not a core module".into()));
            }
            Payload::CustomSection(section) if section.name() == NAME => {
                found.push(section.data());
                continue;
            }
            _ => {}
        }
        // Entries inside the code section are payloads too; only whole sections are copied.
        if let Some((id, range)) = payload.as_section() {
            rest.push(id);
            bytes(module, range)?.encode(&mut rest);
        }
    }
    let section = match found.as_slice() {
        [] => return Err(SectionError::None),
        [one] => *one,
        several => return Err(SectionError::Several(several.len())),
    };
    check(section)?;
    Ok((rest, section.to_vec()))
}

fn bytes(module: &[u8], range: Range<u64>) -> Result<&[u8], SectionError> {
    let start = usize::try_from(range.start).unwrap_or(usize::MAX);
    let end = usize::try_from(range.end).unwrap_or(usize::MAX);
    module.get(start..end).ok_or_else(|| SectionError::Malformed("a section is truncated".into()))
}

/// The linker joins sections of one name, so two manifests arrive as one text with two values.
fn check(section: &[u8]) -> Result<(), SectionError> {
    if section.len() > LIMIT {
        return Err(SectionError::TooLarge(section.len()));
    }
    let mut values = 0;
    for value in serde_json::Deserializer::from_slice(section).into_iter::<serde_json::Value>() {
        value.map_err(|error| SectionError::NotAManifest(error.to_string()))?;
        values += 1;
    }
    match values {
        0 => Err(SectionError::NotAManifest("it is empty".into())),
        1 => Ok(()),
        several => Err(SectionError::Several(several)),
    }
}

/// Puts the section directly behind the component's header, where a reader finds it without reading the code.
pub fn hoist(component: &[u8], section: &[u8]) -> Result<Vec<u8>, SectionError> {
    let (header, rest) = component
        .split_at_checked(HEADER)
        .ok_or_else(|| SectionError::Malformed("the component is truncated".into()))?;
    let mut whole = Vec::with_capacity(component.len() + section.len() + 32);
    whole.extend_from_slice(header);
    CustomSection { name: NAME.into(), data: section.into() }.append_to_component(&mut whole);
    whole.extend_from_slice(rest);
    match count(&whole)? {
        1 => Ok(whole),
        several => Err(SectionError::Several(several)),
    }
}

/// How many such sections a binary has, those of nested modules and components included.
pub fn count(binary: &[u8]) -> Result<usize, SectionError> {
    let mut sections = 0;
    for payload in Parser::new(0).parse_all(binary) {
        let payload = payload.map_err(|error| SectionError::Malformed(error.to_string()))?;
        if matches!(&payload, Payload::CustomSection(section) if section.name() == NAME) {
            sections += 1;
        }
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn module(custom: &str) -> Vec<u8> {
        wat::parse_str(format!(
            r#"(module {custom} (memory (export "memory") 1) (func (export "f") (result i32) i32.const 7)
                (data (i32.const 0) "skep:plugin") (@custom "other" "kept"))"#
        ))
        .unwrap()
    }

    #[test]
    fn the_section_is_taken_out_and_everything_else_stays() {
        let (rest, section) = take(&module(r#"(@custom "skep:plugin" "{\"a\":1}")"#)).unwrap();
        assert_eq!(section, br#"{"a":1}"#);
        assert_eq!(rest, module(""), "the same bytes as without the section");
    }

    #[test]
    fn every_wrong_section_has_its_own_error() {
        let large = format!(r#"(@custom "skep:plugin" "\"{}\"")"#, "x".repeat(LIMIT));
        let two = r#"(@custom "skep:plugin" "{}") (@custom "skep:plugin" "{}")"#;
        for (custom, expected) in [
            ("", "marked #[skill]"),
            (two, "has 2 `skep:plugin` sections"),
            (r#"(@custom "skep:plugin" "{}{}")"#, "has 2 `skep:plugin` sections"),
            (large.as_str(), "has 262146 bytes, at most 262144"),
            (r#"(@custom "skep:plugin" "{oops")"#, "not a plugin manifest: key must be a string"),
            (r#"(@custom "skep:plugin" "")"#, "it is empty"),
        ] {
            let error = take(&module(custom)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_truncated_module_is_an_error_wherever_it_is_cut() {
        let whole = module(r#"(@custom "skep:plugin" "{}")"#);
        let accepted: Vec<usize> =
            (0..whole.len()).filter(|length| take(whole.get(..*length).unwrap()).is_ok()).collect();
        // Without its last section, `other` of 12 bytes, it is a module that is merely shorter.
        assert_eq!(accepted, [whole.len() - 12]);
        assert!(take(&whole).is_ok());
    }

    #[test]
    fn a_hoisted_section_is_the_first_and_only_one() {
        let component = wat::parse_str(r#"(component (core module))"#).unwrap();
        let whole = hoist(&component, b"{}").unwrap();
        let first = Parser::new(0).parse_all(&whole).nth(1).unwrap().unwrap();
        assert!(
            matches!(first, Payload::CustomSection(section) if section.name() == NAME && section.data() == b"{}")
        );
        assert_eq!(count(&whole).unwrap(), 1);
    }

    #[test]
    fn a_second_section_inside_a_nested_module_is_seen() {
        let component = wat::parse_str(r#"(component (core module (@custom "skep:plugin" "{}")))"#).unwrap();
        assert!(matches!(hoist(&component, b"{}"), Err(SectionError::Several(2))));
    }
}
